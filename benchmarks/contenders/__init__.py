"""Who is measured: slopenet first, then its peers, each in a file of its own."""

from benchmarks.contenders import jax, numpy, slopenet, torch
from benchmarks.contenders.contender import Contender

CONTENDERS: tuple[Contender, ...] = (
    slopenet.CONTENDER,
    jax.CONTENDER,
    torch.CONTENDER,
    numpy.CONTENDER,
)

__all__ = ["CONTENDERS", "Contender"]

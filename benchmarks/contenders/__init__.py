"""The contenders: slopenet first, then its peers, one file each."""

from benchmarks.contenders import folx, hessquik, jax, jenn, numpy, slopenet, torch
from benchmarks.contenders.contender import Contender, Peer

CONTENDERS: tuple[Contender, ...] = (
    slopenet.CONTENDER,
    jax.CONTENDER,
    folx.CONTENDER,
    torch.CONTENDER,
    hessquik.CONTENDER,
    numpy.CONTENDER,
    jenn.CONTENDER,
)

__all__ = ["CONTENDERS", "Contender", "Peer"]

"""Who trains: slopenet first, then its peers, each in a file of its own."""

from benchmarks.training.contenders import jax, jenn, sklearn, slopenet, torch
from benchmarks.training.contenders.trainer import Trainer

TRAINERS: tuple[Trainer, ...] = (
    slopenet.TRAINER,
    jenn.TRAINER,
    torch.TRAINER,
    jax.TRAINER,
    sklearn.TRAINER,
)

__all__ = ["TRAINERS", "Trainer"]

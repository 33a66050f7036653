"""The contenders in training: slopenet first, then its peers, one file each."""

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

"""The samples and the learning rate of each step of an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.validate import arrays

# A cycle: the share of the steps in which the rate rises, and its first and last value, as shares
# of its peak.
_RISE, _FIRST, _LAST = 0.25, 0.04, 1e-4


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Settings that all optimisers by mini-batches share.

    Attributes
    ----------
    samples, batch_size : int
        The last batch of an epoch may be smaller.
    learning_rate : float or function
        η, or a function that gives it for an array of step numbers 1, 2, ...
    epochs : int
        The number over which the schedule runs.
    schedule : {"cycle", "cosine", "constant"}
        How a `learning_rate` that is a number changes from step to step. A ``"cycle"`` (Smith &
        Topin 2019) rises to it from a 25th along half a cosine, in a quarter of the steps, and
        falls to a 10,000th of it along another. A ``"cosine"`` falls from it to 0.
    replacement : bool
        Whether samples are drawn with replacement; otherwise an epoch visits every sample once.
    """

    samples: int
    batch_size: int
    learning_rate: float | Callable[[Floats], Any]
    epochs: int
    schedule: str = "cosine"
    replacement: bool = False

    @property
    def steps(self) -> int:
        """Number of steps per epoch."""
        return -(-self.samples // self.batch_size)

    def order(self, rng: np.random.Generator) -> Floats:
        """Draw the samples of an epoch."""
        if self.replacement:
            return rng.integers(self.samples, size=self.samples)
        return rng.permutation(self.samples)

    def rates(self, t: Floats) -> Floats:
        """Learning rates of the steps t = 1, 2, ..."""
        if callable(self.learning_rate):
            rates = self.learning_rate(t)
            return arrays.one_or_each("learning_rate(steps)", rates, t.shape, np.float64)
        if self.schedule == "constant":
            return np.full(t.shape, self.learning_rate)
        share = np.minimum(t - 1, self.epochs * self.steps) / (self.epochs * self.steps)
        if self.schedule == "cosine":
            return np.asarray(self.learning_rate * _half_cosine(share))
        up = _FIRST + (1 - _FIRST) * (1 - _half_cosine(share / _RISE))
        down = _LAST + (1 - _LAST) * _half_cosine((share - _RISE) / (1 - _RISE))
        return np.asarray(self.learning_rate * np.where(share < _RISE, up, down))


def _half_cosine(share: Floats) -> Floats:
    """Half a cosine that falls from 1 to 0 while `share` rises from 0 to 1."""
    return np.asarray(0.5 * (1 + np.cos(math.pi * share)))

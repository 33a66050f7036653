"""The course of a fit: errors after an epoch, on one scale from the first epoch to the last.

The cost that an optimiser lowers is not such a scale, because the weights of its terms are learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.training.objective.gradient import Costs

# Every one of the first epochs is measured, then one in so many where steps are cheap.
_FIRST, _EVERY = 3, 10

# The names of all errors: those of rows that are held out have a prefix.
PREFIX = "validation_"
NAMES = ("values", "slopes", f"{PREFIX}values", f"{PREFIX}slopes")

CostsOf: TypeAlias = Callable[[Floats, Data], Costs]


class Course:
    """RMS errors of values, over the deviation of the true ones, and of slopes, over their RMS.

    Both are pooled over the outputs.

    Parameters
    ----------
    costs : function of θ and Data
        Mean costs, with the same weights in every call.
    sets : dict of str to Data
        Rows in standard units. A key is the prefix of the names of their errors.
    cheap_steps : bool
        Whether a step costs little more than a measurement; then only one epoch in ten is measured.
    """

    def __init__(self, costs: CostsOf, sets: Mapping[str, Data], *, cheap_steps: bool) -> None:
        self._costs, self._sets = costs, sets
        self._every = _EVERY if cheap_steps else 1
        self._scales: dict[str, tuple[float, float]] = {}

    def due(self, epoch: int) -> bool:
        """Whether this epoch is to be measured."""
        return epoch <= _FIRST or epoch % self._every == 0

    def __call__(self, theta: Floats) -> dict[str, float]:
        """``values`` and, where any are known, ``slopes`` at θ, of each set of rows."""
        found = {}
        for prefix, rows in self._sets.items():
            if prefix not in self._scales:  # slopes of 0 have the cost of no slopes at all
                no_slopes = self._costs(0 * theta, rows).slope
                self._scales[prefix] = _cost_of_mean(rows) or 0.5, no_slopes
            values, slopes = self._scales[prefix]
            with np.errstate(over="ignore", invalid="ignore"):
                costs = self._costs(theta, rows)
                if not np.isnan(rows.y).all():
                    found[f"{prefix}values"] = float(np.sqrt(costs.value / values))
                if slopes > 0:
                    found[f"{prefix}slopes"] = float(np.sqrt(costs.slope / slopes))
        return found


def _cost_of_mean(rows: Data) -> float:
    """The cost of a network that gives the mean of the values; 0 if they are all the same."""
    weight = np.ones(rows.y.shape) if rows.value_weight is None else rows.value_weight
    if rows.sample_weight is not None:
        weight = weight * rows.sample_weight[:, None]
    weight = np.where(np.isnan(rows.y), 0.0, weight)
    y = np.nan_to_num(rows.y)
    mean = (weight * y).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    return float(0.5 * (weight * (y - mean) ** 2).sum() / len(rows))

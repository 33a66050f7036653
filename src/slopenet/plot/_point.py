"""The point of a profile, the ranges of its axes, and the data near it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.answers import answers
from slopenet.dataset.dataset import Data
from slopenet.dataset.ranges import ranges
from slopenet.evaluate.model import Model, slope_names
from slopenet.io.card import Range
from slopenet.validate import arrays, frames
from slopenet.validate.components import index_of

# Data farther from the line than so many ranges of the other inputs are not drawn, nor are more
# rows than so many.
FARTHEST, MOST_ROWS = 0.25, 40


@dataclass(frozen=True)
class Near:
    """Data near a line along one input: their rows, and how near they are, from 0 to 1."""

    rows: Floats
    nearness: Floats


def known_data(network: Model, data: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Data:
    """Return checked rows of a data frame, or of (X, y) or (X, y, dydx)."""
    names = frames.labels(data)
    if names is not None:
        slopes = set(slope_names(inputs, outputs)) & set(names)
        return answers(network, data, data, data if slopes else None)
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise TypeError(
            "data must be a data frame, (X, y) or (X, y, dydx),"
            f" got {type(data).__name__}{f' of {len(data)}' if hasattr(data, '__len__') else ''}"
        )
    return answers(network, *data)


def known_ranges(network: Any, data: Data | None) -> tuple[Range, ...]:
    """Return the ranges of the inputs in the training data or, where unknown, in `data`."""
    if network.card is not None:
        found: tuple[Range, ...] = network.card.inputs
        return found
    if data is None:
        raise ValueError(
            "this network does not know its training data: it has no card, which `fit` makes;"
            " give data, whose ranges the axes then have"
        )
    return ranges(data.X)


def point(at: Any, inputs: Sequence[str], known: Sequence[Range]) -> Floats:
    """Return the point (n_1,) of an array, or of names and numbers; medians for all others."""
    medians = np.array([each.quantiles[2] for each in known])
    if at is None or isinstance(at, Mapping):
        for name, number in (at or {}).items():
            medians[index_of("each name of at", name, inputs)] = float(number)
        x = medians
    else:
        x = arrays.points("at", at, len(inputs), np.float64, inputs)
    if x.shape != (len(inputs),):
        raise ValueError(f"at must be one point ({len(inputs)},), got {x.shape}")
    arrays.require_finite("at", x)
    return x


def axis(x: float, known: Range) -> tuple[float, float]:
    """Return the ends of the axis of an input: its range and the point, and a margin."""
    low, high = float(np.fmin(known.minimum, x)), float(np.fmax(known.maximum, x))
    margin = 0.08 * (high - low) or 0.1 * abs(x) or 1.0
    return low - margin, high + margin


def near(X: Floats, x: Floats, known: Sequence[Range], i: int) -> Near:
    """Return the rows of X near the line through x along input i."""
    scale = np.array([each.maximum - each.minimum for each in known])
    scale[~(scale > 0)] = 1.0
    away = (X - x) / scale
    away[:, i] = 0.0
    distance = np.sqrt((away**2).sum(axis=1))
    rows = np.argsort(distance, kind="stable")
    rows = rows[distance[rows] <= FARTHEST]
    if away.shape[1] > 1:  # on a single input, every row is on the line
        rows = rows[:MOST_ROWS]
    return Near(rows, 1 - distance[rows] / FARTHEST)

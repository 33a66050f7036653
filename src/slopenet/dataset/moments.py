"""Means, spreads and sizes of columns, summed over partitions of `Data` that each have samples.

Columns are divided by their largest entries before they are squared, so that nothing overflows.
"""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.dataset.partitions import Partitions, total

# A spread this small compared with the mean is the rounding noise of a constant.
_CONSTANT = 1e-13


def centre_and_spread(parts: Partitions, name: str) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column, without overflow; 0 spread for a constant.

    NaN is a missing value.
    """
    largest = np.max(list(parts.each(_largest_value, name)), axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    weight, summed = total(parts.each(_power_sum, name, unit, 0.0, 1))
    weight = np.where(weight > 0, weight, 1.0)
    mean = summed / weight
    _, squares = total(parts.each(_power_sum, name, unit, mean, 2))
    spread = np.sqrt(squares / weight)
    spread = np.where(spread > _CONSTANT * np.abs(mean), spread, 0.0) * unit
    return mean * unit, spread


def _largest_value(data: Data, name: str) -> Floats:
    x: Floats = getattr(data, name)
    return np.asarray(np.fmax.reduce(np.abs(x), axis=0, initial=0.0))


def _power_sum(
    data: Data, name: str, unit: Floats, mean: Floats | float, power: int
) -> tuple[Floats | float, Floats]:
    """Σ w and Σ w (x/unit - mean)^power over the samples."""
    u = (getattr(data, name) / unit - mean) ** power
    known = ~np.isnan(u)
    if not known.all():
        w = known if data.sample_weight is None else known * data.sample_weight[:, None]
        return w.sum(axis=0).astype(float), (w * np.where(known, u, 0.0)).sum(axis=0)
    if data.sample_weight is None:
        return float(len(data)), u.sum(axis=0)
    return float(data.sample_weight.sum()), (u * data.sample_weight[:, None]).sum(axis=0)


def few_known(parts: Partitions, least: int) -> Floats:
    """Whether, of each output, some values are unknown and fewer than `least` are known (n_L,)."""
    known, rows = total(parts.each(_known))
    return np.asarray((known < rows) & (known < least))


def _known(data: Data) -> tuple[Floats, int]:
    return np.count_nonzero(~np.isnan(data.y), axis=0), len(data)


def has(parts: Partitions, name: str) -> bool:
    """Whether there are such slopes, ``"dydx"`` or ``"dydv"``, in any part."""
    return any(list(parts.each(_has, name)))


def _has(data: Data, name: str) -> bool:
    return getattr(data, name) is not None


def root_mean_square(parts: Partitions, name: str, factor: Floats | float = 1.0) -> Floats:
    """Root mean square of known slopes · factor, per output; 0 if all are missing."""
    largest = np.max(list(parts.each(_largest_slope, name, factor)), axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    count, squares = total(parts.each(_slope_squares, name, factor, unit))
    return np.asarray(unit * np.sqrt(squares / np.where(count > 0, count, 1.0)))


def _slopes(data: Data, name: str, factor: Floats | float) -> Floats:
    """Slopes · factor (N, n_L, any), NaN where one is missing."""
    slopes = data.dydx if name == "dydx" else data.dydv
    if slopes is None:
        return np.full((*data.y.shape, 1), np.nan)
    with np.errstate(over="ignore"):
        return np.asarray((slopes if name == "dydx" else slopes.transpose(0, 2, 1)) * factor)


def _largest_slope(data: Data, name: str, factor: Floats | float) -> Floats:
    sizes = np.abs(_slopes(data, name, factor))
    return np.asarray(np.fmax.reduce(sizes, axis=(0, 2), initial=0.0))


def _slope_squares(
    data: Data, name: str, factor: Floats | float, unit: Floats
) -> tuple[Floats, Floats]:
    """Sum of the weights of known slopes, and Σ w (slope/unit)², per output."""
    squares = (_slopes(data, name, factor) / unit[:, None]) ** 2
    known = ~np.isnan(squares)
    squares[~known] = 0.0
    if data.sample_weight is None:
        return np.count_nonzero(known, axis=(0, 2)).astype(float), squares.sum(axis=(0, 2))
    known, squares = known.sum(axis=2), squares.sum(axis=2)
    return data.sample_weight @ known, data.sample_weight @ squares

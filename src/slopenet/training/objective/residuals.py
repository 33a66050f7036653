"""Mean squares of the residuals of a network's values and slopes."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.training.problem import MeanSquares

Sums = tuple[tuple[Floats, Floats], ...]


def mean_squares(data: Data, H: Floats, J: Floats) -> MeanSquares:
    """Compare H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1) with the known values and slopes."""
    return means(sums_of_squares(data, H, J))


def means(sums: Sums) -> MeanSquares:
    """From `sums_of_squares` over all samples."""
    return MeanSquares(*(_mean(*each) for each in sums))


def sums_of_squares(data: Data, H: Floats, J: Floats) -> Sums:
    """Weighted sums of squares and of weights: of values, of slopes, of slopes along directions."""
    weight = np.ones(len(data)) if data.sample_weight is None else data.sample_weight
    outputs, inputs = J.shape[1:]
    slopes = np.zeros((outputs, inputs)), np.zeros((outputs, inputs))
    along = np.zeros(outputs), np.zeros(outputs)
    if data.dydx is not None:
        slopes = _sums(J - data.dydx, weight)
    if data.directions is not None and data.dydv is not None:
        error = np.einsum("smi,ski->smk", data.directions, J) - data.dydv
        total, known = _sums(error, weight)
        along = total.sum(axis=0), known.sum(axis=0)
    if not np.isnan(data.y).any():
        values = weight @ (H - data.y) ** 2, np.full(outputs, weight.sum())
    else:
        values = _sums(H - data.y, weight)
    return values, slopes, along


def _sums(error: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Σ w error² and Σ w over the samples, without missing entries."""
    known = ~np.isnan(error)
    squares = np.where(known, error, 0.0) ** 2
    return np.tensordot(weight, squares, 1), np.tensordot(weight, known, 1)


def _mean(total: Floats, known: Floats) -> Floats:
    return np.divide(total, known, out=np.full_like(total, np.nan), where=known > 0)

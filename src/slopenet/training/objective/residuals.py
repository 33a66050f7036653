"""Mean squares of the residuals of a network's values and slopes."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.training.problem import MeanSquares


def mean_squares(data: Data, H: Floats, J: Floats) -> MeanSquares:
    """Compare H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1) with the known values and slopes."""
    weight = np.ones(len(data)) if data.sample_weight is None else data.sample_weight
    outputs, inputs = J.shape[1:]
    slopes, along = np.full((outputs, inputs), np.nan), np.full(outputs, np.nan)
    if data.dydx is not None:
        slopes = _mean(*_sums(J - data.dydx, weight))
    if data.directions is not None and data.dydv is not None:
        error = np.einsum("smi,ski->smk", data.directions, J) - data.dydv
        total, known = _sums(error, weight)
        along = _mean(total.sum(axis=0), known.sum(axis=0))
    if not np.isnan(data.y).any():
        return MeanSquares(weight @ (H - data.y) ** 2 / weight.sum(), slopes, along)
    return MeanSquares(_mean(*_sums(H - data.y, weight)), slopes, along)


def _sums(error: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Σ w error² and Σ w over the samples, without missing entries."""
    known = ~np.isnan(error)
    squares = np.where(known, error, 0.0) ** 2
    return np.tensordot(weight, squares, 1), np.tensordot(weight, known, 1)


def _mean(total: Floats, known: Floats) -> Floats:
    return np.divide(total, known, out=np.full_like(total, np.nan), where=known > 0)

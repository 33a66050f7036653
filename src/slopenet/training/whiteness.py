"""Whether a network misses its rows by noise alone: neighbours are then missed independently."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.network import Network

# The most inputs, and the fewest rows along each of them, between which detail shows.
_INPUTS, _ALONG, _LEAST = 3, 10, 100
# Each row is compared with so many that follow it: few show fine detail, many show faint detail.
_WINDOWS = (1, 4, 16, 64)
# Residuals of neighbours are related from so many standard deviations of their products on.
RELATED = 3.0


def dense(rows: int, inputs: int) -> bool:
    """Whether rows are near enough to their neighbours to tell noise from detail."""
    return inputs <= _INPUTS and rows >= max(_LEAST, _ALONG**inputs)


def related(network: Network, rows: Data) -> float | None:
    """The `relation` of the residuals of a network at rows; None if these are not dense."""
    if not dense(*rows.X.shape):
        return None
    H, J = network.value_and_jacobian(rows.X)
    missed = [rows.y - H]
    if rows.dydx is not None:
        missed.append((rows.dydx - J).reshape(len(H), -1))
    return relation(rows.X, np.concatenate(missed, axis=1))


def relation(X: Floats, residuals: Floats) -> float:
    """How clearly the residuals of neighbours are related, in standard deviations.

    Along a path from neighbour to neighbour, e_k times the sum of the next w residuals has the mean
    0 if they are independent, whatever their variances; and Σ_k of these products, over the root of
    the sum of their squares, is close to a standard normal number. This is the largest, over
    several w and all columns, and at least 0: it is large where a network cannot follow the data.
    Rows must be `dense`.

    Parameters
    ----------
    X : (N, n_1)
    residuals : (N, kinds)
        NaN where a target is missing.
    """
    e = np.nan_to_num(residuals[path(X)])
    sums = np.concatenate([np.zeros((1, e.shape[1])), np.cumsum(e, axis=0)])
    largest = 0.0
    for w in _WINDOWS:
        if len(e) <= 2 * w:
            break
        products = e[:-w] * (sums[1 + w :] - sums[1:-w])
        scale = np.sqrt(np.sum(products**2, axis=0))
        found = products.sum(axis=0) / np.where(scale > 0, scale, 1.0)
        largest = max(largest, float(found.max()))
    return largest


def path(X: Floats) -> Floats:
    """An order of the rows (N,) in which neighbours follow each other.

    Along the last input, in strips of the others that have as many rows across as along.
    """
    X = X[:, np.ptp(X, axis=0) > 0]
    rows, inputs = X.shape
    ranks = np.argsort(np.argsort(X, axis=0, kind="stable"), axis=0)
    strips = max(round(rows ** (1 / max(inputs, 1))), 1)
    keys = [ranks[:, j] * strips // rows for j in range(inputs - 1)]
    return np.lexsort([*ranks[:, -1:].T, *reversed(keys)]) if inputs else np.arange(rows)

"""Errors of a network against known values and slopes, for each quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slopenet.evaluate.derivatives import Derivatives

BLOCK_ENTRIES = 1 << 20
RELATIVE = "Values: over the standard deviation of the true ones. Slopes: over their RMS."


class Errors(NamedTuple):
    """Relative root-mean-square errors of a network on rows with known answers.

    Attributes
    ----------
    values : (n_L,)
        RMS error of each output over the standard deviation of its true values.
    slopes : (n_L, n_1)
        RMS error of each slope over the RMS of its true values, without missing ones; NaN if all
        are missing.
    """

    values: NDArray[np.float64]
    slopes: NDArray[np.float64]


def relative_errors(
    network: Derivatives,
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    dydx: NDArray[np.float64] | None = None,
) -> Errors:
    """Compare a network with known values and slopes.

    For a quantity that does not vary, the error is absolute.

    Parameters
    ----------
    network
        A network with n_1 inputs and n_L outputs.
    X : (N, n_1)
        Inputs.
    y : (N, n_L)
        True values.
    dydx : (N, n_L, n_1), optional
        True slopes, NaN where missing.
    """
    n_out, n_in = y.shape[1], X.shape[1]
    value_sum = np.zeros(n_out)
    slope_sum = np.zeros((n_out, n_in))
    for rows in row_blocks(len(X), n_out * (1 + n_in)):
        H, J = network.value_and_jacobian(X[rows])
        value_sum += np.sum((H - y[rows]) ** 2, axis=0)
        if dydx is not None:
            slope_sum += np.nansum((J - dydx[rows]) ** 2, axis=0)
    values = np.sqrt(value_sum / len(X)) / _nonzero(np.std(y, axis=0))
    if dydx is None:
        return Errors(values, np.full((n_out, n_in), np.nan))
    count = np.sum(~np.isnan(dydx), axis=0)
    with np.errstate(invalid="ignore"):
        error = np.sqrt(slope_sum / count)
        scale = np.sqrt(np.nansum(dydx**2, axis=0) / count)
    return Errors(values, error / _nonzero(scale))


def row_blocks(rows: int, entries_a_row: int) -> list[slice]:
    """Cut rows into blocks whose results fit in memory, for any number of rows."""
    step = block_rows(entries_a_row)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def block_rows(entries_a_row: int) -> int:
    """Return the number of rows of a block."""
    return max(1, BLOCK_ENTRIES // max(1, entries_a_row))


def _nonzero(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(scale == 0.0, 1.0, scale)

"""Errors of a network against known values and slopes, for each quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.evaluate.model import Model, column_names, slope_names

BLOCK_ENTRIES = 1 << 20
RELATIVE = "Values: over the standard deviation of the true ones. Slopes: over their RMS."


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of a network on rows with known answers; prints as a table.

    In the arrays (n_L, 1 + n_1), the first column is of the values, the others are of the slopes in
    each input. NaN is a value or slope that is known in no row.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Names.
    rmse : (n_L, 1 + n_1)
        Root mean squares of the errors.
    scale : (n_L, 1 + n_1)
        Standard deviations of the true values, root mean squares of the true slopes.
    largest : (n_L, 1 + n_1)
        Largest absolute errors.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rmse: Floats
    scale: Floats
    largest: Floats

    @property
    def relative(self) -> Floats:
        """`rmse` over `scale` (n_L, 1 + n_1); for a quantity that does not vary, `rmse`."""
        return self.rmse / np.where(self.scale == 0.0, 1.0, self.scale)

    @property
    def values(self) -> Floats:
        """Relative error of each output (n_L,)."""
        return self.relative[:, 0]

    @property
    def slopes(self) -> Floats:
        """Relative error of each slope (n_L, n_1)."""
        return self.relative[:, 1:]

    @property
    def r2(self) -> Floats:
        """R² of each output (n_L,): 1 less the square of its relative error."""
        return 1 - self.values**2

    def rows(self) -> dict[str, tuple[float, ...]]:
        """RMSE, relative RMSE, R² and largest error of each known quantity, by its name."""
        names = np.array([*self.outputs, *slope_names(self.inputs, self.outputs)], object)
        columns = (self.rmse, self.relative, 1 - self.relative**2, self.largest)
        numbers = np.stack([_values_first(column) for column in columns], axis=1)
        pairs = zip(names, numbers.tolist(), strict=True)
        return {name: tuple(row) for name, row in pairs if not np.isnan(row[0])}

    def frame(self) -> Any:
        """Return a pandas data frame: a row per quantity, columns rmse, relative, r2, largest."""
        import pandas as pd

        columns = ["rmse", "relative", "r2", "largest"]
        return pd.DataFrame.from_dict(self.rows(), orient="index", columns=columns)

    def __str__(self) -> str:
        cells = [(name, *(f"{x:.4g}" for x in row)) for name, row in self.rows().items()]
        lines = [("", "RMSE", "relative", "R²", "largest"), *cells]
        width = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = [
            (name.ljust(width[0]), *(x.rjust(n) for x, n in zip(row, width[1:], strict=True)))
            for name, *row in lines
        ]
        return "\n".join("  ".join(line) for line in aligned)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from slopenet.html import pages

        return pages.errors(self.rows())


def relative_errors(network: Model, X: Floats, y: Floats, dydx: Floats | None = None) -> Errors:
    """Compare a network with known values and slopes.

    Parameters
    ----------
    network
        A network, or an ensemble, with n_1 inputs and n_L outputs.
    X : (N, n_1)
        Inputs.
    y : (N, n_L)
        True values, NaN where unknown.
    dydx : (N, n_L, n_1), optional
        True slopes, NaN where missing.
    """
    n_out, n_in = y.shape[1], X.shape[1]
    value_sum, slope_sum = np.zeros(n_out), np.zeros((n_out, n_in))
    largest = np.full((n_out, 1 + n_in), np.nan)
    for rows in row_blocks(len(X), n_out * (1 + n_in)):
        H, J = network.value_and_jacobian(X[rows])
        missed = H - y[rows]
        value_sum += np.nansum(missed**2, axis=0)
        largest[:, 0] = np.fmax(largest[:, 0], np.fmax.reduce(np.abs(missed), axis=0))
        if dydx is not None:
            missed = J - dydx[rows]
            slope_sum += np.nansum(missed**2, axis=0)
            largest[:, 1:] = np.fmax(largest[:, 1:], np.fmax.reduce(np.abs(missed), axis=0))
    rmse, scale = np.full((2, n_out, 1 + n_in), np.nan)
    known = ~np.isnan(y)
    with np.errstate(invalid="ignore"):
        rmse[:, 0] = np.sqrt(value_sum / known.sum(axis=0))
    scale[:, 0] = np.std(y, axis=0)
    for k in np.flatnonzero(known.any(axis=0) & ~known.all(axis=0)):
        scale[k, 0] = np.std(y[known[:, k], k])
    if dydx is not None:
        count = np.sum(~np.isnan(dydx), axis=0)
        with np.errstate(invalid="ignore"):
            rmse[:, 1:] = np.sqrt(slope_sum / count)
            scale[:, 1:] = np.sqrt(np.nansum(dydx**2, axis=0) / count)
    return Errors(*column_names(network), rmse, scale, largest)


def row_blocks(rows: int, entries_a_row: int) -> list[slice]:
    """Cut rows into blocks whose results fit in memory, for any number of rows."""
    step = block_rows(entries_a_row)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def block_rows(entries_a_row: int) -> int:
    """Return the number of rows of a block."""
    return max(1, BLOCK_ENTRIES // max(1, entries_a_row))


def _values_first(x: Floats) -> Floats:
    """The entries of the values, then those of the slopes."""
    return np.concatenate([x[:, 0], x[:, 1:].ravel()])

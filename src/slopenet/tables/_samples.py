"""Training samples, selected from a table by column name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from os import PathLike
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ._categories import Coding
from ._reader import PLAIN, TableReader, open_table
from ._slopes import Slopes, lookalikes, refuse_lookalikes, slope_columns
from ._table import Form, TableError, column_positions, require_different


class Samples(NamedTuple):
    """Rows of a table as arrays for a network.

    Attributes
    ----------
    X : (N, n_1)
        The input columns.
    y : (N, n_L)
        The output columns, NaN where unknown.
    dydx : (N, n_L, n_1) or None
        The slope columns, NaN where missing; None if the table has no slope of these outputs.
    slopes : tuple of str
        The headings of the slope columns.
    inputs, outputs
        Names of the inputs and outputs: headings, with their units, or ``column=word``.
    unused
        The headings of all other columns.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    dydx: NDArray[np.float64] | None
    slopes: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def dydx_or_nan(self) -> NDArray[np.float64]:
        """The slopes as an array, all NaN if there are none."""
        if self.dydx is None:
            return np.full((*self.y.shape, self.X.shape[1]), np.nan)
        return self.dydx

    def rows(self, chosen: slice | NDArray[np.intp]) -> Self:
        """Return some of the rows."""
        dydx = None if self.dydx is None else self.dydx[chosen]
        return self._replace(X=self.X[chosen], y=self.y[chosen], dydx=dydx)


def read_samples(
    path: str | PathLike[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: Slopes = True,
    categories: Collection[str] = (),
    form: Form = PLAIN,
) -> Samples:
    """Read inputs, outputs and their slopes from a table, by column names.

    Parameters
    ----------
    path
        A CSV, Parquet or Excel file.
    inputs, outputs
        Column names, with or without their units.
    slopes
        Whether to look for slope columns ``d<output>/d<input>``, or a mapping from (output, input)
        to further columns.
    categories
        The inputs that are columns of words.
    form
        How a table of text is written.

    Raises
    ------
    TableError
        If an input or output column is missing, a value is not a finite number, nothing is known in
        a row, or a column only looks like a slope. Slopes may be missing, as cells or as whole
        columns; cells of outputs, if a slope or another output is known in the row.
    """
    with open_table(path, form) as table:
        return samples_of(table, inputs, outputs, slopes=slopes, categories=categories)


def samples_of(
    table: TableReader,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: Slopes = True,
    categories: Collection[str] = (),
    strict: bool = True,
) -> Samples:
    """Read samples from an open table; see `read_samples`.

    Unless `strict`, a column that looks like a slope but is not named like one is left unused.
    """
    path, names = table.path, table.names
    coding = Coding.of(path, names, inputs, categories)
    targets = tuple(names[at] for at in column_positions(path, names, outputs))
    require_different(path, [*coding.columns, *targets])
    numeric = [column for column in coding.columns if column not in coding.words]
    found = slope_columns(path, names, numeric, targets, slopes)
    used = {"", *coding.columns, *targets, *found}
    unused = tuple(name for name in names if name not in used)
    if strict and slopes is True:
        known = found.values()
        refuse_lookalikes(path, lookalikes(names, unused, numeric, targets, known))

    n_in, n_out = len(coding.columns), len(targets)
    may_miss = {*found, *targets} if found or n_out > 1 else frozenset(found)
    numbers = table.read([*coding.columns, *targets, *found], may_miss, coding.words)
    _require_knowledge(path, numbers[:, n_in:])
    X, y = coding.inputs(numbers[:, :n_in]), numbers[:, n_in : n_in + n_out]
    named = coding.names()
    dydx = None
    if found:
        dydx = np.full((*y.shape, len(named)), np.nan)
        for (output, input_), column in zip(
            found.values(), numbers[:, n_in + n_out :].T, strict=True
        ):
            dydx[:, targets.index(output), named.index(input_)] = column
    return Samples(X, np.ascontiguousarray(y), dydx, tuple(found), named, targets, unused)


def _require_knowledge(path: PathLike[str], known: NDArray[np.float64]) -> None:
    """Raise a TableError that names the first row without any known value or slope."""
    empty = np.isnan(known).all(axis=1)
    if empty.any():
        raise TableError(
            f"{path}, row {int(np.argmax(empty)) + 1} of the data: no output and no slope is known"
        )

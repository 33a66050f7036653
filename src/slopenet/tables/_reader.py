"""Read tables: training samples, selected from a file by column name."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ._csv import CsvReader
from ._parquet import MAGIC, ParquetReader
from ._table import TableError, bare, nearest, shown


class TableReader(Protocol):
    """An open table: its column names, and its numbers on demand."""

    @property
    def path(self) -> Path:
        """The name of the table in error messages."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        ...

    def read(self, wanted: Sequence[str], may_miss: Collection[str] = ()) -> NDArray[np.float64]:
        """Return the wanted columns, shape (rows, columns); missing values read as NaN."""
        ...


class Samples(NamedTuple):
    """Rows of a table as arrays for a network.

    Attributes
    ----------
    X : (N, n_1)
        The input columns.
    y : (N, n_L)
        The output columns.
    dydx : (N, n_L, n_1) or None
        The slope columns, NaN where missing; None if the table has no slope of these outputs.
    slopes : tuple of str
        The names of the slope columns.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    dydx: NDArray[np.float64] | None
    slopes: tuple[str, ...]

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


def slope_name(output: str, input_: str) -> str:
    """Return the column name of the slope of an output by an input, such as ``drho/dT``."""
    return f"d{output}/d{input_}"


def _refuse_near_slopes(
    table: TableReader, absent: Sequence[str], inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    """Raise TableError for a column whose name is close to that of a missing slope."""
    there = set(table.names)
    plain = {bare(name): name for name in absent}
    for name in there.difference(inputs, outputs):
        meant = plain.get(bare(name))
        parts = re.fullmatch("d(.+)/d(.+)", name)
        if parts and not meant and not there.issuperset(parts.groups()):
            output, input_ = nearest(parts[1], outputs), nearest(parts[2], inputs)
            meant = slope_name(output, input_) if output and input_ else None
        if meant and meant in absent:
            raise TableError(
                f"{table.path}: column {shown(name)} looks like a slope, but does not name an"
                f" output and an input (did you mean {shown(meant)}?); rename it, or leave all"
                " slopes out with --slopes none"
            )


@contextmanager
def open_table(path: str | PathLike[str]) -> Iterator[TableReader]:
    """Open a CSV or Parquet file; its content determines the format.

    Raises
    ------
    TableError
        If it is not a table, or its header is unusable.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    with path.open("rb") as file:
        start = file.peek(16)[:16]
        if start[8:10] == b'{"' and int.from_bytes(start[:8], "little") < path.stat().st_size:
            raise TableError(f"{path} is a model, not a table")
        yield ParquetReader(file, path) if start[:4] == MAGIC else CsvReader(file, path, start[:4])


def is_parquet(path: str | PathLike[str]) -> bool:
    """Return whether a path is a Parquet file, by its content; pipes are not read."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_columns(path: str | PathLike[str], names: Sequence[str]) -> NDArray[np.float64]:
    """Return columns of a CSV or Parquet file, shape (rows, columns), every value present.

    Raises
    ------
    TableError
        If a column is missing or a value is not a finite number; the message names the file, the
        line and the column.
    """
    with open_table(path) as table:
        return table.read(names)


def read_samples(
    path: str | PathLike[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: bool = True,
) -> Samples:
    """Read inputs, outputs and their slopes from a table, by column names.

    Parameters
    ----------
    path
        A CSV or Parquet file.
    inputs, outputs
        Column names.
    slopes
        Whether to look for slope columns ``d<output>/d<input>``.

    Raises
    ------
    TableError
        If an input or output column is missing, or a value is not a finite number. Slopes may be
        missing, as cells or as whole columns.
    """
    with open_table(path) as table:
        return samples_of(table, inputs, outputs, slopes=slopes)


def samples_of(
    table: TableReader, inputs: Sequence[str], outputs: Sequence[str], *, slopes: bool = True
) -> Samples:
    """Read samples from an open table; see `read_samples`."""
    pairs = {
        slope_name(output, input_): (k, i)
        for k, output in enumerate(outputs)
        for i, input_ in enumerate(inputs)
    }
    found = tuple(name for name in table.names if slopes and name in pairs)
    if slopes and set(table.names).issuperset([*inputs, *outputs]):
        _refuse_near_slopes(table, [name for name in pairs if name not in found], inputs, outputs)
    numbers = table.read([*inputs, *outputs, *found], may_miss=frozenset(found))
    n_in, n_out = len(inputs), len(outputs)
    dydx = None
    if found:
        dydx = np.full((len(numbers), n_out, n_in), np.nan)
        for name, column in zip(found, numbers[:, n_in + n_out :].T, strict=True):
            k, i = pairs[name]
            dydx[:, k, i] = column
    X, y = numbers[:, :n_in], numbers[:, n_in : n_in + n_out]
    return Samples(np.ascontiguousarray(X), np.ascontiguousarray(y), dydx, found)

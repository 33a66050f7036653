"""Read tables: training samples, selected from a file by column name."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from . import _excel
from ._categories import Coding
from ._csv import csv_reader
from ._parquet import MAGIC, ParquetReader
from ._slopes import Slopes, lookalikes, refuse_lookalikes, slope_columns
from ._table import Form, TableError, column_positions, require_different

STDIN = Path("-")
_PLAIN = Form()


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

    def read(
        self,
        wanted: Sequence[str],
        may_miss: Collection[str] = (),
        words: Mapping[str, dict[str, int]] = ...,
    ) -> NDArray[np.float64]:
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


@contextmanager
def open_table(path: str | PathLike[str], form: Form = _PLAIN) -> Iterator[TableReader]:
    """Open a CSV, Parquet or Excel file, or standard input for ``-``.

    Its content determines the format.

    Raises
    ------
    TableError
        If it is not a table, or its header is unusable.
    OSError
        If it cannot be opened.
    ImportError
        If the package for its format is not installed.
    """
    path = Path(path)
    if path == STDIN:
        yield _reader(_standard_input(), Path("standard input"), form)
        return
    with path.open("rb") as file:
        yield _reader(file, path, form)


def _standard_input() -> io.BufferedReader:
    if sys.stdin is None:
        raise TableError("standard input is closed")
    stream = sys.stdin.buffer
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[arg-type]


def _reader(file: io.BufferedReader, path: Path, form: Form) -> TableReader:
    start = file.peek(16)[:16]
    if _begins_a_model(start):
        raise TableError(f"{path} is a model, not a table")
    if start.startswith(MAGIC):
        return ParquetReader(file, path)
    if start.startswith(_excel.MAGIC):
        return _excel.excel_reader(file, path, form)
    return csv_reader(file, path, start, form)


def _begins_a_model(start: bytes) -> bool:
    """Return whether a file begins as safetensors: the length of its header, and JSON."""
    return start[4:10] == b'\0\0\0\0{"'


def is_model(path: str | PathLike[str]) -> bool:
    """Return whether a path is a model file, by its first bytes."""
    with Path(path).open("rb") as file:
        return _begins_a_model(file.read(16))


def is_parquet(path: str | PathLike[str]) -> bool:
    """Return whether a path is a Parquet file, by its content; pipes are not read."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_columns(
    path: str | PathLike[str], names: Sequence[str], form: Form = _PLAIN
) -> NDArray[np.float64]:
    """Return the inputs `names` from the columns of a table, (N, n_1), every value present.

    An input ``column=word`` is 1 where the column has that word, and 0 elsewhere.

    Raises
    ------
    TableError
        If a column is missing or a value is not a finite number; the message names the file, the
        line and the column.
    """
    with open_table(path, form) as table:
        return columns_of(table, names)


def columns_of(table: TableReader, names: Sequence[str]) -> NDArray[np.float64]:
    """Read columns from an open table; see `read_columns`."""
    coding = Coding.of(table.path, table.names, names)
    return coding.inputs(table.read(coding.columns, words=coding.words))


def read_samples(
    path: str | PathLike[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    slopes: Slopes = True,
    categories: Collection[str] = (),
    form: Form = _PLAIN,
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
        If an input or output column is missing, a value is not a finite number, or a column only
        looks like a slope. Slopes may be missing, as cells or as whole columns.
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

    numbers = table.read(
        [*coding.columns, *targets, *found], may_miss=frozenset(found), words=coding.words
    )
    n_in, n_out = len(coding.columns), len(targets)
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

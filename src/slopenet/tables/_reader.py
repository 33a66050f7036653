"""Open tables of every format, and read columns of them."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from . import _excel
from ._categories import Coding
from ._csv import csv_reader
from ._parquet import MAGIC, ParquetReader
from ._table import Form, TableError

STDIN = Path("-")
PLAIN = Form()


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


@contextmanager
def open_table(path: str | PathLike[str], form: Form = PLAIN) -> Iterator[TableReader]:
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
    path: str | PathLike[str], names: Sequence[str], form: Form = PLAIN
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

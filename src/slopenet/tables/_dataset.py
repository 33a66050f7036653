"""A data set in: one Parquet file or a folder of them, cut into runs of rows by sizes alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._parquet import MAGIC, ParquetReader
from ._table import TableError, column_positions

SUFFIXES = (".parquet", ".pq")


class Source(NamedTuple):
    """A Parquet file, and by what it is known again: its bytes, its rows, when it was written."""

    path: Path
    rows: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path, names: Sequence[str] = ()) -> Source:
        """Look at a file that should have columns of these names; of its rows none is read.

        Raises
        ------
        TableError
            If it is no sound Parquet file, or lacks a column.
        """
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise TableError(f"{path} is no Parquet file; rows are streamed from these alone.")
            reader = ParquetReader(file, path)
            column_positions(path, reader.names, names)
        status = path.stat()
        return cls(path, reader.rows, status.st_size, status.st_mtime_ns)


class Run(NamedTuple):
    """The rows `first` up to `last` of one file."""

    source: Source
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def blocks(self, names: Sequence[str], most: int) -> Iterator[NDArray[np.float64]]:
        """Yield columns, at most `most` rows at a time, every value present.

        Raises
        ------
        TableError
            As reading does, and if the file is no longer the one that was looked at.
        """
        path = self.source.path
        if Source.of(path) != self.source:
            raise TableError(f"{path} has changed since its rows were counted.")
        with path.open("rb") as file:
            reader = ParquetReader(file, path)
            yield from reader.blocks(names, first=self.first, last=self.last, most=most)


def sources(data: str | PathLike[str], names: Sequence[str] = ()) -> list[Source]:
    """Return a file, or the Parquet files in a folder and its subfolders in the order of names.

    Numbers in a name count as such: part.9 is before part.10. All files must have columns of the
    names given.

    What has a name that begins with a dot or an underscore, a folder too, is passed over, as by
    other readers of Parquet data sets.

    Raises
    ------
    TableError
        If there is none, one is damaged or lacks a column, or all of them together have no rows.
    """
    data = Path(data)
    inside = (path for path in data.rglob("*") if _counts(path, data))
    paths = [data] if data.is_file() else sorted(inside, key=_natural)
    if not paths:
        raise TableError(f"{data} holds no file that ends in {' or '.join(SUFFIXES)}.")
    found = [Source.of(path, names) for path in paths]
    if not any(source.rows for source in found):
        raise TableError(f"{data} has columns but no rows.")
    return found


def runs(found: Sequence[Source], most: int) -> list[Run]:
    """Cut the rows of every file into runs of `most`, the last one of a file being what is left."""
    return [
        Run(source, first, min(first + most, source.rows))
        for source in found
        for first in range(0, source.rows, most)
    ]


def _natural(path: Path) -> list[tuple[str, int]]:
    """Return what sorts names as people do: words, and the numbers behind them."""
    return [(word, int(digits or 0)) for word, digits in re.findall(r"(\D*)(\d*)", str(path))]


def _counts(path: Path, folder: Path) -> bool:
    """Tell whether a path in a folder is part of its data."""
    hidden = any(name[0] in "._" for name in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()

"""Read a data set: a Parquet file or a folder of them, cut into runs of rows by sizes alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._categories import Coding
from ._parquet import MAGIC, ParquetReader
from ._table import TableError

SUFFIXES = (".parquet", ".pq")


class Source(NamedTuple):
    """A Parquet file and its fingerprint: size in bytes, number of rows, time of writing."""

    path: Path
    rows: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path, names: Sequence[str] = ()) -> Source:
        """Inspect a file that should have columns of these names, without reading its rows.

        Raises
        ------
        TableError
            If it is not a valid Parquet file, or lacks a column.
        """
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise TableError(f"{path} is not a Parquet file; only these can be streamed")
            reader = ParquetReader(file, path)
            Coding.of(path, reader.names, names)
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
            As in reading, and if the file has changed since it was inspected.
        """
        path = self.source.path
        if Source.of(path) != self.source:
            raise TableError(f"{path} has changed since its rows were counted")
        with path.open("rb") as file:
            reader = ParquetReader(file, path)
            coding = Coding.of(path, reader.names, names)
            for block in reader.blocks(
                coding.columns, words=coding.words, first=self.first, last=self.last, most=most
            ):
                yield coding.inputs(block)


def sources(data: str | PathLike[str], names: Sequence[str] = ()) -> list[Source]:
    """Return a file, or the Parquet files in a folder and its subfolders, sorted by name.

    Numbers in names are compared as numbers: part.9 comes before part.10. All files must have
    columns of the given names.

    Files and folders whose name starts with a dot or an underscore are skipped, as in other readers
    of Parquet data sets.

    Raises
    ------
    TableError
        If there is no file or not a single row, or if a file is damaged or lacks a column.
    """
    data = Path(data)
    inside = (path for path in data.rglob("*") if _counts(path, data))
    paths = [data] if data.is_file() else sorted(inside, key=_natural)
    if not paths:
        raise TableError(f"{data} has no file that ends in {' or '.join(SUFFIXES)}")
    found = [Source.of(path, names) for path in paths]
    if not any(source.rows for source in found):
        raise TableError(f"{data} has columns but no rows")
    return found


def runs(found: Sequence[Source], most: int) -> list[Run]:
    """Cut the rows of every file into runs of `most`; the last run of a file may be shorter."""
    return [
        Run(source, first, min(first + most, source.rows))
        for source in found
        for first in range(0, source.rows, most)
    ]


def _natural(path: Path) -> list[tuple[str, int]]:
    """Return a key that sorts names as people do: words, and the numbers after them."""
    return [(word, int(digits or 0)) for word, digits in re.findall(r"(\D*)(\d*)", str(path))]


def _counts(path: Path, folder: Path) -> bool:
    """Return whether a path in a folder is part of its data."""
    hidden = any(name[0] in "._" for name in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()

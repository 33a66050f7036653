"""Write tables: a file is written completely or not at all, and an old file is never lost."""

import csv
import io
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from slopenet.io.files import replacing

from ._parquet import pyarrow
from ._table import TableError, checked_header

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".txt", "")


def refuse_same_file(output: str | PathLike[str], source: str | PathLike[str]) -> None:
    """Raise TableError if output is the input, a link to it, or in the input folder."""
    output, source = Path(output), Path(source)
    if source.is_dir() and source.resolve() in (output.resolve(), *output.resolve().parents):
        raise TableError(f"{output} is in the input folder; write to another one")
    if output.exists() and source.exists() and output.samefile(source):
        raise TableError(f"{output} is the input file; write to another one")


def write_table(
    path: str | PathLike[str] | BinaryIO,
    names: Sequence[str],
    blocks: Iterable[NDArray[np.float64]],
) -> None:
    """Write columns to a file, Parquet if it ends in .parquet or .pq, else CSV.

    CSV numbers have enough digits to read the same float64 back.

    Parameters
    ----------
    path
        Replaced only after all blocks are written. An open stream gets CSV.
    names
        Column names.
    blocks
        Rows, in pieces of shape (rows, columns), so that a long table need not fit in memory.

    Raises
    ------
    TableError
        If two names are equal, or the suffix belongs to another format.
    OSError
        If the file cannot be written, for example because the disk is full.
    ImportError
        If the file is Parquet and pyarrow is not installed.
    """
    if not isinstance(path, str | PathLike):
        _write_csv(path, checked_header(Path("the stream"), names), blocks)
        return
    path = Path(path)
    names = checked_header(path, names)
    suffix = path.suffix.lower()
    if suffix in PARQUET_SUFFIXES:
        pyarrow()
        write = _write_parquet
    elif suffix in CSV_SUFFIXES:
        write = _write_csv
    else:
        raise TableError(f"{path}: a table is written as .csv or .parquet, not {suffix}")
    with replacing(path) as file:
        write(file, names, blocks)


def _write_csv(file: BinaryIO, names: Sequence[str], blocks: Iterable[NDArray[np.float64]]) -> None:
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(names)
    file.write(header.getvalue().encode())
    for block in blocks:
        lines = [",".join(map(repr, row)) + "\n" for row in block.tolist()]
        file.write("".join(lines).encode())


def _write_parquet(
    file: BinaryIO, names: Sequence[str], blocks: Iterable[NDArray[np.float64]]
) -> None:
    arrow = pyarrow()
    schema = arrow.schema([(name, arrow.float64()) for name in names])
    # float64 numbers rarely repeat: dictionary encoding would take four times as long
    with arrow.parquet.ParquetWriter(file, schema, use_dictionary=False) as writer:
        for block in blocks:
            columns = [arrow.array(np.ascontiguousarray(column)) for column in block.T]
            writer.write_table(arrow.table(columns, schema=schema))

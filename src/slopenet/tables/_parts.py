"""Write a data set: a folder of part files, each written completely or not at all.

``_manifest.json`` records the model, data and columns of the parts. The same call resumes a run
that was killed: it keeps the existing parts and writes the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slopenet.io.files import replacing

from ._parquet import ParquetReader
from ._table import TableError
from ._writer import write_table

MANIFEST = "_manifest.json"
_TEMPORARY = ".slopenet-*.tmp"
_LARGEST = 1 << 28


def write_parts(
    folder: Path,
    names: Sequence[str],
    rows: Sequence[int],
    belongs: Mapping[str, Any],
    blocks: Callable[[int], Iterable[NDArray[np.float64]]],
) -> Iterator[tuple[int, bool]]:
    """Write the missing parts; yield the number of each part, and whether it existed already.

    Parameters
    ----------
    folder
        Created if it does not exist; its parent must exist.
    names
        Column names.
    rows
        The number of rows of each part.
    belongs
        JSON values that identify the run: parts of another run are refused.
    blocks
        Returns the rows of a part, given its number, in pieces of shape (rows, columns).

    Raises
    ------
    TableError
        If the folder has other files or parts of another run, or another process is writing to it.
    OSError
        If a part cannot be written, for example because the disk is full.
    """
    folder.mkdir(exist_ok=True)
    with _alone(folder):
        _claim(folder, belongs)
        for left in folder.glob(_TEMPORARY):  # of a process that was killed
            left.unlink()
        digits = max(5, len(str(len(rows) - 1)))
        for number, count in enumerate(rows):
            path = folder / f"part-{number:0{digits}}.parquet"
            there = _is_whole(path, names, count)
            if not there:
                write_table(path, names, blocks(number))
            yield number, there


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out, if the system has locks that end with their process."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TableError(f"{folder} is being written to by another process") from None
        yield
    finally:
        os.close(descriptor)


def _claim(folder: Path, belongs: Mapping[str, Any]) -> None:
    """Write the manifest, or compare it with the existing one."""
    path = folder / MANIFEST
    if not path.exists():
        other = next((file for file in folder.iterdir() if not file.match(_TEMPORARY)), None)
        if other is not None:
            raise TableError(
                f"{folder} holds {other.name} and no {MANIFEST}; parts go to a new or empty folder"
            )
        with replacing(path) as file:
            file.write(json.dumps(belongs, indent=1).encode() + b"\n")
        return
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError  # noqa: TRY301
        found = json.loads(path.read_bytes())
        differing = [key for key in belongs if found[key] != belongs[key]]
    except (ValueError, TypeError, KeyError):
        raise TableError(f"{path} is not a manifest of parts; write to another folder") from None
    if differing:
        raise TableError(
            f"{folder} holds parts of another run, which differs in its {' and '.join(differing)};"
            " write to another folder, or remove this one"
        )


def _is_whole(path: Path, names: Sequence[str], rows: int) -> bool:
    """Return whether a part exists with all its columns and rows."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            part = ParquetReader(file, path)
        except TableError:
            return False
        return part.names == tuple(names) and part.rows == rows

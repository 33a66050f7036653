"""Text files of numbers, as data from a stranger."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite

from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)

MOST_LAYERS = 1000


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of the file before the message of a ModelFileError."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)} {error}") from error


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a regular file."""
    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        return opened[0].read()


def lines(raw: bytes, *comments: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line, without comments, which begin with one of these; not empty."""
    for at, line in enumerate(io.BytesIO(raw), start=1):
        text = line.decode("utf-8", "replace")
        for comment in comments:
            text = text.partition(comment)[0]
        text = text.strip()
        if text:
            yield at, text


def number(at: int, word: str) -> float:
    """The finite number that a word of line `at` is."""
    require(_NUMBER.fullmatch(word) is not None, f"is damaged: line {at} has {word[:40]!r}")
    found = float(word)
    require(isfinite(found), f"is damaged: line {at} has a number out of range")
    return found

"""Files are written whole or not at all, and read only if they are what they are called."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` if all goes well, and vanishes otherwise.

    A symbolic link is followed, and stays; the permissions of an old file are kept. A device or a
    pipe has no content to protect, and is written to as it is.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    temporary = target.with_name(f".slopenet-{secrets.token_hex(8)}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    finally:
        # Once more, as a second Ctrl-C may have cut the first clean-up off.
        temporary.unlink(missing_ok=True)


@contextmanager
def regular(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int] | None]:
    """Yield an open file and its size, or None for anything but a regular file.

    Nothing blocks, a FIFO neither; what was opened decides, not what it is called.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            yield None
            return
        with open(descriptor, "rb", closefd=False) as file:
            yield file, status.st_size
    finally:
        os.close(descriptor)

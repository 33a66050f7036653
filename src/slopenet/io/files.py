"""Files are written whole or not at all, and read only if they are what they are called."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
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
            with _naming(path, temporary), temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            with _naming(path, temporary):
                if target.exists():
                    shutil.copymode(target, temporary)
                temporary.replace(target)
            _keep_names(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    finally:
        # Once more, as a second Ctrl-C may have cut the first clean-up off.
        temporary.unlink(missing_ok=True)


def _keep_names(folder: Path) -> None:
    """Have the folder's new entry outlive a power cut, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def require_writable(path: str | os.PathLike[str]) -> None:
    """Raise the OSError that `replacing` would meet, before the work whose result goes there."""
    if not Path(path).exists() or Path(path).is_file():
        with _naming(path, None), TemporaryFile(dir=Path(os.path.realpath(path)).parent):
            pass


@contextmanager
def _naming(path: str | os.PathLike[str], temporary: Path | None) -> Iterator[None]:
    """An OSError about a temporary file, or about no file at all, is about `path`."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if temporary is not None and named is not None and Path(named) != temporary:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


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

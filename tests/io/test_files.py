"""Files are written whole or not at all, and only regular files are read."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from model_files import (
    ACTIVATIONS,
    save,
)

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError


def test_missing_file_stays_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"net\.safetensors"):
        model_file.read(tmp_path / "net.safetensors")


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(ModelFileError, match="not a regular file"):
            model_file.read(path)
    with pytest.raises(ModelFileError, match="not a regular file"):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    os.mkfifo(path)
    program = "import sys; from slopenet.io import model_file; model_file.read(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "is not a regular file" in done.stderr
    with pytest.raises(ModelFileError, match="not a regular file"):
        save(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_symbolic_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "net-7.safetensors", tmp_path / "net.safetensors"
    link.symlink_to(target)
    save(link)
    assert link.is_symlink()
    assert not target.is_symlink()
    assert model_file.read(link).activations == ACTIVATIONS
    save(link, activations=[("sin", ()), ("sin", ())])
    assert model_file.read(target).activations == (("sin", ()), ("sin", ()))
    assert list((tmp_path / "folder").iterdir()) == [target]


def interrupt(*_: Any, **__: Any) -> None:
    signal.raise_signal(signal.SIGINT)


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("failure", "error"), [(interrupt, KeyboardInterrupt), (full_disk, OSError)]
)
def test_failed_write_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    failure: Callable[..., None],
    error: type[BaseException],
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    monkeypatch.setattr(os, function, failure)
    with pytest.raises(error):
        save(path, activations=[("sin", ()), ("sin", ())])
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    path.unlink()
    with pytest.raises(error):
        save(path)
    assert list(tmp_path.iterdir()) == []


def test_second_interrupt_leaves_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    unlink = os.unlink
    calls = []

    def interrupted(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            interrupt()
        unlink(*arguments, **options)

    monkeypatch.setattr(os, "fsync", interrupt)
    monkeypatch.setattr(os, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """A real limit on the file's size, which breaks the write off in the middle."""
    path = tmp_path / "net.safetensors"
    save(path)
    old = path.read_bytes()
    program = """
import resource, signal, sys
import numpy as np
from slopenet.io import model_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
try:
    model_file.write(
        sys.argv[1], [np.ones((2**14, 2))], [np.ones(2**14)], [("sin", ())], None, None
    )
except OSError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert repr(str(path)) in done.stdout
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "net.safetensors"
    with pytest.raises(FileNotFoundError) as caught:
        save(path)
    assert caught.value.filename == str(path)


def test_permissions_of_the_old_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o600)
    save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

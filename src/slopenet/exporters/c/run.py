"""An exported C file, compiled with the system's compiler and called."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from slopenet.exporters._task import RESULTS, Arrays, Task
from slopenet.exporters.c.source import SIGNATURES, Source

_FLAGS = ["-std=c99", "-O1", "-shared", "-fPIC"]
_SECONDS = 300


def compiler() -> list[str] | None:
    """The command of a C compiler: that of the environment's CC, or the first one there is."""
    given = shlex.split(os.environ.get("CC", ""))
    found = given or [name for name in ("cc", "gcc", "clang") if shutil.which(name)][:1]
    return found if found and shutil.which(found[0]) else None


def run(source: Source, task: Task, prefix: str, command: list[str]) -> Arrays:
    """The results of the functions at the task's inputs, after the file's own test.

    Raises
    ------
    ChildProcessError
        If the compiler fails, with the beginning of its output, or the file's own test.
    """
    with TemporaryDirectory() as folder:
        stem = Path(folder) / task.name
        Path(f"{stem}.h").write_text(source.header, encoding="utf-8")
        Path(f"{stem}.c").write_text(source.source, encoding="utf-8")
        built = build(command, _FLAGS, Path(folder), f"{task.name}.so", [f"{task.name}.c"])
        library = ctypes.CDLL(str(built))
    w = np.empty(source.workspace, task.dtype)
    verdict = library[f"{prefix}_self_test"](_pointer(w))
    if verdict:
        raise ChildProcessError(f"the self-test of the exported file fails with code {verdict}")
    return _called(library, task, prefix, w)


def build(
    command: list[str], flags: list[str], folder: Path, target: str, sources: Sequence[str]
) -> Path:
    """A shared library from C files of a folder.

    Raises
    ------
    ChildProcessError
        If the compiler fails, with the beginning of its output.
    """
    done = subprocess.run(  # noqa: S603
        [*command, *flags, "-o", f"{folder}/{target}", *(f"{folder}/{x}" for x in sources), "-lm"],
        capture_output=True, text=True, check=False, timeout=_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise ChildProcessError(f"{command[0]} failed: {' '.join(done.stderr.split())[:300]}")
    return folder / target


def _called(library: Any, task: Task, prefix: str, w: np.ndarray[Any, Any]) -> Arrays:
    kept = [RESULTS[name] for name in task.derivatives]
    got = {key: np.full(task.outputs[key].shape, np.nan, task.dtype) for key in kept}
    spare = {key: np.empty(array.shape[1:], task.dtype) for key, array in task.outputs.items()}
    for i in range(len(task.inputs["x"])):
        for name in task.derivatives:
            taken, given, _ = SIGNATURES[name]
            arrays = [task.inputs[key][i] for key in taken]
            arrays += [got[key][i] if key == RESULTS[name] else spare[key] for key in given]
            library[f"{prefix}_{name}"](*(_pointer(array) for array in (*arrays, w)))
    return got


def _pointer(array: np.ndarray[Any, Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)

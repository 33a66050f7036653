"""The library of an FMU, compiled and called through the functions of FMI."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.evaluate.agreement import largest_difference
from slopenet.exporters._task import OUTPUTS, Arrays, Task
from slopenet.exporters.c.run import build

_FLAGS = ["-std=c99", "-O2", "-shared", "-fPIC", "-fvisibility=hidden"]
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
_SUFFIXES = {"linux": ".so", "darwin": ".dylib"}


def place_of_library(fmi: int) -> tuple[str, str] | None:
    """The folder of this platform's libraries and their suffix, or None where FMI names none."""
    architecture = _ARCHITECTURES.get(platform.machine().lower())
    suffix = _SUFFIXES.get(sys.platform)
    if architecture is None or suffix is None:
        return None
    if fmi == 3:
        return f"{architecture}-{sys.platform}", suffix
    return (f"{sys.platform}64", suffix) if architecture == "x86_64" else None


def compiled(sources: Mapping[str, bytes], units: Sequence[str], command: list[str]) -> bytes:
    """The library made of the `units` of the sources; the other files are included by these."""
    with TemporaryDirectory() as folder:
        for name, content in sources.items():
            (Path(folder) / name).write_bytes(content)
        return build(command, _FLAGS, Path(folder), "fmu.so", units).read_bytes()


def run(library: bytes, task: Task, fmi: int, token: str) -> Arrays:
    """The results of the functions of FMI at the task's inputs.

    J is compared column by column and, in FMI 3, row by row; the worse one is returned.

    Raises
    ------
    ChildProcessError
        If a function fails.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder) / "fmu.so"
        place.write_bytes(library)
        functions = ctypes.CDLL(str(place))
    instance = _Instance(functions, fmi, token, task.sizes)
    try:
        points = zip(*(task.inputs[key].astype(float) for key in "xvu"), strict=True)
        each = [instance.results(*point) for point in points]
    finally:
        instance.free()
    found = {key: np.stack([results[key] for results in each]) for key in each[0]}
    found["J"] = max(
        (found[key] for key in ("J", "J by rows") if key in found),
        key=lambda J: largest_difference(J, task.outputs["J"]),
    )
    return {OUTPUTS[name]: found[OUTPUTS[name]] for name in task.derivatives}


class _Instance:
    """An instance of the FMU for co-simulation, initialised."""

    def __init__(self, functions: Any, fmi: int, token: str, sizes: Sequence[int]) -> None:
        self._functions, self._fmi = functions, fmi
        n_1, n_L = sizes[0], sizes[-1]
        self._inputs = np.arange(1, n_1 + 1, dtype=np.uint32)
        self._outputs = np.arange(n_1 + 1, n_1 + n_L + 1, dtype=np.uint32)
        name, none, zero = b"slopenet", ctypes.c_void_p(None), ctypes.c_size_t(0)
        no, start, word = ctypes.c_int(0), ctypes.c_double(0.0), token.encode()
        if fmi == 2:
            instantiate = functions.fmi2Instantiate
            given = [name, ctypes.c_int(1), word, none, none, no, no]
        else:
            instantiate = functions.fmi3InstantiateCoSimulation
            given = [name, word, none, no, no, no, no, none, zero, none, none, none]
        instantiate.restype = ctypes.c_void_p
        self._pointer = ctypes.c_void_p(instantiate(*given))
        if self._pointer.value is None:
            raise ChildProcessError("the FMU cannot be instantiated: its self-test fails")
        settings = [no, start, start, no, start]
        if fmi == 2:
            self._call("SetupExperiment", *settings)
        self._call("EnterInitializationMode", *(settings if fmi == 3 else []))
        self._call("ExitInitializationMode")

    def results(self, x: Floats, v: Floats, u: Floats) -> Arrays:
        """y, J by columns and by rows, J v and Jᵀ u at one point."""
        inputs, outputs = self._inputs, self._outputs
        self._call("SetFloat64" if self._fmi == 3 else "SetReal", inputs, x)
        y = np.empty(len(outputs))
        self._call("GetFloat64" if self._fmi == 3 else "GetReal", outputs, y)
        columns = [self._product("Directional", outputs, [i], [1.0]) for i in inputs]
        found = {"y": y, "J": np.transpose(columns)}
        found["Jv"] = self._product("Directional", outputs, inputs, v)
        if self._fmi == 3:
            rows = [self._product("Adjoint", [k], inputs, [1.0]) for k in outputs]
            found["J by rows"] = np.array(rows)
            found["uJ"] = self._product("Adjoint", outputs, inputs, u)
        return found

    def free(self) -> None:
        """Free the instance."""
        free = self._functions[f"fmi{self._fmi}FreeInstance"]
        free.restype = None
        free(self._pointer)

    def _product(self, kind: str, unknowns: Any, knowns: Any, seed: Any) -> Floats:
        found = np.empty(len(unknowns if kind == "Directional" else knowns))
        references = [np.asarray(each, np.uint32) for each in (unknowns, knowns)]
        self._call(f"Get{kind}Derivative", *references, np.asarray(seed, float), found)
        return found

    def _call(self, name: str, *given: Any) -> None:
        """Call a function; an array becomes a pointer and a length, which values of FMI 2 lack."""
        arguments: list[Any] = []
        for each in given:
            if not isinstance(each, np.ndarray):
                arguments.append(each)
                continue
            arguments.append(ctypes.c_void_p(each.ctypes.data))
            if self._fmi == 3 or each.dtype == np.uint32:
                arguments.append(ctypes.c_size_t(len(each)))
        status = self._functions[f"fmi{self._fmi}{name}"](self._pointer, *arguments)
        if status:
            raise ChildProcessError(f"fmi{self._fmi}{name} of the exported FMU returns {status}")

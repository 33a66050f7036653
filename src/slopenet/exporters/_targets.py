"""The kinds of files that a network can be exported to.

An exporter is added in three places: its module, its row of `TARGETS`, its test. `Network.export`
and the command line read the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slopenet.exporters import _fortran, _python, c, fmu, onnx
from slopenet.exporters._task import OUTPUTS, Written


@dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes
    ----------
    title : str
        Name of the kind, for messages.
    write : callable
        Of a `Task` and of the options as keyword arguments; writes and runs the files.
    derivatives : tuple of str
        The functions that a file can have, names of `OUTPUTS`.
    options : tuple of str
        Options of `Network.export` that `write` takes; "std" adds functions to the task instead.
    dtypes : tuple of str
        Of the numbers in a file.
    """

    title: str
    write: Callable[..., Written]
    derivatives: tuple[str, ...] = tuple(OUTPUTS)
    options: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32")


TARGETS: dict[str, Target] = {
    ".c": Target("C99", c.write, options=("prefix", "casadi", "std")),
    ".onnx": Target("ONNX", onnx.write, derivatives=tuple(onnx.NAMES)),
    ".f90": Target(
        "Fortran 2008", _fortran.write, derivatives=_fortran.DERIVATIVES, options=("prefix",)
    ),
    ".py": Target("Python", _python.write, options=("std",)),
    ".fmu": Target("FMI", fmu.write, derivatives=fmu.DERIVATIVES, options=("prefix", "fmi")),
}
"""By the suffix of the file."""


def with_option(option: str) -> str:
    """Return the suffixes of the files that have an option, as a sentence lists them."""
    return _listed(suffix for suffix, target in TARGETS.items() if option in target.options)


def with_derivative(derivative: str) -> str:
    """Return the suffixes of the files that can have a derivative."""
    return _listed(suffix for suffix, target in TARGETS.items() if derivative in target.derivatives)


def _listed(suffixes: Iterable[str]) -> str:
    *most, last = suffixes
    return f"{', '.join(most)} and {last}" if most else last

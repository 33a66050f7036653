"""The network as C99: one source, one header; no heap, no files, no state."""

from __future__ import annotations

import re

import numpy as np

from slopenet.exporters._task import Task, Written
from slopenet.exporters.c.run import compiler, run
from slopenet.exporters.c.source import source
from slopenet.validate import settings

_INT = 2**31
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write(task: Task, *, prefix: str | None = None, casadi: bool = False) -> Written:
    """Write source and header, compile and run them where there is a compiler.

    Parameters
    ----------
    task : Task
    prefix : str, optional
        Of all symbols; the file's name unless given.
    casadi : bool
        Whether to add the functions that CasADi's `external` calls.
    """
    if any(sign in task.name for sign in '"\\\n\r'):
        raise ValueError(
            "a C file's name must have no quotation mark, backslash or line break, as it includes"
            f" its header by name; got {settings.short(task.name)}"
        )
    largest = task.sizes[-1] * task.sizes[0] ** (2 if "hessian" in task.derivatives else 1)
    if largest >= _INT:
        raise ValueError(
            f"an output of {largest} numbers has no index in C's int; leave 'hessian' out of"
            " derivatives"
        )
    symbol = symbol_prefix(task.name, prefix)
    if casadi and task.dtype != np.float64:
        raise ValueError(
            f"CasADi computes in float64; export with dtype='float64', not {task.dtype}"
        )
    if casadi and "jacobian" not in task.derivatives:
        raise ValueError("casadi needs 'jacobian' among derivatives, for the jac_ function")
    text = source(task, symbol, casadi=casadi)
    files = {".c": text.source.encode(), ".h": text.header.encode()}
    command = compiler()
    if command is None:
        return Written(files, {}, "there is no C compiler; set CC to the command of one")
    return Written(files, run(text, task, symbol, command), command[0])


def symbol_prefix(name: str, given: str | None) -> str:
    """The prefix of all symbols: the one given, or one made of the file's name."""
    if given is None:
        symbol = re.sub(r"[^A-Za-z0-9_]", "_", name)
        return symbol if _IDENTIFIER.fullmatch(symbol) else f"net_{symbol}"
    if not _IDENTIFIER.fullmatch(str(given)):
        raise ValueError(
            f"prefix must be letters, digits and underscores, no digit first,"
            f" got {settings.short(given)}"
        )
    return given

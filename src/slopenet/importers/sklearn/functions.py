"""Functions that act on each number alone, such as a log target's, as parts of a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._expression import Expression, compose
from slopenet.importers._graph import After, Node
from slopenet.importers._lower import lowered
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._steps import sigma
from slopenet.maps.affine import refuse

_DOUBLE = np.dtype(np.float64)
_LN2, _LN10 = float(np.log(2)), float(np.log(10))
Spelling = Callable[[str, Expression], Expression]


def _unary(op: str) -> Spelling:
    return lambda where, z: compose(where, op, z)


def _times(op: str, factor: float) -> Spelling:
    return lambda where, z: compose(where, "Mul", compose(where, op, z), factor)


_KNOWN: dict[Any, Spelling] = {
    np.log: _unary("Log"),
    np.log1p: _unary("Log1p"),
    np.log2: _times("Log", 1 / _LN2),
    np.log10: _times("Log", 1 / _LN10),
    np.exp: _unary("Exp"),
    np.expm1: _unary("Expm1"),
    np.exp2: lambda where, z: compose(where, "Exp", compose(where, "Mul", z, _LN2)),
    np.cos: _unary("Cos"),
    np.abs: _unary("Abs"),
    np.absolute: _unary("Abs"),
    np.negative: _unary("Neg"),
}
# Bases of powers that a function of the user may be.
_BASES = {10.0: _LN10, 2.0: _LN2}


def function_of(where: str, function: Any, settings: Any, x: Node) -> Node:
    """A function of each number of a value: one of NumPy's, or one with an activation's values.

    Raises
    ------
    UnsupportedNetworkError
        If it is none of those.
    """
    if function is None:
        return x
    if not settings and not isinstance(function, str) and _is_known(function):
        z = Expression("z")
        return lowered(_KNOWN[function](where, z), z, x, _DOUBLE, {})

    def values(z: Floats) -> Floats:
        found = np.asarray(function(z[:, None], **(settings or {})), np.float64)
        return found.ravel() if found.shape == (len(z), 1) else np.empty(0)

    try:
        spec = activation_of_library(values)
        base = None if spec is not None else _base_of(values)
    except Exception:  # a function of the user may raise anything
        spec = base = None
    if base is not None:
        z = Expression("z")
        power = compose(where, "Exp", compose(where, "Mul", z, _BASES[base]))
        return lowered(power, z, x, _DOUBLE, {})
    if spec is None:
        name = getattr(function, "__name__", function)
        refuse(where, f"its function {str(name)[:80]!r} is none that slopenet knows")
    return After(x, sigma(where, spec))


def _is_known(function: Any) -> bool:
    try:
        return function in _KNOWN
    except TypeError:  # not hashable
        return False


def _base_of(values: Callable[[Floats], Floats]) -> float | None:
    """The base of a power that a function has the values of."""
    z = np.linspace(-9, 9, 41)
    got = values(z)
    for base in _BASES:
        if got.shape == z.shape and np.allclose(got, base**z, rtol=1e-12, atol=0):
            return base
    return None

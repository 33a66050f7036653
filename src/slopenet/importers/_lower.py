"""Expressions of one number as a part of a graph: a sum of activations is a sum of values there."""

from __future__ import annotations

import math

import numpy as np

from slopenet.importers._expression import Expression, bottlenecks
from slopenet.importers._graph import After, Node, total
from slopenet.importers._pieces import piece
from slopenet.importers._piecewise import as_relus, pieces
from slopenet.importers._steps import sigma
from slopenet.maps.affine import UnsupportedNetworkError, affine

Made = dict[tuple[int, int], Node]


def lowered(f: Expression, z: Expression, node: Node, dtype: np.dtype, made: Made) -> Node:
    """The value f, where z is `node`.

    Parameters
    ----------
    f, z : Expression
    node : Node
    dtype : {float64, float32}
        Of which f has the digits.
    made : dict
        What was made before of the same z, so that nothing is made twice.

    Raises
    ------
    UnsupportedNetworkError
        If a part of f is neither an activation nor a sum of such, which is named.
    """
    if f is z:
        return node
    key = (id(f), id(z))
    if key in made:
        return made[key]
    narrow = bottlenecks(f, z)
    at = 0
    while at < len(narrow) - 1:
        found = piece(narrow, at, dtype)
        limits = None if found and found[0] >= at + 2 else _clip(narrow[at : at + 3])
        if limits is not None:
            node = _clipped(narrow[at + 2].where, node, *limits)
            at += 2
        elif found is None:
            node = _sum(narrow[at + 1], narrow[at], node, dtype, made)
            at += 1
        else:
            at, steps = found
            if (id(narrow[at]), id(z)) in made:
                node = made[id(narrow[at]), id(z)]
                continue
            for step in steps:
                node = After(node, step)
        made[id(narrow[at]), id(z)] = node
    return node


def _sum(  # noqa: PLR0911
    f: Expression, z: Expression, node: Node, dtype: np.dtype, made: Made
) -> Node:
    """An expression that is a sum of others of z, or a kink that is one of relu."""
    where = f.where

    def value(part: Expression) -> Node:
        return lowered(part, z, node, dtype, made)

    def relu(x: Node) -> Node:
        return After(x, sigma(where, "relu"))

    def shifted(x: Node, factor: float, offset: float) -> Node:
        return After(x, affine(where, factor, offset))

    match f.op, f.arguments:
        case "Add", (Expression() as a, Expression() as b):
            return total(where, [(1.0, value(a)), (1.0, value(b))])
        case "Sub", (Expression() as a, Expression() as b):
            return total(where, [(1.0, value(a)), (-1.0, value(b))])
        case "Max", (Expression() as a, float(c)) | (float(c), Expression() as a):
            return shifted(relu(shifted(value(a), 1.0, -c)), 1.0, c)
        case "Min", (Expression() as a, float(c)) | (float(c), Expression() as a):
            return shifted(relu(shifted(value(a), -1.0, c)), -1.0, c)
        case "Max" | "Min", (Expression() as a, Expression() as b):
            sign = 1.0 if f.op == "Max" else -1.0
            x, y = value(a), value(b)
            return total(where, [(1.0, x), (sign, relu(total(where, [(-sign, x), (sign, y)])))])
        case "Abs", (Expression() as a,):
            x = value(a)
            return total(where, [(1.0, relu(x)), (1.0, relu(shifted(x, -1.0, 0.0)))])
        case "Cos", (Expression() as a,):
            return After(shifted(value(a), 1.0, math.pi / 2), sigma(where, "sin"))
        case "Log1p", (Expression() as a,):
            return After(shifted(value(a), 1.0, 1.0), sigma(where, "log"))
        case "Expm1", (Expression() as a,):
            return shifted(After(value(a), sigma(where, "exp")), 1.0, -1.0)
        case "Pow", (float(c), Expression() as a) if c > 0:
            return After(shifted(value(a), math.log(c), 0.0), sigma(where, "exp"))
    found = pieces(f, z, dtype)
    if found is not None:
        return as_relus(where, node, *found)
    raise UnsupportedNetworkError(
        f"{where}: {f.op} here belongs to no activation that slopenet has"
    )


def _clip(narrow: list[Expression]) -> tuple[float, float] | None:
    """(low, high) where two pieces limit a number from below and above, in either order."""
    bounds: dict[str, float] = {}
    for piece_ in narrow[1:]:
        match piece_.op, piece_.arguments:
            case "relu", _:
                bounds["Max"] = 0.0
            case "Max" | "Min", (Expression(), float(c)) | (float(c), Expression()):
                bounds[piece_.op] = c
    if len(bounds) < 2 or bounds["Max"] > bounds["Min"]:
        return None
    return bounds["Max"], bounds["Min"]


def _clipped(where: str, x: Node, low: float, high: float) -> Node:
    """low + relu(x - low) - relu(x - high)."""
    relu = sigma(where, "relu")
    above, beyond = (After(After(x, affine(where, 1.0, -c)), relu) for c in (low, high))
    return total(where, [(1.0, above), (-1.0, beyond)], low)

"""The pieces of an expression: each an affine map of a number, or an activation.

z itself, and every node on all paths from z to the result, cut an expression into them.
"""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.activations import LayerActivation, normalise
from slopenet.importers._expression import (
    ARITHMETIC,
    Expression,
    bottlenecks,
    evaluated,
    line_of,
    nodes_of,
)
from slopenet.importers._recognise import activation_of
from slopenet.importers._steps import Sigma, Step, scaled, sigma
from slopenet.maps.affine import affine, refuse

_NARROWEST = 0.01  # a scale of z inside an activation; its inverse is the widest
_MOST_CUTS = 12  # pieces that one activation may consist of, each behind the other
_IDENTITY = normalise("identity")


def steps_of(expression: Expression, dtype: np.dtype) -> list[Step]:
    """Affine maps and activations that together are the expression, to the digits of `dtype`.

    Raises
    ------
    UnsupportedNetworkError
        If a piece of it is neither, which is named.
    """
    narrow = bottlenecks(expression)
    steps: list[Step] = []
    at = 0
    while at < len(narrow) - 1:
        found = piece(narrow, at, dtype)
        if found is None:
            part = narrow[at + 1]
            refuse(part.where, f"{part.op} here belongs to no activation that slopenet has")
        at, made = found
        steps += made
    return steps


def piece(narrow: list[Expression], at: int, dtype: np.dtype) -> tuple[int, list[Step]] | None:
    """The longest piece from narrow[at] on that is a map or an activation: its end, its steps."""
    for end in range(_farthest(narrow, at), at, -1):
        found = _known(narrow[end], narrow[at], dtype)
        if found is not None:
            return _with_lines_apart(narrow, at, end, found, dtype)
    return None


def _with_lines_apart(
    narrow: list[Expression], at: int, end: int, steps: list[Step], dtype: np.dtype
) -> tuple[int, list[Step]]:
    """A piece without the lines in its ends, where it is the same activation without them.

    The values of 0.999995 tanh(z) are those of tanh to the digits of float32, but the factor must
    not be lost.
    """
    found = _activations_of(steps)
    while end - at > 1 and len(found) == 1 and found[0] is not None:
        line = line_of(narrow[at + 1])
        if line is not None:
            behind = _known(narrow[end], narrow[at + 1], dtype)
            if found == [_IDENTITY] or _activations_of(behind) == found:
                return at + 1, [affine(narrow[at + 1].where, *line)]
        shorter = None
        if line_of(narrow[end]) is not None:
            shorter = _known(narrow[end - 1], narrow[at], dtype)
        if shorter is None or _activations_of(shorter) != found:
            break
        end, steps = end - 1, shorter
    return end, steps


def _activations_of(steps: list[Step] | None) -> list[LayerActivation | None]:
    """σ of each step, None for a map."""
    return [step.activation if isinstance(step, Sigma) else None for step in steps or ()]


def _farthest(narrow: list[Expression], at: int) -> int:
    """The last piece that an activation from `at` on may have: one node of the table in it."""
    end, whole = at, 0
    while end < min(len(narrow) - 1, at + _MOST_CUTS):
        piece = narrow[end + 1]
        whole += piece.op not in ARITHMETIC and piece.op != "line" and len(piece.arguments) == 1
        if whole > 1 and end > at:
            break
        end += 1
    return end


def _known(expression: Expression, z: Expression, dtype: np.dtype) -> list[Step] | None:
    """An expression of z that is a single affine map or activation."""
    where = expression.where
    if expression.arguments == (z,) and expression.op not in ARITHMETIC:
        return [sigma(where, expression.spec)]
    if expression.parts == [z]:
        line = line_of(expression)
        if line is not None:
            return [affine(where, *line)]
    nodes = nodes_of(expression, z)
    for k in (1.0, -1.0, *_scales(nodes, z)):
        if not _NARROWEST <= abs(k) <= 1 / _NARROWEST:
            continue

        def scaled_values(at: Floats, k: float = k) -> Floats:
            return np.asarray(k * evaluated(nodes, z, at.astype(np.float64) / k))

        spec = activation_of(scaled_values, dtype, far=True)
        if spec is not None:
            if k == 1:
                return [sigma(where, spec)]
            if isinstance(spec, str):
                return scaled(where, k, spec, 1 / k)

    def mirrored_values(at: Floats) -> Floats:
        return np.asarray(evaluated(nodes, z, -at.astype(np.float64)))

    mirrored = activation_of(mirrored_values, dtype, far=True)
    return None if mirrored is None else [affine(where, -1.0), sigma(where, mirrored)]


def _scales(nodes: list[Expression], z: Expression) -> list[float]:
    """Numbers that z is multiplied by."""
    found: dict[float, None] = {}
    for node in nodes:
        if z in node.parts:
            line = line_of(node)
            if line is not None:
                found[line[0]] = None
    return list(found)

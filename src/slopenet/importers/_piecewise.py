"""Functions of straight pieces, as sources spell them by comparisons, as sums of relu.

Exporters write soft shrinkage as Where(z > c, z - c, 0) + Where(z < -c, z + c, 0), or by Sign and
Abs. Where such a function bends is told by the constants in it; its pieces are found by its values.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from slopenet._types import Floats
from slopenet.importers._expression import Expression, constants_of, evaluated, nodes_of
from slopenet.importers._graph import After, Node, total
from slopenet.importers._recognise import TOLERANCE
from slopenet.importers._steps import sigma
from slopenet.maps.affine import affine

_MOST_BENDS = 16
_INSIDE = np.array([0.1, 0.4, 0.6, 0.9])
_BEYOND = np.array([1.0, 10.0, 1e3, 1e6])
_FAR = np.logspace(-6, 9, 301)
_POINTS = np.concatenate([-_FAR, np.linspace(-12, 12, 4801), _FAR])  # a bump between two bends?
_DIGITS = {np.dtype(np.float64): 12, np.dtype(np.float32): 6}


def pieces(
    f: Expression, z: Expression, dtype: np.dtype
) -> tuple[float, float, list[tuple[float, float]]] | None:
    """The pieces of f, or None if it has others than straight ones, or a jump.

    Returns
    -------
    c, k0 : float
    steps : list of (float, float)
        Of (t_i, k_i), so that f = c + k0 min(z - t_0, 0) + Σ k_i max(z - t_i, 0).
    """
    bends = sorted({sign * c for c in (0.0, *constants_of(f, z)) for sign in (1.0, -1.0)})
    if len(bends) > _MOST_BENDS:
        return None
    between = [[a, *(a + (b - a) * _INSIDE), b] for a, b in pairwise(bends)]
    ends = [[*(bends[0] - _BEYOND), bends[0]], [bends[-1], *(bends[-1] + _BEYOND)]]
    slopes = []
    for points in (ends[0], *between, ends[1]):
        x = np.array(points)
        with np.errstate(all="ignore"):
            y = _values(f, z, x)
            k = (y[-2] - y[1]) / (x[-2] - x[1])
            size = np.maximum(1, np.maximum(np.abs(x), np.abs(y)))
            straight = np.abs(y[1] + k * (x - x[1]) - y) <= TOLERANCE[dtype] * size
        if not straight.all():
            return None
        slopes.append(float(f"{k:.{_DIGITS[dtype]}g}") if abs(k) > TOLERANCE[dtype] else 0.0)
    found = [i for i in range(len(bends)) if slopes[i + 1] != slopes[i]]
    if not found:
        return None
    first = found[0]
    steps = [(bends[first], slopes[first + 1])]
    steps += [(bends[i], slopes[i + 1] - slopes[i]) for i in found[1:]]
    c, k0 = float(_values(f, z, np.array([bends[first]]))[0]), slopes[first]
    with np.errstate(all="ignore"):
        y, of_pieces = _values(f, z, _POINTS), _sum(_POINTS, c, k0, steps)
        size = np.maximum(1, np.maximum(np.abs(_POINTS), np.abs(y)))
        same = np.abs(of_pieces - y) <= TOLERANCE[dtype] * size
    return (c, k0, steps) if same.all() else None


def _values(f: Expression, z: Expression, at: Floats) -> Floats:
    found = evaluated(nodes_of(f, z), z, at)
    return np.broadcast_to(np.asarray(found, np.float64), at.shape)


def _sum(x: Floats, c: float, k0: float, steps: list[tuple[float, float]]) -> Floats:
    left = k0 * np.minimum(x - steps[0][0], 0)
    return np.asarray(c + left + sum(k * np.maximum(x - t, 0) for t, k in steps))


def as_relus(where: str, x: Node, c: float, k0: float, steps: list[tuple[float, float]]) -> Node:
    """The value of `pieces` at x."""

    def relu(sign: float, t: float) -> Node:
        return After(After(x, affine(where, sign, -sign * t)), sigma(where, "relu"))

    terms = [(-k0, relu(-1.0, steps[0][0]))] if k0 else []
    terms += [(k, relu(1.0, t)) for t, k in steps if k]
    return total(where, terms, c)

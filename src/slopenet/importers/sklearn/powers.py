"""PowerTransformer as layers of logarithms and exponentials.

Box-Cox: (x^λ - 1)/λ = (exp(λ log x) - 1)/λ, and log x where λ is 0. Yeo-Johnson is that of 1 + x
with λ where x >= 0, and minus that of 1 - x with 2 - λ below. With u = relu(x) and v = x - u it is
the one of 1 + u minus the other of 1 - v: one of them is 0, and at x = 0, where v has the slope 1,
value, slope and curvature are those of both pieces.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._graph import After, Node, total
from slopenet.importers._steps import sigma, sigmas
from slopenet.maps import transformers
from slopenet.maps.affine import affine, refuse

_ZERO = 1e-10  # λ of which (x^λ - 1)/λ has lost more digits than log x


def powered(where: str, transformer: Any, x: Node) -> Node:
    """The value of a fitted PowerTransformer."""
    exponents = _exponents(where, transformer)
    if transformer.method == "box-cox":
        y = _power(where, x, exponents)
    else:
        u, v = _halves(where, x)
        above = _power(where, After(u, affine(where, 1.0, 1.0)), exponents)
        below = _power(where, After(v, affine(where, -1.0, 1.0)), 2 - exponents)
        y = total(where, [(1.0, above), (-1.0, below)])
    if transformer.standardize:
        for step in transformers.transform(where, transformer._scaler):
            y = After(y, step)
    return y


def unpowered(where: str, transformer: Any, y: Node) -> Node:
    """The inverse of a fitted PowerTransformer."""
    exponents = _exponents(where, transformer)
    if transformer.standardize:
        for step in transformers.inverse(where, transformer._scaler):
            y = After(y, step)
    if transformer.method == "box-cox":
        return _root(where, y, exponents)
    u, v = _halves(where, y)
    below = _root(where, After(v, affine(where, -1.0)), 2 - exponents)
    return total(where, [(1.0, _root(where, u, exponents)), (-1.0, below)])


def _exponents(where: str, transformer: Any) -> Floats:
    if transformer.method not in ("box-cox", "yeo-johnson"):
        refuse(where, f"its method {str(transformer.method)[:80]!r} is unknown")
    return np.asarray(transformer.lambdas_, np.float64)


def _halves(where: str, x: Node) -> tuple[Node, Node]:
    """max(x, 0) and min(x, 0)."""
    u = After(x, sigma(where, "relu"))
    return u, total(where, [(1.0, x), (-1.0, u)])


def _power(where: str, p: Node, exponents: Floats) -> Node:
    """(p^λ - 1)/λ, or log p."""
    zero = np.abs(exponents) < _ZERO
    k = np.where(zero, 1.0, exponents)
    logs = After(After(p, sigma(where, "log")), affine(where, k))
    powers = After(logs, sigmas(where, ["identity" if each else "exp" for each in zero]))
    return After(powers, affine(where, 1 / k, np.where(zero, 0.0, -1 / k)))


def _root(where: str, y: Node, exponents: Floats) -> Node:
    """(λ y + 1)^(1/λ), or exp y: the p of which y is `_power`."""
    zero = np.abs(exponents) < _ZERO
    k = np.where(zero, 1.0, exponents)
    powers = After(y, affine(where, k, np.where(zero, 0.0, 1.0)))
    logs = After(powers, sigmas(where, ["identity" if each else "log" for each in zero]))
    return After(After(logs, affine(where, 1 / k)), sigma(where, "exp"))

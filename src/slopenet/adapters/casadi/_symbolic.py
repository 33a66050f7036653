"""σ of every activation in CasADi's symbols, written so that CasADi's derivatives are accurate.

CasADi differentiates formulas and does not accept σ' and σ''. Its rule for tanh, 1 - tanh², becomes
0 in the tails long before tanh' does; its rule for exp does not. So each σ is a sum, product or
quotient whose first and second derivatives add terms of one sign where they are small. Both
branches of a condition are evaluated, so neither may be NaN where the other is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import casadi as ca

from slopenet.activations import GELU_CUBIC, SELU_ALPHA, SELU_SCALE, Head, LayerActivation, Runs

# Φ by erf down to here, by Mills' ratio below, from as many terms of its continued fraction.
_MILLS, _TERMS = 3.0, 60
# Beyond it exp(-x²) and similar terms are 0; a larger x could overflow.
_FAR = 64.0


def _abs(z: Any) -> Any:
    return ca.if_else(z <= 0, -z, z)


def _max0(z: Any) -> Any:
    return ca.if_else(z <= 0, 0, z)


def _clip(z: Any, low: float, high: float) -> Any:
    return ca.fmin(ca.fmax(z, low), high)


def _bell(x: Any, c: float) -> Any:
    """exp(-c x²), whose exponent is cut in two so that the rounding of x² does not matter."""
    cut = ca.if_else(_abs(x) < 1, 0, ca.floor(16 * x) / 16)
    return ca.exp(-c * cut * cut) * ca.exp(-c * (x - cut) * (x + cut))


def _tanh(z: Any) -> Any:
    """By CasADi's tanh near 0, where tanh'' is small, by e = exp(-2|z|) in the tails."""
    y = _abs(z)
    far = -ca.expm1(-2 * y) / (1 + ca.exp(-2 * y))
    return ca.if_else(y < 1, ca.tanh(_clip(z, -1, 1)), ca.if_else(z <= 0, -far, far))


def _sigmoid(z: Any) -> Any:
    y = _abs(z)
    e = ca.exp(-y)
    near = 0.5 + 0.5 * ca.tanh(_clip(z, -2, 2) / 2)
    return ca.if_else(y < 2, near, ca.if_else(z <= 0, e / (1 + e), 1 / (1 + e)))


def _cdf(z: Any) -> Any:
    """Φ(z) = φ(x) M(x) with x = -z in the left tail, M(x) = 1/(x + 1/(x + 2/(x + 3/(x + ···))))."""
    x = _clip(-z, _MILLS, _FAR)
    below = x
    for k in range(_TERMS, 0, -1):
        below = x + k / below
    tail = _bell(x, 0.5) / (math.sqrt(2 * math.pi) * below)
    return ca.if_else(z < -_MILLS, tail, 0.5 * (1 + ca.erf(z / math.sqrt(2))))


def _elu(z: Any, alpha: float) -> Any:
    return ca.if_else(z <= 0, alpha * ca.expm1(ca.if_else(z <= 0, z, 0)), z)


def _softplus(z: Any, beta: float) -> Any:
    return _max0(z) + ca.log1p(ca.exp(-_abs(beta * z))) / beta


def _gelu_tanh(z: Any) -> Any:
    x = _clip(z, -_FAR, _FAR)
    return z * _sigmoid(2 * math.sqrt(2 / math.pi) * x * (1 + GELU_CUBIC * x * x))


def _mish(z: Any) -> Any:
    """z tanh(log(1 + exp z)) with e = exp(-|z|)."""
    e = ca.exp(-_abs(z))
    low = e * (e + 2)
    return z * ca.if_else(z <= 0, low / (low + 2), 1 - 2 * e * e / (2 * e * (e + 1) + 1))


def _softsign(z: Any) -> Any:
    y = _abs(z)
    far = 1 - 1 / (1 + y)
    return ca.if_else(y < 1, z / (1 + y), ca.if_else(z <= 0, -far, far))


_FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "identity": lambda z, _: z,
    "sigmoid": lambda z, _: _sigmoid(z),
    "tanh": lambda z, _: _tanh(z),
    "relu": lambda z, _: _max0(z),
    "leaky_relu": lambda z, p: ca.if_else(z <= 0, p * z, z),
    "elu": _elu,
    "selu": lambda z, _: SELU_SCALE * _elu(z, SELU_ALPHA),
    "softplus": _softplus,
    "silu": lambda z, _: z * _sigmoid(z),
    "gelu": lambda z, _: z * _cdf(z),
    "gelu_tanh": lambda z, _: _gelu_tanh(z),
    "mish": lambda z, _: _mish(z),
    "softsign": lambda z, _: _softsign(z),
    "sin": lambda z, _: ca.sin(z),
    "cos": lambda z, _: ca.cos(z),
    "clip": lambda z, p: ca.if_else(z <= p[0], p[0], ca.if_else(z <= p[1], z, p[1])),
    "gaussian": lambda z, _: _bell(_clip(z, -_FAR, _FAR), 1.0),
    "exp": lambda z, _: ca.exp(z),
    "log": lambda z, _: ca.log(z),
}


def sigma(spec: LayerActivation, z: Any) -> Any:
    """σ(z) of a layer, entry by entry; a point is a column of z.

    Raises
    ------
    NotImplementedError
        For an activation without a formula here.
    """
    if isinstance(spec, Runs):
        ends = accumulate(count for _, count in spec)
        parts = [
            sigma(each, z[end - count : end, :])
            for (each, count), end in zip(spec, ends, strict=True)
        ]
        return ca.vertcat(*parts)
    if isinstance(spec, Head):
        raise spec.refusal
    name, parameter = spec
    if name not in _FORMULAS:
        raise NotImplementedError(
            f"activation {name!r} has no symbolic form; use `callback`, or one of"
            f" {', '.join(sorted(_FORMULAS))}"
        )
    return _FORMULAS[name](z, parameter)

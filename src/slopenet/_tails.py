"""The last tail of σ, σ' and σ'' on JAX, whose XLA flushes subnormal numbers to zero.

Where exp(t) is subnormal, but factor · exp(t) is not, as of silu' at -709, the product is taken as
(exp(t + 64) · factor) · exp(-64). Every other term is below rounding there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

SHIFT = 64.0
_ROOT = math.sqrt(2 * math.pi)
Tail = tuple[Callable[..., Any], tuple[Callable[..., Any] | None, ...]]


def _mills(z: Any, terms: int) -> Any:
    """1 - 1/z² + 3/z⁴ - ..., with which -φ(z)/z is the normal distribution below zero."""
    total, term = 1.0, 1.0
    for k in range(1, terms):
        term = term * (1 - 2 * k) / (z * z)
        total = total + term
    return total


def _gelu_tanh(order: int) -> Callable[..., Any]:
    c, k = 2 * math.sqrt(2 / math.pi), 0.044715

    def factor(_: Any, z: Any, __: float) -> Any:
        v, w = c * (1 + 3 * k * z * z), 6 * c * k * z
        return (z, 1 + z * v, 2 * v + z * w + z * v * v)[order]

    return factor


_GATE = (lambda _, z, __: z, lambda _, z, __: 1 + z, lambda _, z, __: 2 + z)

# The exponent t(z, parameter), and the factors of σ, σ' and σ''; None where it has no such tail.
TAILS: dict[str, Tail] = {
    "silu": (lambda xp, z, _: xp.where(z < 0, z, 0 * z), _GATE),
    "mish": (lambda xp, z, _: xp.where(z < 0, z, 0 * z), _GATE),
    "gelu_tanh": (
        lambda xp, z, _: xp.where(
            z < 0, 2 * math.sqrt(2 / math.pi) * z * (1 + 0.044715 * z * z), 0 * z
        ),
        (_gelu_tanh(0), _gelu_tanh(1), _gelu_tanh(2)),
    ),
    "gelu": (
        lambda xp, z, _: xp.where(z < 0, -z * z / 2, 0 * z),
        (
            lambda _, z, __: -_mills(z, 7) / _ROOT,
            lambda _, z, __: (z - _mills(z, 5) / z) / _ROOT,
            lambda _, z, __: (2 - z * z) / _ROOT,
        ),
    ),
    "gaussian": (
        lambda _, z, __: -z * z,
        (None, lambda _, z, __: -2 * z, lambda _, z, __: 4 * z * z - 2),
    ),
    "tanh": (
        lambda xp, z, _: -2 * xp.abs(z),
        (None, lambda _, z, __: 4 + 0 * z, lambda xp, z, _: -8 * xp.sign(z)),
    ),
    "selu": (
        lambda xp, z, _: xp.where(z < 0, z, 0 * z),
        (None, *[lambda _, z, __: 1.0507009873554804934 * 1.6732632423543772848 + 0 * z] * 2),
    ),
    "elu": (
        lambda xp, z, _: xp.where(z < 0, z, 0 * z),
        (None, *[lambda _, z, p: p + 0 * z] * 2),
    ),
}


def kept(xp: Any, activation: tuple[str, Any], z: Any, order: int, usual: Any) -> Any:
    """σ of an order with the digits of its last tail, where `usual` is σ by its formula.

    Parameters
    ----------
    xp : the array namespace
    activation : its name and parameter
    z : array, real
    order : {0, 1, 2}
    usual : array
        σ, σ' or σ'' by the formula of the table.
    """
    name, parameter = activation
    exponent, factors = TAILS.get(name, (None, ()))
    factor = factors[order] if factors else None
    if exponent is None or factor is None or not xp.isdtype(z.dtype, "real floating"):
        return usual
    smallest = math.log(float(xp.finfo(z.dtype).smallest_normal))
    near = xp.clip(z, -2e3, 2e3)
    t = exponent(xp, near, parameter)
    here = (t < smallest + 8) & (t > smallest - SHIFT)
    inner = xp.where(here, z, -xp.ones_like(z))  # elsewhere a number whose derivatives are finite
    scaled = xp.exp(exponent(xp, inner, parameter) + SHIFT) * factor(xp, inner, parameter)
    return xp.where(here, scaled * math.exp(-SHIFT), usual)

"""Activations by their textbook definitions, and networks to evaluate the oracle on."""

from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import oracle
from mpmath import mp

PARAMETERS = {"leaky_relu": (0.2,), "elu": (1.7,), "softplus": (0.3,), "clip": (-0.6, 1.1)}

# The definitions of a textbook, which lose digits.
SELU = Fraction("1.0507009873554804934193349852946")
SELU_ALPHA = Fraction("1.6732632423543772848170429916717")


def real(number: Fraction) -> Any:
    return mpmath.mpf(number.numerator) / number.denominator


TEXTBOOK: dict[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": lambda z: (mp.exp(z) - mp.exp(-z)) / (mp.exp(z) + mp.exp(-z)),
    "relu": lambda z: max(z, mp.zero),
    "leaky_relu": lambda z, slope: z if z > 0 else slope * z,
    "elu": lambda z, alpha: z if z > 0 else alpha * (mp.exp(z) - 1),
    "selu": lambda z: real(SELU) * (z if z > 0 else real(SELU_ALPHA) * (mp.exp(z) - 1)),
    "softplus": lambda z, beta: mp.log(1 + mp.exp(beta * z)) / beta,
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "gelu": lambda z: z * (1 + mp.erf(z / mp.sqrt(2))) / 2,
    "gelu_tanh": lambda z: (
        z / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)))
    ),
    "mish": lambda z: z * mp.tanh(mp.log(1 + mp.exp(z))),
    "softsign": lambda z: z / (1 + abs(z)),
    "sin": mp.sin,
    "cos": mp.cos,
    "clip": lambda z, low, high: min(max(z, mp.mpf(low)), mp.mpf(high)),
    "gaussian": lambda z: mp.exp(-z * z),
    "exp": mp.exp,
    "log": mp.log,
}
NAMES = sorted(TEXTBOOK)


def network(
    sizes: tuple[int, ...], scale: float = 1.0, seed: int = 0
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = [scale * rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    biases = [scale * rng.normal(size=n) for n in sizes[1:]]
    return weights, biases, scale * rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])


def assert_same(one: oracle.Exact, other: oracle.Exact) -> None:
    """Each of them was rounded once: at most the last bit of a subnormal may be another."""
    for field in fields(oracle.Exact):
        for a, b in zip(getattr(one, field.name), getattr(other, field.name), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=2e-16, atol=5e-324)

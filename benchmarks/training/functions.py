"""Test functions and their slopes, over points (N, n), real or complex."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from slopenet.dataset.dataset import Data

Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Function:
    """Values (N,) and slopes (N, n) of points, on a box."""

    value: Callable[[Numbers], Numbers]
    slopes: Callable[[Numbers], Numbers]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def data(self, X: Numbers) -> Data:
        """Values and slopes at these points, as data to learn."""
        return Data(X, self.value(X)[:, None], self.slopes(X)[:, None])

    def sample(self, rows: int, rng: np.random.Generator) -> Data:
        """Uniformly random points."""
        return self.data(rng.uniform(self.lower, self.upper, (rows, len(self.lower))))

    def grid(self, levels: int) -> Data:
        """A grid with the given number of levels per input, both ends included."""
        axes = [np.linspace(a, b, levels) for a, b in zip(self.lower, self.upper, strict=True)]
        return self.data(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(axes)))


def _rosenbrock(X: Numbers) -> Numbers:
    x, y = X.T
    return np.asarray((1 - x) ** 2 + 100 * (y - x**2) ** 2)


def _rosenbrock_slopes(X: Numbers) -> Numbers:
    x, y = X.T
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=1)


def _rastrigin(X: Numbers) -> Numbers:
    return np.asarray((10 + X**2 - 10 * np.cos(2 * np.pi * X)).sum(axis=1))


def _rastrigin_slopes(X: Numbers) -> Numbers:
    return np.asarray(2 * X + 20 * np.pi * np.sin(2 * np.pi * X))


def _flow(X: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """2π T_u (H_u - H_l), ln(r/r_w), 2 L T_u / (ln(r/r_w) r_w² K_w), T_u/T_l."""
    r_w, r, T_u, H_u, T_l, H_l, L, K_w = X.T
    log = np.log(r / r_w)
    return 2 * np.pi * T_u * (H_u - H_l), log, 2 * L * T_u / (log * r_w**2 * K_w), T_u / T_l


def _borehole(X: Numbers) -> Numbers:
    top, log, leak, ratio = _flow(X)
    return np.asarray(top / (log * (1 + leak + ratio)))


def _borehole_slopes(X: Numbers) -> Numbers:
    r_w, r, T_u, H_u, T_l, H_l, L, K_w = X.T
    top, log, leak, ratio = _flow(X)
    total = 1 + leak + ratio
    value, drop = top / (log * total), top / (log * total**2)
    by_log = -value / log + drop * leak / log
    columns = [
        -by_log / r_w + 2 * drop * leak / r_w,
        by_log / r,
        value / T_u - drop * (leak + ratio) / T_u,
        value / (H_u - H_l),
        drop * ratio / T_l,
        -value / (H_u - H_l),
        -drop * leak / L,
        drop * leak / K_w,
    ]
    return np.stack(columns, axis=1)


def _mixed(X: Numbers) -> Numbers:
    a, b, c, d = X.T
    return np.asarray(np.sin(2 * a) + b**2 * c + 0.5 * np.exp(d))


def _mixed_slopes(X: Numbers) -> Numbers:
    a, b, c, d = X.T
    return np.stack([2 * np.cos(2 * a), 2 * b * c, b**2, 0.5 * np.exp(d)], axis=1)


ROSENBROCK = Function(_rosenbrock, _rosenbrock_slopes, (-np.pi,) * 2, (np.pi,) * 2)
RASTRIGIN = Function(_rastrigin, _rastrigin_slopes, (-1.0,) * 2, (1.5,) * 2)
SINE = Function(lambda X: np.sin(X[:, 0]), np.cos, (-np.pi,), (np.pi,))
BOREHOLE = Function(
    _borehole,
    _borehole_slopes,
    (0.05, 100.0, 63070.0, 990.0, 63.1, 700.0, 1120.0, 9855.0),
    (0.15, 50000.0, 115600.0, 1110.0, 116.0, 820.0, 1680.0, 12045.0),
)
"""Water through a borehole; inputs r_w, r, T_u, H_u, T_l, H_l, L, K_w in their usual ranges."""
MIXED = Function(_mixed, _mixed_slopes, (-1.0,) * 4, (1.0,) * 4)
"""A sine, a product and an exponential."""
FUNCTIONS = {
    "rosenbrock": ROSENBROCK,
    "rastrigin": RASTRIGIN,
    "sine": SINE,
    "borehole": BOREHOLE,
    "mixed": MIXED,
}

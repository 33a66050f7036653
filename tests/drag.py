"""Drag of a sphere over seven decades of the Reynolds number, and data like it."""

from __future__ import annotations

import numpy as np


def drag(R: np.ndarray) -> np.ndarray:
    return 24 / R + 6 / (1 + np.sqrt(R)) + 0.4


def slope(R: np.ndarray) -> np.ndarray:
    return -24 / R**2 - 3 / np.sqrt(R) / (1 + np.sqrt(R)) ** 2


def sphere(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, 1), y (n,) and dydx (n, 1)."""
    R = 10 ** np.random.default_rng(seed).uniform(-1, 6, n)
    return R[:, None], drag(R), slope(R)[:, None]


def mixed(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, 2), y (n, 2), dydx (n, 2, 2): one wide column of each, one output negative."""
    rng = np.random.default_rng(seed)
    a, b = 10 ** rng.uniform(-2, 4, n), rng.uniform(-1, 3, n)
    y = np.stack([-np.sqrt(a) * (1.5 + np.sin(b)) ** 3, np.log(a) * b], axis=1)
    first = [y[:, 0] / (2 * a), -np.sqrt(a) * 3 * (1.5 + np.sin(b)) ** 2 * np.cos(b)]
    second = [b / a, np.log(a)]
    dydx = np.stack([np.stack(first, axis=1), np.stack(second, axis=1)], axis=1)
    return np.stack([a, b], axis=1), y, dydx

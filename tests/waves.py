"""A smooth function of three inputs, with noise if wanted, and how well a network learned it."""

from __future__ import annotations

from typing import Any

import numpy as np


def wave(n: int, noise: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + noise * rng.normal(size=n)
    T = np.column_stack([np.cos(X[:, 0]), 0.5 * X[:, 2], 0.5 * X[:, 1]])
    return X, y, T


def missed(net: Any) -> float:
    X, y, _ = wave(1000, seed=9)
    return float(np.sqrt(np.mean((net(X)[:, 0] - y) ** 2)) / y.std())

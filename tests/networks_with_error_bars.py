"""Networks with every kind of posterior, of a function of two inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

import slopenet as sn

KINDS: dict[str, dict[str, Any]] = {
    "process": {"method": "kriging", "hidden": 64},
    "laplace": {"method": "lm", "hidden": (60,), "restarts": 1, "epochs": 60},
    "full": {"method": "lm", "hidden": (6,), "restarts": 1, "epochs": 60, "posterior": "full"},
}


def wave(X: np.ndarray) -> np.ndarray:
    return np.sin(2 * X[:, 0]) + X[:, 1] ** 2


def fitted(kind: str, *, slopes: bool = False, **more: Any) -> sn.Network:
    X = np.random.default_rng(1).uniform(-1, 1, (7, 2))
    dydx = np.stack([2 * np.cos(2 * X[:, 0]), 2 * X[:, 1]], axis=1) if slopes else None
    y = more.pop("y", wave(X))
    net = sn.fit(X, y, dydx, rng=0, **(KINDS[kind] | more)).network
    assert net.posterior is not None
    assert net.posterior.kind == kind
    return net

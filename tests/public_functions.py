"""The public functions that take arrays, each with one small network and its data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import slopenet as sn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 2))
Y = RNG.normal(size=5)
T = RNG.normal(size=(5, 2))
NET = sn.Network.random((2, 3, 1), rng=0, input_names=["a", "b"], output_names=["y"])
QUICK: dict[str, Any] = {"hidden": (3,), "epochs": 5, "rng": 0}


def fit(X: Any = X, y: Any = Y, dydx: Any = None, **settings: Any) -> sn.Fit:
    return sn.fit(X, y, dydx, **(QUICK | settings))


def sgd(X: Any, y: Any = Y, **settings: Any) -> sn.Descent:
    return sn.sgd(NET, X, y, **({"steps": 10, "rng": 0} | settings))


# Everything that takes X, as a function of X alone.
TAKES_X: dict[str, Callable[[Any], Any]] = {
    "call": NET,
    "jacobian": NET.jacobian,
    "value_and_jacobian": NET.value_and_jacobian,
    "jvp": lambda x: NET.jvp(x, [1.0, 2.0]),
    "vjp": lambda x: NET.vjp(x, [1.0]),
    "hessian": NET.hessian,
    "hvp": lambda x: NET.hvp(x, [1.0, 2.0]),
    "weighted_hessian": lambda x: NET.weighted_hessian(x, [1.0]),
    "laplacian": NET.laplacian,
    "value_jacobian_hessian": NET.value_jacobian_hessian,
    "value_jacobian_laplacian": NET.value_jacobian_laplacian,
    "derivation": NET.derivation,
    "backprop": lambda x: sn.backprop(NET, x, Y),
    "sgd": sgd,
    "check_derivatives": lambda x: sn.check_derivatives(NET, x),
    "fit": fit,
}
LEARNERS: dict[str, Callable[..., Any]] = {
    "fit": fit,
    "backprop": lambda *given: sn.backprop(NET, *given),
    "sgd": sgd,
}


def stored(x: np.ndarray, how: str) -> np.ndarray:
    """The numbers of x in other memory."""
    if how == "unaligned":
        other = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(x.shape)
        other[...] = x
        return other
    return {
        "float32": x.astype(np.float32),
        "byte-swapped": x.astype(">f8"),
        "Fortran": np.asfortranarray(x),
        "negative": x[::-1, ::-1].copy()[::-1, ::-1],
        "strided": np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
        "masked": np.ma.array(x),
        "subclass": x.view(type("Own", (np.ndarray,), {})),
    }[how]


STORED = [
    "float32", "byte-swapped", "Fortran", "negative", "strided", "unaligned", "masked", "subclass",
]  # fmt: skip

"""NumPy: the derivation by hand, as someone who knows NumPy would write it.

The shorter direction, each product with W one large matrix product over samples and rows of the
Jacobian, in blocks of samples that stay in cache, into arrays made once a call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import Floats, Problem
from benchmarks.contenders.contender import Call, Contender

BLOCK = 512


def _forward(weights: list[Floats], D: list[Floats]) -> Floats:
    """A' of every sample as (N, n_1, n_l): its rows are tangents."""
    tangents = weights[0].T * D[0][:, None, :]
    for W, d in zip(weights[1:-1], D[1:], strict=True):
        tangents = (tangents.reshape(-1, W.shape[1]) @ W.T).reshape(len(d), -1, W.shape[0])
        tangents *= d[:, None, :]
    return (tangents @ weights[-1].T).swapaxes(1, 2)


def _reverse(weights: list[Floats], D: list[Floats]) -> Floats:
    """Adjoints c of every sample, (N, n_L, n_l)."""
    adjoints: Floats = weights[-1]
    for W, d in zip(reversed(weights[:-1]), reversed(D), strict=True):
        G = adjoints * d[:, None, :]
        adjoints = (G.reshape(-1, W.shape[0]) @ W).reshape(len(d), -1, W.shape[1])
    return adjoints


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    weights, biases = problem.weights, problem.biases
    n_1, n_L = weights[0].shape[1], weights[-1].shape[0]
    slope = _forward if n_1 < n_L else _reverse

    def block(x: Floats) -> tuple[Floats, Floats]:
        a, D = x, list[Floats]()
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            a = np.tanh(a @ W.T + b)
            D.append(1 - a * a)
        return a @ weights[-1].T + biases[-1], slope(weights, D)

    def both() -> tuple[Any, ...]:
        X = np.atleast_2d(problem.X)
        H = np.empty((len(X), n_L), X.dtype)
        J = np.empty((len(X), n_L, n_1), X.dtype)
        for start in range(0, len(X), BLOCK):
            rows = slice(start, start + BLOCK)
            H[rows], J[rows] = block(X[rows])
        return (H[0], J[0]) if problem.single else (H, J)

    return {"": both}


CONTENDER = Contender("NumPy", "numpy", {"jacobian": jacobian})

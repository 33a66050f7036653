"""NumPy: the derivation written by hand, as an experienced user would.

Each product with W is one large matrix product over samples and directions. Samples are processed
in blocks that stay in cache, in arrays allocated once per call. The Jacobian is multiplied in the
cheaper direction; second derivatives are the closed forms Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ'') Z'[l] and
their traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.cases import Floats, Problem
from benchmarks.contenders.contender import Call, Contender

BLOCK = 512
NUMBERS = 2**18  # of one layer's Z' in a block


def _hidden(problem: Problem, x: Floats) -> tuple[Floats, list[Floats], list[Floats]]:
    """a[L-1], and a[l] and σ'(z[l]) of the hidden layers."""
    a, values, D = x, list[Floats](), list[Floats]()
    for W, b in zip(problem.weights[:-1], problem.biases[:-1], strict=True):
        a = a @ W.T
        a += b
        np.tanh(a, out=a)
        values.append(a)
        D.append(1 - a * a)
    return a, values, D


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

    def both() -> tuple[Any, ...]:
        X = np.atleast_2d(problem.X)
        H = np.empty((len(X), n_L), X.dtype)
        J = np.empty((len(X), n_L, n_1), X.dtype)
        for start in range(0, len(X), BLOCK):
            rows = slice(start, start + BLOCK)
            a, _, D = _hidden(problem, X[rows])
            H[rows], J[rows] = a @ weights[-1].T + biases[-1], slope(weights, D)
        return (H[0], J[0]) if problem.single else (H, J)

    return {"": both}


def _bends(problem: Problem, x: Floats) -> Iterator[tuple[Floats, Floats | None]]:
    """w[l]_k = c[l]_k ∘ σ'', (N, n_L, n_l), and Z'[l] as (N, n_1, n_l), None for Z'[2] = W[2]."""
    weights = problem.weights
    _, values, D = _hidden(problem, x)
    c: list[Floats] = [np.broadcast_to(weights[-1], (len(x), *weights[-1].shape))]
    for W, d in zip(reversed(weights[1:-1]), reversed(D[1:]), strict=True):
        G = c[0] * d[:, None, :]
        c.insert(0, (G.reshape(-1, W.shape[0]) @ W).reshape(len(x), -1, W.shape[1]))
    Z = None
    for i, (a, d, row) in enumerate(zip(values, D, c, strict=True)):
        if i:
            tangents = (weights[0].T if Z is None else Z) * D[i - 1][:, None, :]
            W = weights[i]
            Z = (tangents.reshape(-1, W.shape[1]) @ W.T).reshape(len(x), -1, W.shape[0])
        yield row * (-2 * a * d)[:, None, :], Z


def _in_blocks(problem: Problem, shape: tuple[int, ...], block: Callable[[Floats], Floats]) -> Call:
    """Turn a function of a few samples into a call on all of them."""
    X = problem.X
    size = max(1, NUMBERS // (X.shape[1] * max(W.shape[0] for W in problem.weights)))

    def call() -> tuple[Any, ...]:
        result = np.empty((len(X), *shape), X.dtype)
        for start in range(0, len(X), size):
            rows = slice(start, start + size)
            result[rows] = block(X[rows])
        return (result,)

    return call


def hessian(problem: Problem) -> dict[str, Call]:
    """∇²H; the products W[2]_ji W[2]_jm depend on the weights alone and are computed once."""
    first, n_L = problem.weights[0], problem.weights[-1].shape[0]
    n_1 = first.shape[1]
    products = (first[:, :, None] * first[:, None, :]).reshape(len(first), -1)

    def block(x: Floats) -> Floats:
        total = np.zeros((len(x), n_L, n_1, n_1), x.dtype)
        for w, Z in _bends(problem, x):
            if Z is None:
                total += (w.reshape(-1, len(first)) @ products).reshape(total.shape)
            else:
                total += (Z[:, None] * w[:, :, None, :]) @ Z[:, None].swapaxes(-1, -2)
        return total

    return {"": _in_blocks(problem, (n_L, n_1, n_1), block)}


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH; the squares of W[2] depend on the weights alone and are computed once."""
    squares_of_W = (problem.weights[0] ** 2).sum(1)
    n_L = problem.weights[-1].shape[0]

    def block(x: Floats) -> Floats:
        total = np.zeros((len(x), n_L), x.dtype)
        for w, Z in _bends(problem, x):
            if Z is None:
                total += w @ squares_of_W
            else:
                total += (w @ np.einsum("nij,nij->nj", Z, Z)[:, :, None])[..., 0]
        return total

    return {"": _in_blocks(problem, (n_L,), block)}


CONTENDER = Contender(
    "NumPy", "numpy", {"jacobian": jacobian, "hessian": hessian, "laplacian": laplacian}
)

"""Evaluate the derivation on arrays of torch, JAX and CuPy, in their own library and device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from slopenet import derivation, softmax
from slopenet._types import Floats
from slopenet.activations import Head, normalise
from slopenet.derivation import Chain
from slopenet.validate import arrays


def values(chain: Chain, x: Any) -> Any:
    """H(x)."""
    return derivation.forward(chain, x).a[-1]


def jacobian(chain: Chain, x: Any) -> Any:
    """∂H/∂x."""
    return value_and_jacobian(chain, x)[1]


def value_and_jacobian(chain: Chain, x: Any) -> tuple[Any, Any]:
    """H(x) and ∂H/∂x."""
    sweep = derivation.forward(chain, x)
    return sweep.a[-1], derivation.dH_dx(chain, derivation.D(chain, sweep))


def jvp(chain: Chain, x: Any, v: Any) -> Any:
    """J v."""
    return derivation.jvp(chain, derivation.D(chain, derivation.forward(chain, x)), v)


def vjp(chain: Chain, x: Any, u: Any) -> Any:
    """Jᵀ u."""
    return derivation.vjp(chain, derivation.D(chain, derivation.forward(chain, x)), u)


def hessian(chain: Chain, x: Any) -> Any:
    """∇²H_k."""
    return derivation.hessian(chain, *_bent(chain, x)[1:])


def hvp(chain: Chain, x: Any, v: Any) -> Any:
    """∇²H_k v."""
    return derivation.hvp(chain, *_bent(chain, x)[1:], v)


def weighted_hessian(chain: Chain, x: Any, u: Any) -> Any:
    """Σ_k u_k ∇²H_k."""
    return derivation.weighted_hessian(chain, *_bent(chain, x)[1:], u)


def laplacian(chain: Chain, x: Any) -> Any:
    """ΔH_k."""
    return derivation.laplacian(chain, *_bent(chain, x)[1:])


def value_jacobian_hessian(chain: Chain, x: Any) -> tuple[Any, Any, Any]:
    """H(x), ∂H/∂x and ∇²H_k."""
    H, D, S = _bent(chain, x)
    return H, derivation.dH_dx(chain, D), derivation.hessian(chain, D, S)


def value_jacobian_laplacian(chain: Chain, x: Any) -> tuple[Any, Any, Any]:
    """H(x), ∂H/∂x and ΔH_k."""
    H, D, S = _bent(chain, x)
    return H, derivation.dH_dx(chain, D), derivation.laplacian(chain, D, S)


def _bent(chain: Chain, x: Any) -> tuple[Any, list[Any], list[Any]]:
    """H(x), D[l] and S[l], the ingredients of every second derivative."""
    sweep = derivation.forward(chain, x)
    return sweep.a[-1], derivation.D(chain, sweep), derivation.S(chain, sweep)


def evaluate(
    function: Callable[..., Any], chain: Chain, X: Any, *vectors: tuple[str, Any, int]
) -> Any:
    """`function` of the chain, X and vectors, in the library, dtype and device of X.

    A vector is given as its name, its array and its size; the array is (N, size), or (size,) for
    all points.
    """
    xp = array_namespace(X)
    n_1 = chain.W[0].shape[1]
    if X.ndim not in (1, 2) or X.shape[-1] != n_1:
        raise ValueError(f"X must have shape (N, {n_1}) or ({n_1},), got {tuple(X.shape)}")
    if not xp.isdtype(X.dtype, "real floating"):
        raise TypeError(f"X has dtype {X.dtype}; a real floating dtype is wanted")

    def same(array: Floats) -> Any:
        return xp.asarray(np.array(array), dtype=X.dtype, device=device(X))

    W, b = [same(w) for w in chain.W], [same(v) for v in chain.b]
    local = []
    for name, v, width in vectors:
        local.append(v if arrays.is_foreign(v) else same(arrays.floats(name, v)))
        arrays.require_shape(name, local[-1], [(*X.shape[:-1], width), (width,)])
    return of_chain(function, Chain(W, b, chain.activations), X, *local)


def of_chain(function: Callable[..., Any], chain: Chain, x: Any, *vectors: Any) -> Any:
    """`function`, one of the above, of a chain that may end in a softmax."""
    *below, last = chain.activations
    if not isinstance(last, Head):
        return function(chain, x, *vectors)
    of_logits = Chain(chain.W, chain.b, [*below, normalise("identity")])

    def logits(name: str, *given: Any) -> Any:
        return globals()[name](of_logits, x, *given)

    log = last.name == "log_softmax"
    return softmax.result(function.__name__, logits, *vectors, log=log)

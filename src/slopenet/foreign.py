"""Arrays of torch, JAX and CuPy go through the derivation in their own library, on their device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from slopenet import arrays, derivation
from slopenet.arrays import Floats
from slopenet.derivation import Chain


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


def evaluate(
    function: Callable[..., Any], chain: Chain, X: Any, *vectors: tuple[str, Any, int]
) -> Any:
    """`function` of the chain, X and vectors in the library, dtype and device of X.

    A vector is its name, itself, and its size; (N, size) or (size,) for all points.
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
    return function(Chain(W, b, chain.activations), X, *local)

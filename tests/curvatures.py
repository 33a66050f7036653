"""All second derivatives of a network at points, by the core and by the reference."""

from __future__ import annotations

from typing import Any

import numpy as np

import slopenet as sn
from slopenet import derivation


def by_core(net: sn.Network, X: np.ndarray, v: np.ndarray, u: np.ndarray) -> dict[str, Any]:
    return {
        "hessian": net.hessian(X),
        "hvp": net.hvp(X, v),
        "weighted_hessian": net.weighted_hessian(X, u),
        "laplacian": net.laplacian(X),
    }


def by_reference(net: sn.Network, X: np.ndarray, v: np.ndarray, u: np.ndarray) -> dict[str, Any]:
    """The derivation's second derivatives in float64."""
    chain = derivation.Chain(
        [W.astype(np.float64) for W in net.weights],
        [b.astype(np.float64) for b in net.biases],
        net.chain().activations,
    )
    X, v, u = (array.astype(np.float64) for array in (X, v, u))
    sweep = derivation.forward(chain, X)
    D, S = derivation.D(chain, sweep), derivation.S(chain, sweep)
    return {
        "hessian": derivation.hessian(chain, D, S),
        "hvp": derivation.hvp(chain, D, S, v),
        "weighted_hessian": derivation.weighted_hessian(chain, D, S, u),
        "laplacian": derivation.laplacian(chain, D, S),
    }

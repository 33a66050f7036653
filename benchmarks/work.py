"""Useful operations per row, from the sizes n_1, ..., n_L: the minimum for any implementation.

A multiply-add is two operations. Scalings by D and S, additions of b and the activations are not
counted, nor are quantities that depend on the weights alone: c[L-1] = W[L] and Z'[2] = W[2] are
free. Every layer except the last has σ'' ≠ 0.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TypeAlias

Sizes: TypeAlias = tuple[int, ...]


def _entries(sizes: Sizes) -> int:
    """Sum n_l n_{l-1}: the multiply-adds of one vector through these layers."""
    return sum(n * m for m, n in pairwise(sizes))


@cache
def jacobian(sizes: Sizes) -> int:
    """H, and ∂H/∂x multiplied in slopenet's order, the best for these sizes (`Network.plan`)."""
    from slopenet import Network

    return 2 * (_entries(sizes) + Network.random(sizes, rng=0).plan.multiplications)


def _sweeps(sizes: Sizes) -> int:
    """z[l] up to the last hidden layer, c[l]_k of every k and Z'[l] of every input."""
    inputs, hidden, outputs = sizes[0], sizes[1:-1], sizes[-1]
    return 2 * (_entries(sizes[:-1]) + (outputs + inputs) * _entries(hidden))


def hessian(sizes: Sizes) -> int:
    """∇²H_k = Σ_l Z'[l]ᵀ diag(c[l]_k ∘ σ'') Z'[l]: the entries on and above the diagonal."""
    half = sizes[0] * (sizes[0] + 1) // 2
    return _sweeps(sizes) + 2 * sizes[-1] * sum(sizes[1:-1]) * half


def laplacian(sizes: Sizes) -> int:
    """ΔH_k = Σ_l Σ_j c[l]_kj σ''_j ‖Z'[l]_j‖²; the squares of W[2] belong to the weights."""
    return _sweeps(sizes) + 2 * (sizes[0] * sum(sizes[2:-1]) + sizes[-1] * sum(sizes[1:-1]))

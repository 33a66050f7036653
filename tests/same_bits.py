"""All results of the core for each row, and their comparison byte by byte."""

from __future__ import annotations

import numpy as np

import slopenet as sn


def everything(net: sn.Network, X: np.ndarray, threads: int | None = None) -> list[np.ndarray]:
    """All that the core gives for each row of X."""
    v = np.linspace(-1, 1, net.sizes[0]).astype(net.dtype)
    u = np.linspace(1, -0.5, net.sizes[-1]).astype(net.dtype)
    return [
        net(X, threads=threads),
        net.jacobian(X, threads=threads),
        *net.value_and_jacobian(X, threads=threads),
        net.jvp(X, v, threads=threads),
        net.vjp(X, u, threads=threads),
        net.hessian(X, threads=threads),
        net.hvp(X, v, threads=threads),
        net.weighted_hessian(X, u, threads=threads),
        net.laplacian(X, threads=threads),
        *net.value_jacobian_hessian(X, threads=threads),
        *net.value_jacobian_laplacian(X, threads=threads),
    ]


def assert_same(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    """Byte by byte: -0 is not 0."""
    for a, b in zip(some, others, strict=True):
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()

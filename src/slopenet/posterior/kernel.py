"""Covariances of the values and slopes of a function with a squared-exponential kernel.

    cov(f(x), f(x')) = k = exp(-½ ‖u‖²),  u_i = (x_i - x'_i)/ℓ_i
    cov(f(x), ∂_j f(x')) = k u_j/ℓ_j,  cov(∂_i f(x), f(x')) = -k u_i/ℓ_i
    cov(∂_i f(x), ∂_j f(x')) = k (δ_ij - u_i u_j)/(ℓ_i ℓ_j)

(Rasmussen & Williams 2006, section 9.4).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from slopenet._types import Floats


class Covariance(NamedTuple):
    """The parts that the derivatives with respect to ℓ need too.

    k (n, m), u (n, m, n_1), and `full` (n, kinds, m, kinds): the value of a row first, then its
    slopes, if there are any.
    """

    k: Floats
    u: Floats
    full: Floats


def covariance(X: Floats, Z: Floats, scales: Floats, *, slopes: bool) -> Covariance:
    """Covariances between the rows X (n, n_1) and Z (m, n_1), for ℓ (n_1,)."""
    u = (X[:, None] - Z[None]) / scales
    k = np.exp(-0.5 * np.einsum("abi,abi->ab", u, u))
    if not slopes:
        return Covariance(k, u, k[:, None, :, None])
    n, m, d = u.shape
    full = np.empty((n, 1 + d, m, 1 + d))
    full[:, 0, :, 0] = k
    by_slope = k[..., None] * u / scales
    full[:, 0, :, 1:] = by_slope
    full[:, 1:, :, 0] = -by_slope.transpose(0, 2, 1)
    both = -(by_slope[..., :, None] * (u / scales)[..., None, :])
    both[..., range(d), range(d)] += k[..., None] / scales**2
    full[:, 1:, :, 1:] = both.transpose(0, 2, 1, 3)
    return Covariance(k, u, full)


def squares(X: Floats) -> Floats:
    """(x_i - x'_i)² of all pairs of rows x, x': (n, n_1, n)."""
    return np.asarray(np.square(X[:, :, None] - X.T))


def values_covariance(pairs: Floats, scales: Floats) -> Floats:
    """k (n, n) of the `squares` of rows, without slopes."""
    return np.asarray(np.exp((-0.5 / scales**2) @ pairs))


def values_by_scales(pairs: Floats, scales: Floats, Mk: Floats) -> Floats:
    """Σ M ∂k/∂(log ℓ_i) (n_1,), for the products Mk (n, n)."""
    return np.asarray((pairs @ Mk[:, :, None]).sum(axis=(0, 2)) / scales**2)


def by_scales(found: Covariance, scales: Floats, M: Floats) -> Floats:
    """Σ M ∂(full)/∂(log ℓ_i) (n_1,), for M of the shape of `full`."""
    k, u, full = found
    P = M[:, 0, :, 0]
    if full.shape[1] == 1:
        weighted = P * k
        return np.asarray(np.einsum("ab,abi,abi->i", weighted, u, u))
    on_one = (M[:, 0, :, 1:] - M[:, 1:, :, 0].transpose(0, 2, 1)) / scales
    on_two = M[:, 1:, :, 1:].transpose(0, 2, 1, 3) / (scales[:, None] * scales)
    on_two_u = (on_two @ u[..., None])[..., 0] + (u[..., None, :] @ on_two)[..., 0, :]
    # Σ M full = Σ k (P + on_one·u + trace - uᵀ on_two u); its derivative with respect to u
    total = P + _dot(on_one, u) + np.einsum("abii->ab", on_two) - 0.5 * _dot(on_two_u, u)
    by_u = k[..., None] * (on_one - on_two_u - total[..., None] * u)
    products = M * full
    by_factors = products.sum(axis=(0, 2))
    return np.asarray(
        -np.einsum("abi,abi->i", by_u, u) - by_factors[1:].sum(axis=1) - by_factors[:, 1:].sum(0)
    )


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("abi,abi->ab", a, b))

"""A hidden layer of sines whose frequencies are drawn from the spectrum of a kernel.

    H(x) = C sin(Wx + b) + c,  W_ji = ω_ji/ℓ_i,  ω normal, b uniform in [0, 2π)

With C normal too, the covariance of H is a squared-exponential kernel of the length scales ℓ as the
layer gets wider (Rahimi & Recht 2007); the draws are quasi-random (Sobol', scrambled).

Random sines learn a quadratic function of many inputs slowly, so some are not drawn: with the
orthogonal directions v that make its Hessian diagonal, it is a sum of squares of v·x, and each
square is a combination of a few slow sines and cosines of v·x.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack
from scipy.special import ndtri

from slopenet._types import Floats
from slopenet.parameters import flatten

# Slow sines: their frequencies in standard units, their phases, their largest share of a layer.
_SLOW, _PHASES, _LARGEST_SHARE = (0.05, 0.1), (0.0, np.pi / 2), 0.5
# The ridge of the last layer, relative to the mean of the diagonal; more where that is singular.
_RIDGE, _MORE, _REFINEMENTS = 1e-15, 10.0, 8


class Layer(NamedTuple):
    """W (m, n_1) and b (m,) of the hidden layer."""

    W: Floats
    b: Floats

    @classmethod
    def drawn(cls, width: int, scales: Floats, rng: np.random.Generator) -> Layer:
        """Frequencies for the length scales ℓ (n_1,); of several (any, n_1) in turn."""
        scales = np.atleast_2d(scales)
        d, own = scales.shape[1], scales[np.arange(width) % len(scales)]
        u = points(width, d + 1, rng)
        return cls(ndtri(np.clip(u[:, :d], 1e-9, 1 - 1e-9)) / own, 2 * np.pi * u[:, d])

    def with_slow(self, directions: Floats) -> Layer:
        """The same width, some sines replaced by slow ones along the directions (d, n_1).

        The same layer where they would be more than half of it.
        """
        slow = np.concatenate([size * directions for size in _SLOW for _ in _PHASES])
        phases = np.repeat(np.tile(_PHASES, len(_SLOW)), len(directions))
        n = len(slow)
        if n > _LARGEST_SHARE * len(self.b):
            return self
        return Layer(np.concatenate([slow, self.W[n:]]), np.concatenate([phases, self.b[n:]]))

    def design(self, X: Floats) -> Floats:
        """∂(H, ∂H/∂x)/∂(C, c) of one output: (N, 1 + n_1, m + 1)."""
        z = X @ self.W.T + self.b
        found = np.zeros((len(X), 1 + X.shape[1], len(self.b) + 1))
        found[:, 0, :-1] = np.sin(z)
        found[:, 0, -1] = 1.0
        found[:, 1:, :-1] = np.cos(z)[:, None] * self.W.T
        return found

    def theta(self, last: Floats) -> Floats:
        """θ of the network with [C c]ᵀ (m + 1, n_L)."""
        return flatten([self.W, np.ascontiguousarray(last[:-1].T)], [self.b, last[-1]])


def points(n: int, d: int, rng: np.random.Generator) -> Floats:
    """Quasi-random points in the unit cube (n, d)."""
    from scipy.stats import qmc  # takes half a second to import

    exponent = int(np.ceil(np.log2(max(n, 1))))
    found: Floats = qmc.Sobol(d, rng=rng).random_base2(exponent)[:n]
    return found


def solve(A: Floats, y: Floats) -> Floats:
    """Least squares by normal equations, with the least ridge that makes them regular.

    Refined by what the ridge left over (iterated Tikhonov regularisation): columns of sines are
    nearly dependent.
    """
    factor = _factor(A.T @ A)
    solution = np.zeros((A.shape[1], y.shape[1]))
    for _ in range(_REFINEMENTS):
        solution += lapack.dpotrs(factor, A.T @ (y - A @ solution), lower=1)[0]
    return solution


def solve_normal(normal: Floats, right: Floats) -> Floats:
    """The solution of normal equations that are regular, or nearly."""
    return np.asarray(lapack.dpotrs(_factor(normal), right, lower=1)[0])


def _factor(normal: Floats) -> Floats:
    ridge = _RIDGE * float(normal.diagonal().mean())
    while True:
        damped = normal.copy()
        damped.flat[:: len(damped) + 1] += ridge
        factor, failed = lapack.dpotrf(damped, lower=1, overwrite_a=1)
        if not failed:
            return np.asarray(factor)
        ridge *= _MORE

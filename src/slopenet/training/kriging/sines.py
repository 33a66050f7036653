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
# Ridges of the last layer, relative to the mean of the diagonal; more where it stays singular.
_RIDGES, _MORE = (1e-6, 1e-9, 1e-12, 1e-15), 10.0
# A residual within such a factor of the least is as good. The most refinements of a solution, each
# of which leaves less than such a share of the residual.
_AS_GOOD = 1.25
_REFINEMENTS, _PAYS = 8, 0.95


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


def solve(A: Floats, y: Floats, enough: float = 0.0) -> Floats:
    """Least squares by normal equations, with the largest ridge that does as well as the least.

    Columns of sines are nearly dependent: without a ridge, weights of a million that cancel among
    the points do not cancel beyond them. A root mean square of the residuals of `enough` is as good
    as a smaller one.
    """
    normal = A.T @ A
    found: list[tuple[float, Floats]] = []
    for ridge in _RIDGES:
        found.append(_damped(A, y, _factor(normal, ridge)))
        if found[-1][0] <= enough:
            break
    least = min(left for left, _ in found)
    return next(solution for left, solution in found if left <= max(enough, _AS_GOOD * least))


def _damped(A: Floats, y: Floats, factor: Floats) -> tuple[float, Floats]:
    """The root mean square of the residuals, and the solution of damped normal equations.

    Refined by what the ridge left over (iterated Tikhonov regularisation), while that pays.
    """
    solution, residual = np.zeros((A.shape[1], y.shape[1])), y
    left = np.inf
    for _ in range(_REFINEMENTS):
        solution = solution + lapack.dpotrs(factor, A.T @ residual, lower=1)[0]
        residual = y - A @ solution
        before, left = left, float(np.sqrt(np.mean(residual**2)))
        if not left < _PAYS * before:
            break
    return left, solution


def solve_normal(normal: Floats, right: Floats) -> Floats:
    """The solution of normal equations that are regular, or nearly."""
    return np.asarray(lapack.dpotrs(_factor(normal, _RIDGES[-1]), right, lower=1)[0])


def _factor(normal: Floats, relative: float) -> Floats:
    ridge = relative * float(normal.diagonal().mean())
    while True:
        damped = normal.copy()
        damped.flat[:: len(damped) + 1] += ridge
        factor, failed = lapack.dpotrf(damped, lower=1, overwrite_a=1)
        if not failed:
            return np.asarray(factor)
        ridge *= _MORE

"""The posterior of a network that was trained by Levenberg-Marquardt.

At its weights θ, f is half a sum of squares with the Jacobian J and a ridge Λ, so the weights have
the covariance

    C = s²/N (JᵀJ + Λ)⁻¹,  s² = (2 E_D + 2 λ E_W)/R

(MacKay 1992), with the same s² as the evidence. At points q among the rows, the Jacobian J_q of an
output and its slopes is nearly Φ_q M, with functions Φ of `slopenet.posterior.features`. M is the
weighted least-squares solution in which every value and slope counts relative to its standard
deviation, and M C Mᵀ is the covariance to keep, of which the largest eigenvalues are enough. One
factor makes up for what both lose, so that half of the variances at q are too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.linalg import lapack, solve_triangular

from slopenet import _core
from slopenet._types import Floats
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import unflatten, weight_mask
from slopenet.posterior.features import Learned
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.units import Units
from slopenet.training.kriging.teacher import among
from slopenet.training.objective.least_squares import FREE

# Points q, the most entries of their Jacobian, and the entries that are too many.
_POINTS, _FEWEST, _ENTRIES, _TOO_MANY = 512, 48, 6_000_000, 40_000_000
# The most eigenvalues, and numbers of all roots.
_RANK, _LEAST_RANK, _NUMBERS = 32, 8, 100_000
# The ridge of the least-squares problems, relative to the mean of the diagonal.
_RIDGE = 1e-11
# From so many weights on, fewer residuals than weights make the dual cheaper.
_PRIMAL = 1500


class Covariance:
    """(JᵀJ + Λ)⁻¹, from J where that is smaller.

    Parameters
    ----------
    problem : LeastSquares
        With the l2 and ρ of θ.
    theta : (p,)
    """

    def __init__(self, problem: Any, theta: Floats) -> None:
        least = 1e-16  # of l2, where it is 0
        free = FREE / problem.samples
        self._ridge = np.where(weight_mask(problem.sizes) > 0, max(problem.l2, least), free)
        self._dual = problem.residuals < len(theta) and len(theta) > _PRIMAL
        if self._dual:
            self._J = np.concatenate(list(problem.rows(theta)))
            A = (self._J / self._ridge) @ self._J.T
            A.flat[:: len(A) + 1] += 1.0
        else:
            A = np.diag(self._ridge)
            for J in problem.rows(theta):
                A += J.T @ J
        self._factor = _factor(A)

    def gram(self, rows: Floats) -> Floats:
        """Covariances of linear functions of the weights, `rows` (q, p): (q, q)."""
        prior, half = self._parts(rows)
        return half.T @ half if prior is None else prior @ rows.T - half.T @ half

    def variance(self, rows: Floats) -> Floats:
        """The diagonal of `gram`."""
        prior, half = self._parts(rows)
        squares = np.einsum("pq,pq->q", half, half)
        if prior is not None:
            squares = np.einsum("qp,qp->q", prior, rows) - squares
        return np.asarray(np.maximum(squares, 1e-300))

    def _parts(self, rows: Floats) -> tuple[Floats | None, Floats]:
        """Rows Λ⁻¹ of the dual, and L⁻¹ of its right-hand sides, or of those of the primal."""
        if not self._dual:
            return None, solve_triangular(self._factor, rows.T, lower=True, check_finite=False)
        prior = rows / self._ridge
        return prior, solve_triangular(
            self._factor, self._J @ prior.T, lower=True, check_finite=False
        )


def laplace_of(
    problem: Any, theta: Floats, activations: Any, units: Units, seed: int = 0
) -> LaplacePosterior | None:
    """The posterior of a network at θ; None if it is too large.

    Parameters
    ----------
    problem : LeastSquares
        With the l2 and ρ of θ.
    theta : (p,)
    activations : sequence of Activation
    units : Units
    seed : int
        Draws the points q.
    """
    learned = Learned(*unflatten(theta, problem.sizes), activations)
    inputs, outputs = problem.sizes[0], problem.sizes[-1]
    each = (1 + inputs) * outputs * len(theta)
    if _FEWEST * each > _TOO_MANY or not problem.residuals:
        return None
    n = int(np.clip(_ENTRIES // each, _FEWEST, _POINTS))
    Q = np.ascontiguousarray(among(problem.points, n, np.random.default_rng(seed)))
    phi, J = learned.features(Q), _jacobian(problem.sizes, activations, theta, Q)
    covariance = Covariance(problem, theta)
    s2 = 2 * problem.samples * problem.value(theta) / problem.residuals
    m = learned.number
    rank = min(max(_NUMBERS // (m * outputs), _LEAST_RANK), _RANK, m)
    roots = [_root(phi, J[:, :, k], covariance, rank) for k in range(outputs)]
    root = np.stack(roots) * np.sqrt(s2 / problem.samples)
    return LaplacePosterior(root, _noise(problem.weights, s2, inputs, outputs), units)


def _jacobian(sizes: Sequence[int], activations: Any, theta: Floats, Q: Floats) -> Floats:
    """∂/∂θ of values and slopes at Q: (n, 1 + n_1, n_L, p)."""
    kinds, outputs = 1 + sizes[0], sizes[-1]
    core = _core.Model64(tuple(sizes), list(activations), theta)
    ones = np.ones((len(Q), kinds * outputs))
    _, _, J, *_ = core.gauss_newton(Q, None, kinds - 1, ones, False, get_num_threads())
    return np.asarray(J).reshape(len(Q), kinds, outputs, -1)


def _root(phi: Floats, J: Floats, covariance: Covariance, rank: int) -> Floats:
    """F (m, rank) of one output, from functions (n, kinds, m) and Jacobians (n, kinds, p) at q."""
    kinds, m = phi.shape[1:]
    phi, J = phi.reshape(-1, m), J.reshape(-1, J.shape[2])
    variance = covariance.variance(J)
    weight = np.sqrt(np.tile([1.0, *[1 / max(kinds - 1, 1)] * (kinds - 1)], len(phi) // kinds))
    weight = (weight / np.sqrt(variance))[:, None]
    A = weight * phi
    normal = A.T @ A
    normal.flat[:: m + 1] += _RIDGE * float(normal.diagonal().mean()) + 1e-300
    M, _ = lapack.dpotrs(_factor(normal), A.T @ (weight * J), lower=1)
    # eigenvalues that do not depend on the scales of the functions
    scale = np.sqrt(normal.diagonal())
    values, vectors = np.linalg.eigh(covariance.gram(scale[:, None] * M))
    largest = np.maximum(values[: -rank - 1 : -1], 0.0)
    root = vectors[:, : -rank - 1 : -1] * np.sqrt(largest) / scale[:, None]
    kept = np.einsum("qr,qr->q", phi @ root, phi @ root)
    return np.asarray(root * np.sqrt(np.median(variance / np.maximum(kept, 1e-300))))


def _noise(weights: Floats, s2: float, inputs: int, outputs: int) -> Floats:
    """Standard deviations of the noise of values and slopes (n_L, 1 + n_1), from their weights."""
    found = np.zeros((1 + inputs, outputs))
    own = weights[: (1 + inputs) * outputs].reshape(-1, outputs)
    found[: len(own)] = np.where(own > 0, np.sqrt(s2 / np.where(own > 0, own, 1.0)), 0.0)
    return np.ascontiguousarray(found.T)


def _factor(A: Floats) -> Floats:
    """The Cholesky factor of a positive definite matrix, or of one that is so but for rounding."""
    ridge = 0.0
    while True:
        damped = A.copy()
        damped.flat[:: len(A) + 1] += ridge
        factor, failed = lapack.dpotrf(damped, lower=1, clean=1, overwrite_a=1)
        if not failed:
            return np.asarray(factor)
        ridge = max(10 * ridge, 1e-15 * float(A.diagonal().max()))

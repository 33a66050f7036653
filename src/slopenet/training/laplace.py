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

from typing import Any

import numpy as np
from scipy.linalg import lapack

from slopenet._types import Floats
from slopenet.parameters import unflatten, weight_mask
from slopenet.posterior.cholesky import factor
from slopenet.posterior.features import Learned
from slopenet.posterior.full import FullPosterior, too_large
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.units import Units
from slopenet.posterior.weights import Covariance
from slopenet.training.kriging.teacher import among
from slopenet.training.objective.least_squares import FREE

# Points q, the most entries of their Jacobian, and the entries that are too many.
_POINTS, _FEWEST, _ENTRIES, _TOO_MANY = 512, 48, 6_000_000, 40_000_000
# The most eigenvalues, and numbers of all roots.
_RANK, _LEAST_RANK, _NUMBERS = 32, 8, 100_000
# So few weights that nothing is gained by a projection.
_FEW_WEIGHTS = 200
# The least l2 and s²/N, where they are 0.
_NO_RIDGE, _NO_VARIANCE = 1e-16, 1e-300
# The ridge of the least-squares problems, relative to the mean of the diagonal.
_RIDGE = 1e-11


def laplace_of(
    problem: Any, theta: Floats, activations: Any, units: Units, *, full: bool = False
) -> Posterior | None:
    """The posterior of a network at θ; None if it is too large, or unless its output is linear.

    A full one may have any output.

    Parameters
    ----------
    problem : LeastSquares
        With the l2 and ρ of θ.
    theta : (p,)
    activations : sequence of Activation
    units : Units
    full : bool
        Whether to keep the covariance of all weights, as of few weights anyway, unless there are
        too many, or slopes along directions.
    """
    inputs, outputs = problem.sizes[0], problem.sizes[-1]
    if not problem.residuals:
        return None
    problem.reweigh(theta)
    s2 = 2 * problem.samples * problem.value(theta) / problem.residuals
    noise = _noise(problem.weights, s2, inputs, outputs)
    ridge = max(problem.l2, _NO_RIDGE), FREE / problem.samples
    variance = s2 / problem.samples + _NO_VARIANCE
    scale = problem.scale
    plain = scale.shape[1] in {outputs, (1 + inputs) * outputs} and problem.by_input
    small = len(theta) <= _FEW_WEIGHTS and problem.points.size + scale.size <= _NUMBERS
    known = int((scale > 0).sum())
    if (full or small) and plain and not too_large(len(theta), known):
        return FullPosterior(problem.points, scale, np.array([*ridge, variance]), noise, units)
    each = (1 + inputs) * outputs * len(theta)
    if _FEWEST * each > _TOO_MANY or not activations[-1].linear:
        return None
    n = int(np.clip(_ENTRIES // each, _FEWEST, _POINTS))
    Q = np.ascontiguousarray(among(problem.points, n, np.random.default_rng(0)))
    learned = Learned(*unflatten(theta, problem.sizes), activations)
    phi, J = learned.features(Q), learned.rows(Q, kinds=1 + inputs)
    diagonal = np.where(weight_mask(problem.sizes) > 0, *ridge)
    covariance = Covariance(problem.rows(theta), int(scale.size), diagonal)
    m = learned.number
    rank = min(max(_NUMBERS // (m * outputs), _LEAST_RANK), _RANK, m)
    roots = [_root(phi, J[:, :, k], covariance, rank) for k in range(outputs)]
    return LaplacePosterior(np.stack(roots) * np.sqrt(variance), noise, units)


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
    M, _ = lapack.dpotrs(factor(normal), A.T @ (weight * J), lower=1)
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

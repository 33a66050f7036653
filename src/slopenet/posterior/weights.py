"""The covariance (JᵀJ + Λ)⁻¹ of the weights of a linear model with the Jacobian J and a ridge Λ.

Where there are fewer residuals than weights and those are many, it is

    Λ⁻¹ - Λ⁻¹Jᵀ (I + J Λ⁻¹ Jᵀ)⁻¹ J Λ⁻¹.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.linalg import solve_triangular

from slopenet._types import Floats
from slopenet.posterior.cholesky import factor

# From so many weights on, fewer residuals than weights make the dual cheaper.
_PRIMAL = 1500


class Covariance:
    """See the module.

    Parameters
    ----------
    blocks : iterable of array
        J, some residuals at a time: (any, p).
    residuals : int
        Their number.
    ridge : (p,)
        The diagonal of Λ, positive.
    """

    def __init__(self, blocks: Iterable[Floats], residuals: int, ridge: Floats) -> None:
        self._ridge = ridge
        self._dual = residuals < len(ridge) and len(ridge) > _PRIMAL
        if self._dual:
            self._J = np.concatenate(list(blocks))
            A = (self._J / ridge) @ self._J.T
            A.flat[:: len(A) + 1] += 1.0
        else:
            A = np.diag(ridge)
            for J in blocks:
                A += J.T @ J
        self._factor = factor(A)

    @property
    def factor(self) -> Floats:
        """L of JᵀJ + Λ = L Lᵀ (p, p).

        Raises
        ------
        ValueError
            If the dual is what is known.
        """
        if self._dual:
            raise ValueError("the dual has no factor for all weights")
        return self._factor

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

    def grams(self, rows: Floats) -> Floats:
        """The same of several sets of rows (n, q, p): (n, q, q)."""
        n, q, p = rows.shape
        prior, half = self._parts(rows.reshape(-1, p))
        half = half.reshape(-1, n, q).transpose(1, 2, 0)
        found = half @ half.transpose(0, 2, 1)
        if prior is None:
            return np.asarray(found)
        return np.asarray(prior.reshape(n, q, p) @ rows.transpose(0, 2, 1) - found)

    def _parts(self, rows: Floats) -> tuple[Floats | None, Floats]:
        """Rows Λ⁻¹ of the dual, and L⁻¹ of its right-hand sides, or of those of the primal."""
        if not self._dual:
            return None, solve_triangular(self._factor, rows.T, lower=True, check_finite=False)
        prior = rows / self._ridge
        return prior, solve_triangular(
            self._factor, self._J @ prior.T, lower=True, check_finite=False
        )

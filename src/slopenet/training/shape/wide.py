"""A Gauss-Newton step from explicit rows of J, fewer than parameters."""

from __future__ import annotations

from scipy.linalg import lapack

from slopenet._types import Floats
from slopenet.training.objective.normal_equations import Ridge, promise


class Wide:
    """The dual of `slopenet.training.objective.normal_equations`, of r (R,) and J (R, p)."""

    def __init__(self, r: Floats, J: Floats, ridge: Ridge) -> None:
        self._r, self._J, self._ridge = r, J, ridge
        self.cost = 0.5 * float(r @ r) + ridge.cost
        self.gradient = J.T @ r + ridge.l2 * ridge.theta
        self.largest = float((J * J).sum(axis=1).max())

    def step(self, damping: float) -> tuple[Floats, float] | None:
        """See `slopenet.training.objective.normal_equations.Stepped`."""
        l2, P, theta = self._ridge
        M = l2 * P + damping
        over = self._J / M
        K = over @ self._J.T
        K.flat[:: len(K) + 1] += 1.0
        _, s, failed = lapack.dposv(K, self._r - over @ (l2 * theta), lower=1, overwrite_a=1)
        if failed:
            return None
        return promise(-(self._J.T @ s + l2 * theta) / M, damping, self.gradient)

"""Comparison of the values and slopes of neighbouring samples.

Between neighbours a and b the trapezoidal rule predicts the change of the values from slopes T:

    y_b - y_a = Σ_i β_i c_i + e,    c_i = ½ (T_a + T_b)_i (x_b - x_a)_i

With right slopes every β_i is 1, and e is of third order in the distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats


def nearest(X: Floats, k: int) -> Floats:
    """Pairs (m, 2) of each sample of X (N, n) and its k nearest, each once, none at one point."""
    from scipy.spatial import cKDTree

    _, near = cKDTree(X).query(X, k=np.arange(2, min(k + 1, len(X)) + 1))
    own = np.broadcast_to(np.arange(len(X))[:, None], near.shape)
    both = np.sort(np.stack([own.ravel(), near.ravel()], axis=1), axis=1)
    pairs = np.unique(both, axis=0)
    return np.asarray(pairs[(X[pairs[:, 0]] != X[pairs[:, 1]]).any(axis=1)])


@dataclass(frozen=True, eq=False)
class Pairs:
    """m pairs of neighbours, each divided by its size, the change that its slopes predict.

    Attributes
    ----------
    size : (m,)
    dy : (m,)
        y_b - y_a.
    dx, T, c : (m, n)
        x_b - x_a, ½ (T_a + T_b), and c_i.
    second_order : (m,)
        ½ (T_b - T_a) · (x_b - x_a), the error of a prediction from the slope at a alone.
    similarity : (n,)
        Of the slopes of neighbours: 1 if they are equal, 0 if unrelated.
    rows : int
        Number of samples in the pairs.
    """

    size: Floats
    dy: Floats
    dx: Floats
    T: Floats
    c: Floats
    second_order: Floats
    similarity: Floats
    rows: int

    @classmethod
    def of(cls, X: Floats, y: Floats, T: Floats, near: Floats) -> Pairs:
        """The pairs `near` (m, 2) of samples X (N, n), y (N,) with slopes T (N, n)."""
        a, b = near.T
        dx, mean = X[b] - X[a], 0.5 * (T[a] + T[b])
        size = (0.5 * (np.abs(T[a]) + np.abs(T[b])) * np.abs(dx)).sum(axis=1)
        size += np.median(size)
        dx = dx / size[:, None]
        similarity = (T[a] * T[b]).sum(axis=0) / (0.5 * (T[a] ** 2 + T[b] ** 2)).sum(axis=0)
        second_order = 0.5 * ((T[b] - T[a]) * dx).sum(axis=1)
        dy, similarity = (y[b] - y[a]) / size, np.nan_to_num(similarity)
        return cls(size, dy, dx, mean, mean * dx, second_order, similarity, len(np.unique(near)))

    def missed(self) -> Floats:
        """e (m,) if every β is 1."""
        return np.asarray(self.dy - self.c.sum(axis=1))

    def coefficients(self) -> tuple[Floats, Floats, Floats]:
        """β (n,) of least squares, their standard errors (n,), and e (m,).

        The errors (White's, with leverages) do not assume an equal spread of e. They are infinite
        where the pairs cannot separate one input from another.
        """
        size = rms(self.c)
        size = np.where(size > 0, size, 1.0)
        A = self.c / size
        w, V = np.linalg.eigh(A.T @ A)
        if w[0] < 1e-9 * w[-1]:
            return np.ones(len(w)), np.full(len(w), np.inf), self.missed()
        inverse = (V / w) @ V.T
        beta = inverse @ (A.T @ self.dy)
        e = self.dy - A @ beta
        leverage = ((A @ inverse) * A).sum(axis=1)
        spread = (A @ inverse) * (e / np.maximum(1.0 - leverage, 0.05))[:, None]
        # m differences of fewer values are not m independent ones
        shared = max(1.0, len(A) / self.rows)
        return beta / size, np.sqrt(shared * (spread**2).sum(axis=0)) / size, e

    def reorder(self) -> tuple[Floats, Floats]:
        """Swap columns of T for as long as that makes e smaller.

        Returns
        -------
        order : (n,)
            The column of T that fits each input best.
        e : (m,)
            The error in that order.
        """
        T, e = self.T, self.missed()
        n = T.shape[1]
        order = np.arange(n)
        while True:
            # T_i and T_j exchanged, for all j at once
            gain = np.array(
                [rms(e[:, None] + (T[:, [i]] - T) * (self.dx[:, [i]] - self.dx)) for i in range(n)]
            )
            i, j = np.unravel_index(np.argmin(gain), gain.shape)
            if not gain[i, j] < 0.99 * rms(e):
                return order, e
            e = e + (T[:, i] - T[:, j]) * (self.dx[:, i] - self.dx[:, j])
            swap = np.arange(n)
            swap[[i, j]] = j, i
            T, order = T[:, swap], order[swap]


def left_out(X: Floats, y: Floats) -> Floats:
    """Errors (N,) of predicting each value from all others, by a plane and cubics of |x - x'|.

    Samples at the same point count as one. Leaving each one out takes one inverse (Rippa 1999).
    """
    from scipy.spatial.distance import cdist

    points, first, which = np.unique(X, axis=0, return_index=True, return_inverse=True)
    n, plane = len(points), np.hstack([np.ones((len(points), 1)), points])
    A = np.zeros((n + plane.shape[1],) * 2)
    A[:n, :n] = cdist(points, points) ** 3
    A[:n, n:], A[n:, :n] = plane, plane.T
    # regular even where all points lie in a plane
    A += 1e-9 * A[:n, :n].mean() * np.diag(np.where(np.arange(len(A)) < n, 1.0, -1.0))
    inverse = np.linalg.inv(A)
    error = inverse[:n, :n] @ y[first] / np.diag(inverse)[:n]
    return np.asarray(error[which.ravel()])


def rms(x: Floats) -> Any:
    """Root mean square over the rows of x (m,) or (m, n)."""
    return np.sqrt((x**2).mean(axis=0))

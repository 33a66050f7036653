"""Levenberg-Marquardt on a least-squares problem with a known minimum."""

from __future__ import annotations

import numpy as np
from minima import run

from slopenet.training.objective.normal_equations import Primal, Ridge
from slopenet.training.optimizers.lm import LevenbergMarquardt


class Circles:
    """Distances of a point to three others, as least squares: f has one minimum."""

    l2, samples, residuals, size = 0.0, 3, 3, 2
    posts = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]])

    def _residuals(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = theta - self.posts
        distance = np.linalg.norm(away, axis=1)
        r = distance - np.linalg.norm(np.array([1.0, 1.0]) - self.posts, axis=1)
        return r, away / distance[:, None]

    def value(self, theta: np.ndarray) -> float:
        return 0.5 * float((self._residuals(theta)[0] ** 2).sum())

    def linearise(self, theta: np.ndarray) -> Primal:
        return Primal(lambda: [self._residuals(theta)], Ridge(0.0, np.zeros(2), 0 * theta))


def test_levenberg_marquardt_converges_at_once_near_the_minimum() -> None:
    states = run(LevenbergMarquardt(), Circles(), np.array([5.0, 7.0]), 100)
    np.testing.assert_allclose(states[-1].theta, [1.0, 1.0], atol=1e-7)
    assert states[-1].done == "the cost is 0"
    costs = [state.cost for state in states]
    assert costs == sorted(costs, reverse=True)
    assert len(states) < 30

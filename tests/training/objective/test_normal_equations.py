"""The primal and the dual take the same steps; leaving out a sample is a fit without it."""

from __future__ import annotations

import numpy as np
import pytest
from residuals import KINDS, SHAPES, both_ways, case

from slopenet.dataset.dataset import Data
from slopenet.training.objective.least_squares import LeastSquares


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_primal_and_dual_take_the_same_steps(sizes: tuple[int, ...], kind: str) -> None:
    problem, _, _, theta = case(sizes, kind)
    primal, dual = both_ways(problem, theta)
    shares = np.random.default_rng(0).uniform(0.5, 2, problem._target.shape[1])
    for damping in (1.0, 1e-3):
        (d, promise), (d_dual, promise_dual) = primal.step(damping), dual.step(damping)
        assert np.abs(d - d_dual).max() <= 1e-11 * np.abs(d).max()
        assert promise == pytest.approx(promise_dual, rel=1e-10)
        # a step solves (JᵀJ + l2 P + μ I) d = -g: its promise is the decrease of the model
        A = sum(J.T @ J for _, J in problem.blocks(theta))
        A = A + np.diag(problem.l2 * problem.mask + damping)
        np.testing.assert_allclose(A @ d, -primal.gradient, atol=1e-10)
    np.testing.assert_allclose(primal.information(1e-3), dual.information(1e-3), rtol=1e-9)
    assert primal.left_out(1e-3, shares) == pytest.approx(dual.left_out(1e-3, shares), rel=1e-8)


def test_leaving_out_a_sample_is_a_fit_without_it() -> None:
    """Without a hidden layer the model is linear, and the first order is all there is."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 2)), rng.normal(size=(9, 1))
    rows, weight, l2 = [("identity", 0.0)], np.ones((1, 2)), 0.3
    problem = LeastSquares((2, 1), rows, Data(X, y), weight, l2=l2 / 9)

    def solved(keep: np.ndarray) -> np.ndarray:
        A = np.column_stack([X, np.ones(9)])[keep]
        return np.linalg.solve(A.T @ A + np.diag([l2, l2, 1e-3]), A.T @ y[keep, 0])

    missed = 0.0
    for s in range(9):
        a = solved(np.arange(9) != s)
        missed += (X[s] @ a[:2] + a[2] - y[s, 0]) ** 2 / 9
    # the bias is free in the fit itself, and all but free where one is left out
    assert problem.left_out(solved(np.arange(9) >= 0)) == pytest.approx(missed / 9, rel=1e-3)

"""Gauss-Newton: the rows of J against complex steps and backpropagation, primal against dual."""

from __future__ import annotations

import numpy as np
import pytest
from residuals import KINDS, SHAPES, both_ways, case

from slopenet import _core
from slopenet.parameters import count


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_cost_and_gradient_are_those_of_backpropagation(sizes: tuple[int, ...], kind: str) -> None:
    problem, objective, data, theta = case(sizes, kind)
    wanted = objective(theta, data)
    assert problem.value(theta) == pytest.approx(wanted.total, rel=1e-13)
    assert problem.penalty(theta) == pytest.approx(wanted.penalty, rel=1e-13)
    for model in both_ways(problem, theta):
        assert model.cost == pytest.approx(wanted.total, rel=1e-13)
        assert wanted.gradient is not None
        scale = np.abs(wanted.gradient).max()
        np.testing.assert_allclose(model.gradient, wanted.gradient, atol=1e-13 * scale, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_rows_are_the_derivatives_of_the_residuals(sizes: tuple[int, ...], kind: str) -> None:
    """Central differences shrink as h²: two step sizes show the order, and the limit is J."""
    problem, _, _, theta = case(sizes, kind)

    def residuals(at: np.ndarray) -> np.ndarray:
        return next(problem.blocks(at))[0]

    _, J = next(problem.blocks(theta))
    direction = np.random.default_rng(1).normal(size=theta.size)
    errors = []
    for h in (1e-2, 5e-3):
        difference = (residuals(theta + h * direction) - residuals(theta - h * direction)) / (2 * h)
        errors.append(np.abs(difference - J @ direction).max())
    assert errors[0] < 1e-1
    assert errors[1] < 1e-12 or errors[0] / errors[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_balance_multiplies_the_cost_of_slopes_and_not_their_judgement(kind: str) -> None:
    problem, _, data, theta = case((3, 5, 4, 2), kind)
    r = next(problem.blocks(theta))[0].reshape(len(data), -1)
    problem.balance = 4.0
    balanced = next(problem.blocks(theta))[0].reshape(len(data), -1)
    np.testing.assert_array_equal(balanced[:, :2], r[:, :2])
    np.testing.assert_allclose(balanced[:, 2:], 2 * r[:, 2:], rtol=1e-15)
    values, slopes = 2 * len(data), problem.residuals - problem.slopes
    assert values == slopes  # the rest are the values
    assert problem.slopes == np.count_nonzero(r[:, 2:])
    # where the ridge lets nothing be learned, the residuals left out are all residuals
    problem.l2, free = 1e12, 1e12
    shares = 1 / problem._factors_of_balance()
    untaught = problem.linearise(theta).left_out(free, shares)
    assert untaught == pytest.approx((r**2).sum() / len(data), rel=1e-6)


def test_threads_give_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    sizes = (6, 20, 3)
    core = _core.Model64(sizes, [("tanh", 0.0), ("identity", 0.0)], rng.normal(size=count(sizes)))
    X, scale = rng.normal(size=(500, 6)), rng.uniform(0.5, 2, (500, 21))

    def arrays(threads: int) -> list[bytes]:
        H, Jv, rows, *factors = core.gauss_newton(X, None, 6, scale, True, threads)
        return [x.tobytes() for x in (H, Jv, rows, *(x for each in factors for x in each))]

    assert arrays(1) == arrays(2) == arrays(3)

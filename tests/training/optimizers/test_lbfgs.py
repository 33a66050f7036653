"""L-BFGS finds known minima, with few evaluations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from minima import CENTRE, quadratic, run

from slopenet.training.optimizers.lbfgs import LBFGS


class Smooth:
    """A function and its gradient, as L-BFGS takes it; counts its evaluations."""

    def __init__(self, function: Callable[[np.ndarray], tuple[float, np.ndarray]]) -> None:
        self.value_and_gradient, self.calls = self._counted(function), 0

    def _counted(self, function: Any) -> Any:
        def counted(theta: np.ndarray) -> tuple[float, np.ndarray]:
            self.calls += 1
            return function(theta)

        return counted


def rosenbrock(theta: np.ndarray) -> tuple[float, np.ndarray]:
    return float(scipy.optimize.rosen(theta)), scipy.optimize.rosen_der(theta)


@pytest.mark.parametrize(
    ("function", "start", "end"),
    [(quadratic, np.zeros(3), CENTRE), (rosenbrock, np.full(20, -1.2), np.ones(20))],
)
def test_lbfgs_finds_the_minimum_and_says_why_it_ended(
    function: Any, start: np.ndarray, end: np.ndarray
) -> None:
    problem = Smooth(function)
    states = run(LBFGS(), problem, start, 300)
    np.testing.assert_allclose(states[-1].theta, end, atol=1e-6)
    costs = [state.cost for state in states]
    assert costs == sorted(costs, reverse=True)
    assert costs[3] == function(states[3].theta)[0]
    assert states[-1].done.startswith(("no step lowers the cost any more", "the cost does not"))
    assert problem.calls < 2 * len(states) + 10


def test_lbfgs_steps_back_from_where_the_function_is_not_a_number() -> None:
    def logarithm(theta: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(invalid="ignore"):
            return float((theta - np.log(theta)).sum()), 1 - 1 / theta

    states = run(LBFGS(), Smooth(logarithm), np.array([50.0, 0.01]), 200)
    np.testing.assert_allclose(states[-1].theta, 1.0, atol=1e-6)

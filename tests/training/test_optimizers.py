"""The optimisers on functions with a known minimum."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from descents import Plain

from slopenet.training.objective.normal_equations import Primal, Ridge
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.optimizers.lm import LevenbergMarquardt
from slopenet.training.optimizers.momentum import Momentum

CENTRE = np.array([1.0, -2.0, 3.0])
SCALE = np.array([1.0, 10.0, 0.1])


def quadratic(theta: np.ndarray) -> tuple[float, np.ndarray]:
    d = theta - CENTRE
    return float(0.5 * (SCALE * d**2).sum()), SCALE * d


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


def run(optimiser: Any, problem: Any, theta: np.ndarray, most: int) -> list[Any]:
    states = [optimiser.start(theta, problem)]
    while not states[-1].done and len(states) <= most:
        states.append(optimiser.step(states[-1], problem))
    return states


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


def test_lbfgs_steps_back_from_where_the_function_is_no_number() -> None:
    def logarithm(theta: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(invalid="ignore"):
            return float((theta - np.log(theta)).sum()), 1 - 1 / theta

    states = run(LBFGS(), Smooth(logarithm), np.array([50.0, 0.01]), 200)
    np.testing.assert_allclose(states[-1].theta, 1.0, atol=1e-6)


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


def test_an_epoch_visits_every_sample_once_the_last_batch_smaller() -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    adam = Adam(samples=10, batch_size=4, learning_rate=0.1, epochs=3)
    state, rng = adam.start(np.zeros(3)), np.random.default_rng(0)
    for _ in range(3):
        state = adam.step(state, problem, rng)
    assert [len(b) for b in problem.batches] == [4, 4, 2] * 3
    epochs = [np.concatenate(problem.batches[i : i + 3]) for i in (0, 3, 6)]
    for rows in epochs:
        np.testing.assert_array_equal(np.sort(rows), np.arange(10))
    assert not np.array_equal(epochs[0], epochs[1])


def test_with_replacement_an_epoch_draws_as_many_samples() -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    sgd = Momentum(samples=50, batch_size=20, learning_rate=0.1, epochs=1, replacement=True)
    sgd.step(sgd.start(np.zeros(3)), problem, np.random.default_rng(0))
    assert [len(b) for b in problem.batches] == [20, 20, 10]
    rows = np.concatenate(problem.batches)
    assert set(rows) < set(range(50))


@pytest.mark.parametrize(
    "optimiser",
    [
        Adam(samples=1, batch_size=1, learning_rate=0.02, epochs=3000),
        Momentum(samples=1, batch_size=1, learning_rate=0.02, epochs=3000),
        Momentum(samples=1, batch_size=1, learning_rate=0.02, epochs=3000, nesterov=True),
    ],
    ids=["Adam", "heavy ball", "Nesterov"],
)
def test_descent_approaches_the_minimum(optimiser: Adam | Momentum) -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    state: Any = optimiser.start(np.zeros(3))
    for _ in range(optimiser.epochs):
        state = optimiser.step(state, problem, np.random.default_rng(0))
    np.testing.assert_allclose(state.theta, CENTRE, atol=1e-2)


def rates(**settings: Any) -> np.ndarray:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    sgd = Momentum(samples=10, batch_size=4, epochs=2, **settings)
    state, rng = sgd.start(np.zeros(3)), np.random.default_rng(0)
    for _ in range(2):
        state = sgd.step(state, problem, rng)
    return np.array(problem.rates)


def test_schedules() -> None:
    cosine = 0.05 * (1 + np.cos(np.pi * np.arange(6) / 6))
    np.testing.assert_allclose(rates(learning_rate=0.1), cosine, rtol=1e-15)
    np.testing.assert_array_equal(rates(learning_rate=0.1, schedule="constant"), 0.1)
    np.testing.assert_array_equal(rates(learning_rate=lambda t: 0.1 / t), 0.1 / np.arange(1, 7))
    np.testing.assert_array_equal(rates(learning_rate=lambda _: 0.3), 0.3)
    with pytest.raises(ValueError, match=r"learning_rate\(steps\)\[1\] is nan"):
        rates(learning_rate=lambda t: np.where(t == 2, np.nan, 0.1))

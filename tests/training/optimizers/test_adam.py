"""Adam approaches a known minimum by the steps of its equations, and learns weights of the cost."""

from __future__ import annotations

import numpy as np
import pytest
from descents import Plain
from minima import CENTRE, quadratic

from slopenet.dataset.dataset import Data
from slopenet.parameters import count
from slopenet.training.objective.gradient import Objective, OnData
from slopenet.training.optimizers.adam import Adam, State

SIZES, ROWS = (2, 6, 1), 300


def test_adam_approaches_the_minimum() -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    adam = Adam(samples=1, batch_size=1, learning_rate=0.02, epochs=3000)
    state = adam.start(np.zeros(3))
    for _ in range(adam.epochs):
        state = adam.step(state, problem, np.random.default_rng(0))
    np.testing.assert_allclose(state.theta, CENTRE, atol=1e-2)
    assert state.t == 3000


def test_the_first_step_of_adam_is_the_learning_rate_against_the_sign_of_the_gradient() -> None:
    """m̂ and v̂ are g and g² then, so that θ moves by η g / (|g| + ε')."""
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    adam = Adam(samples=1, batch_size=1, learning_rate=0.02, epochs=1, schedule="constant")
    before = adam.start(np.zeros(3))
    after = adam.step(before, problem, np.random.default_rng(0))
    np.testing.assert_allclose(after.theta, 0.02 * np.sign(CENTRE), rtol=1e-5)
    assert not before.theta.any()
    assert not before.m.any()


def noisy(find_l2: bool, find_balance: bool) -> tuple[Adam, OnData]:
    """Noise in the values, none in the slopes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 2))
    y = np.sin(X[:, :1]) + 0.5 * rng.normal(size=(ROWS, 1))
    T = np.stack([np.cos(X[:, 0]), np.full(ROWS, np.nan)], axis=1)[:, None]
    specs = [("tanh", 0.0), ("identity", 0.0)]
    problem = Objective(SIZES, specs, np.ones((1, 2)), 1e-5).on(Data(X, y, T))
    adam = Adam(
        samples=ROWS, batch_size=20, learning_rate=0.1, epochs=60,
        find_l2=find_l2, find_balance=find_balance,
    )  # fmt: skip
    return adam, problem


def run(adam: Adam, problem: OnData) -> State:
    rng = np.random.default_rng(1)
    theta = rng.normal(size=count(SIZES))
    state = adam.start(theta, problem)
    for _ in range(adam.epochs):
        state = adam.step(state, problem, rng)
    return state


def test_adam_learns_the_noise_of_the_values_and_that_slopes_have_none() -> None:
    adam, problem = noisy(find_l2=True, find_balance=True)
    state = run(adam, problem)
    assert ROWS * state.l2 == pytest.approx(2 * 0.5**2 / 3, rel=0.3)
    assert state.slope_weight[0, 0] > 30
    assert state.slope_weight[0, 1] == 1  # no such slope is known
    assert problem.weights.l2 == 1e-5  # the problem itself stays as it is
    assert adam.sentence(state) == f" l2 is {ROWS * state.l2:.1e}, by the residuals."


def test_adam_leaves_given_weights_as_they_are() -> None:
    for l2, balance in ((False, True), (True, False)):
        adam, problem = noisy(l2, balance)
        state = run(adam, problem)
        assert (state.l2 == 1e-5) is not l2
        assert (state.slope_weight == 1).all() is not np.bool_(balance)
    adam, problem = noisy(find_l2=False, find_balance=False)
    state = run(adam, problem)
    assert not state.slope_weight.size
    assert not adam.sentence(state)


def test_slopes_that_adam_may_weigh_make_noisy_values_matter_less() -> None:
    def error(balance: bool) -> float:
        adam, problem = noisy(find_l2=False, find_balance=balance)
        return float(problem.mean_squares(run(adam, problem).theta, np.arange(ROWS)).slopes[0, 0])

    assert error(balance=True) < 0.2 * error(balance=False)

"""Gradient descent with momentum approaches a known minimum by the steps of its equations."""

from __future__ import annotations

import numpy as np
import pytest
from descents import Plain
from minima import CENTRE, SCALE, quadratic

from slopenet.training.optimizers.momentum import Momentum


@pytest.mark.parametrize("nesterov", [False, True], ids=["heavy ball", "Nesterov"])
def test_momentum_approaches_the_minimum(nesterov: bool) -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    momentum = Momentum(samples=1, batch_size=1, learning_rate=0.02, epochs=3000, nesterov=nesterov)
    state = momentum.start(np.zeros(3))
    for _ in range(momentum.epochs):
        state = momentum.step(state, problem, np.random.default_rng(0))
    np.testing.assert_allclose(state.theta, CENTRE, atol=1e-2)


@pytest.mark.parametrize("nesterov", [False, True], ids=["heavy ball", "Nesterov"])
def test_two_steps_of_momentum_are_those_of_the_equations(nesterov: bool) -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    momentum = Momentum(
        samples=2, batch_size=1, learning_rate=0.1, epochs=1, schedule="constant",
        momentum=0.5, nesterov=nesterov,
    )  # fmt: skip
    state = momentum.step(momentum.start(np.zeros(3)), problem, np.random.default_rng(0))
    theta, u = np.zeros(3), np.zeros(3)
    for _ in range(2):
        g = SCALE * (theta - CENTRE)
        u = 0.5 * u + g
        theta = theta - 0.1 * (g + 0.5 * u if nesterov else u)
    np.testing.assert_allclose(state.theta, theta, rtol=1e-14)
    np.testing.assert_allclose(state.velocity, u, rtol=1e-14)

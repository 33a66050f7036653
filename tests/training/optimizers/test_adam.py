"""Adam approaches a known minimum by the steps of its equations."""

from __future__ import annotations

import numpy as np
from descents import Plain
from minima import CENTRE, quadratic

from slopenet.training.optimizers.adam import Adam


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

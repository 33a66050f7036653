"""Mini-batches: which samples they hold, and the learning rate of each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from descents import Plain
from minima import quadratic

from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.momentum import Momentum


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
    momentum = Momentum(samples=50, batch_size=20, learning_rate=0.1, epochs=1, replacement=True)
    momentum.step(momentum.start(np.zeros(3)), problem, np.random.default_rng(0))
    assert [len(b) for b in problem.batches] == [20, 20, 10]
    rows = np.concatenate(problem.batches)
    assert set(rows) < set(range(50))


def rates(epochs: int = 2, **settings: Any) -> np.ndarray:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    momentum = Momentum(samples=10, batch_size=4, epochs=epochs, **settings)
    state, rng = momentum.start(np.zeros(3)), np.random.default_rng(0)
    for _ in range(epochs):
        state = momentum.step(state, problem, rng)
    return np.array(problem.rates)


def test_schedules() -> None:
    cosine = 0.05 * (1 + np.cos(np.pi * np.arange(6) / 6))
    np.testing.assert_allclose(rates(learning_rate=0.1), cosine, rtol=1e-15)
    np.testing.assert_array_equal(rates(learning_rate=0.1, schedule="constant"), 0.1)
    np.testing.assert_array_equal(rates(learning_rate=lambda t: 0.1 / t), 0.1 / np.arange(1, 7))
    np.testing.assert_array_equal(rates(learning_rate=lambda _: 0.3), 0.3)
    with pytest.raises(ValueError, match=r"learning_rate\(steps\)\[1\] is nan"):
        rates(learning_rate=lambda t: np.where(t == 2, np.nan, 0.1))


def test_a_cycle_rises_for_a_quarter_of_the_steps_and_falls_to_almost_nothing() -> None:
    for epochs in (4, 40, 400):  # three steps each
        found = rates(epochs, learning_rate=0.1, schedule="cycle")
        steps = 3 * epochs
        quarter, eighth = steps // 4, steps // 8
        assert found[0] == pytest.approx(0.1 / 25)
        assert found[quarter] == pytest.approx(0.1)
        assert (np.diff(found[: quarter + 1]) > 0).all()
        assert (np.diff(found[quarter:]) < 0).all()
        assert 0 < found[-1] < 0.3 / steps
        if epochs > 4:
            assert found[eighth] == pytest.approx(0.1 * (1 / 25 + 1) / 2)
            assert found[quarter + 3 * eighth] == pytest.approx(0.1 * (1e-4 + 1) / 2)


def test_a_cycle_of_one_step_is_a_step() -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    adam = Adam(samples=10, batch_size=10, learning_rate=0.1, epochs=1)
    assert adam.schedule == "cycle"
    adam.step(adam.start(np.zeros(3)), problem, np.random.default_rng(0))
    assert problem.rates == [pytest.approx(0.004 * 0.001**0.5 / 0.1)]

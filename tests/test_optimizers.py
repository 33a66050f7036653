"""The optimisers on functions with a known minimum."""

from typing import Any

import numpy as np
import pytest
from descents import Plain

from slopenet.optimizers import lbfgs
from slopenet.optimizers.adam import Adam
from slopenet.optimizers.sgd import SGD

CENTRE = np.array([1.0, -2.0, 3.0])
SCALE = np.array([1.0, 10.0, 0.1])


def quadratic(theta: np.ndarray) -> tuple[float, np.ndarray]:
    d = theta - CENTRE
    return float(0.5 * (SCALE * d**2).sum()), SCALE * d


def test_lbfgs_finds_the_minimum_and_says_why_it_ended() -> None:
    seen: list[np.ndarray] = []

    def after(epoch: int, theta: np.ndarray, value: float) -> bool:
        assert epoch == len(seen) + 1
        assert value == pytest.approx(quadratic(theta)[0])
        seen.append(theta)
        return False

    ended = lbfgs.minimise(quadratic, np.zeros(3), 100, after)
    np.testing.assert_allclose(seen[-1], CENTRE, atol=1e-6)
    assert ended.startswith("no step lowers the cost any more")


def test_lbfgs_stops_where_it_is_told_or_runs_out() -> None:
    epochs: list[int] = []

    def third(epoch: int, *_: object) -> bool:
        epochs.append(epoch)
        return epoch == 3

    assert lbfgs.minimise(quadratic, np.zeros(3), 100, third) == ""
    assert epochs == [1, 2, 3]
    assert (
        lbfgs.minimise(quadratic, np.zeros(3), 2, lambda *_: False) == "all 2 iterations were used"
    )


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
    sgd = SGD(samples=50, batch_size=20, learning_rate=0.1, epochs=1, replacement=True)
    sgd.step(sgd.start(np.zeros(3)), problem, np.random.default_rng(0))
    assert [len(b) for b in problem.batches] == [20, 20, 10]
    rows = np.concatenate(problem.batches)
    assert set(rows) < set(range(50))


@pytest.mark.parametrize(
    "optimiser",
    [
        Adam(samples=1, batch_size=1, learning_rate=0.02, epochs=3000),
        SGD(samples=1, batch_size=1, learning_rate=0.02, epochs=3000),
        SGD(samples=1, batch_size=1, learning_rate=0.02, epochs=3000, nesterov=True),
    ],
    ids=["Adam", "heavy ball", "Nesterov"],
)
def test_descent_approaches_the_minimum(optimiser: Adam | SGD) -> None:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    state: Any = optimiser.start(np.zeros(3))
    for _ in range(optimiser.epochs):
        state = optimiser.step(state, problem, np.random.default_rng(0))
    np.testing.assert_allclose(state.theta, CENTRE, atol=1e-2)


def rates(**settings: Any) -> np.ndarray:
    problem = Plain(lambda theta, _: quadratic(theta)[1])
    sgd = SGD(samples=10, batch_size=4, epochs=2, **settings)
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

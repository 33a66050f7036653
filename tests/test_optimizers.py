"""The optimisers on functions with a known minimum."""

import numpy as np
import pytest

from slopenet.optimizers import adam, lbfgs

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


def test_adam_visits_every_sample_once_an_epoch_the_last_batch_smaller() -> None:
    batches: list[np.ndarray] = []

    def gradient(theta: np.ndarray, rows: np.ndarray) -> np.ndarray:
        batches.append(rows)
        return quadratic(theta)[1]

    last: list[np.ndarray] = []
    adam.minimise(
        gradient, np.zeros(3), 10, 3, lambda _, theta: bool(last.append(theta.copy())),
        batch_size=4, learning_rate=0.1, rng=np.random.default_rng(0),
    )  # fmt: skip
    assert [len(b) for b in batches] == [4, 4, 2] * 3
    for epoch in range(3):
        rows = np.concatenate(batches[3 * epoch : 3 * epoch + 3])
        np.testing.assert_array_equal(np.sort(rows), np.arange(10))
    assert not np.array_equal(np.concatenate(batches[:3]), np.concatenate(batches[3:6]))


def test_adam_approaches_the_minimum() -> None:
    path: list[np.ndarray] = []
    adam.minimise(
        lambda theta, _: quadratic(theta)[1], np.zeros(3), 1, 3000,
        lambda _, theta: bool(path.append(theta.copy())),
        batch_size=1, learning_rate=0.02, rng=np.random.default_rng(0),
    )  # fmt: skip
    np.testing.assert_allclose(path[-1], CENTRE, atol=1e-2)

"""Noise alone, or detail that a network does not follow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.monitor import State
from slopenet.training.whiteness import RELATED, path, relation

Function = Callable[[np.ndarray], np.ndarray]


def noisy(f: Function, size: float, rows: int = 1100) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, rows)
    return x[:, None], f(x) + size * rng.normal(size=rows)


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_independent_residuals_are_not_related_whatever_their_variances(inputs: int) -> None:
    rng = np.random.default_rng(inputs)
    X = rng.random((2000, inputs))
    found = [relation(X, rng.normal(size=(2000, 2)) * (0.1 + X[:, :1] ** 4)) for _ in range(40)]
    assert np.mean(np.array(found) > RELATED) <= 0.05


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_a_trace_of_detail_below_the_noise_is_found(inputs: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.random((3000, inputs))
    detail = np.prod(np.sin(2 * np.pi * X), axis=1)
    residuals = rng.normal(size=3000) + 0.4 * detail / detail.std()
    assert relation(X, residuals[:, None]) > RELATED


def test_a_missing_target_says_nothing() -> None:
    rng = np.random.default_rng(0)
    X, e = rng.random((500, 1)), rng.normal(size=(500, 2))
    e[:, 1] = np.nan
    e[:, 0] += np.sin(20 * X[:, 0])
    assert relation(X, e) == pytest.approx(relation(X, e[:, :1]))
    assert relation(X, e) > RELATED


def test_a_path_goes_from_neighbour_to_neighbour() -> None:
    X = np.random.default_rng(0).random((900, 3))
    X[:, 1] = 5.0
    order = path(X)
    assert sorted(order) == list(range(900))
    steps = np.abs(np.diff(X[order], axis=0))
    assert np.median(np.hypot(steps[:, 0], steps[:, 2])) < 0.1  # of other rows .5


def test_one_small_network_is_enough_where_it_misses_noise_alone() -> None:
    X, y = noisy(np.exp, 0.15)
    fit = sn.fit(X, y, rng=0)
    assert "a small network, as it misses no more than noise" in fit.reason
    assert "Tried" not in fit.reason
    T = np.linspace(0, 1, 200)
    assert np.sqrt(np.mean((fit.network(T[:, None])[:, 0] - np.exp(T)) ** 2)) < 0.015
    assert fit.errors is not None
    assert fit.errors.rows == "left out"


def test_detail_within_the_noise_is_not_taken_for_noise() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return 3 * x + 0.5 * np.sin(24 * np.pi * x)

    X, y = noisy(f, 0.3)
    fit = sn.fit(X, y, rng=0)
    assert "misses no more than noise" not in fit.reason
    T = np.linspace(0, 1, 500)
    missed = np.sqrt(np.mean((fit.network(T[:, None])[:, 0] - f(T)) ** 2))
    assert missed < 0.15  # that of 3 x is .35


def test_a_killed_run_that_found_noise_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    X, y = noisy(np.exp, 0.15)

    def kill(state: State) -> None:
        if state.epoch == 20:
            raise KeyboardInterrupt

    whole = sn.fit(X, y, rng=0)
    stored = tmp_path / "checkpoint"
    with pytest.raises(sn.Interrupted):
        sn.fit(X, y, rng=0, checkpoint=stored, checkpoint_seconds=0, callback=kill)
    resumed = sn.fit(X, y, rng=0, checkpoint=stored)
    assert resumed.network == whole.network
    assert resumed.reason == whole.reason

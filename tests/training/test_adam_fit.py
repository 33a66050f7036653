"""Fits by Adam with default settings: accuracy, obedience, and resuming with the same bits."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import slopenet as sn
from slopenet.dataset.dataset import Data, Names
from slopenet.training.plan import make_plan
from slopenet.training.settings import FitSettings
from slopenet.training.start import Training
from slopenet.training.starts import Candidates, error_of_start

STRIKE, VOLATILITY = 1.1, 0.2


def bachelier(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spots, payoffs of a call, and their pathwise slopes, each the mean of an antithetic pair."""
    rng = np.random.default_rng(0)
    spot, move = 1 + 0.3 * rng.normal(size=rows), VOLATILITY * rng.normal(size=rows)
    gains = np.stack([spot + move, spot - move]) - STRIKE
    return spot[:, None], np.maximum(gains, 0).mean(axis=0), (gains > 0).mean(axis=0)[:, None]


def errors(network: sn.Network) -> tuple[float, float]:
    """RMS errors of price and delta."""
    x = np.linspace(0.5, 1.5, 201)
    z = (x - STRIKE) / VOLATILITY
    price = (x - STRIKE) * norm.cdf(z) + VOLATILITY * norm.pdf(z)
    H, J = network.value_and_jacobian(x[:, None])
    return float(np.std(H[:, 0] - price)), float(np.sqrt(np.mean((J.ravel() - norm.cdf(z)) ** 2)))


def test_pathwise_slopes_are_learned_with_default_settings() -> None:
    value, slope = errors(sn.fit(*bachelier(1024), method="adam", hidden=(20, 20), rng=0).network)
    assert value < 0.0025
    assert slope < 0.02


def product(rows: int, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of sin(2 a) + b² c, with noise in units of their deviation, and exact slopes."""
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (rows, 3))
    a, b, c = X.T
    y = np.sin(2 * a) + b**2 * c
    T = np.stack([2 * np.cos(2 * a), 2 * b * c, b**2], axis=1)
    return X, y + noise * y.std() * rng.normal(size=rows), T


def relative_error(network: sn.Network) -> float:
    X, y, _ = product(5000)
    return float(np.std(network(X)[:, 0] - y) / y.std())


@pytest.mark.parametrize(("rows", "epochs", "limit"), [(20_000, 5, 0.1), (200, 200, 0.02)])
def test_few_epochs_of_many_rows_and_many_epochs_of_few(
    rows: int, epochs: int, limit: float
) -> None:
    X, y, T = product(rows)
    fit = sn.fit(X, y, T, method="adam", hidden=(16, 16), epochs=epochs, rng=0)
    assert relative_error(fit.network) < limit


def test_noise_of_the_values_is_not_learned() -> None:
    """Without slopes by l2; with exact slopes by their weight."""
    X, y, T = product(500, noise=0.5)
    plain: dict[str, Any] = {"method": "adam", "rng": 0}
    found = relative_error(sn.fit(X, y, **plain).network)
    assert found < 0.3
    assert found < 0.6 * relative_error(sn.fit(X, y, l2=1e-5, **plain).network)
    found = relative_error(sn.fit(X, y, T, **plain).network)
    assert found < 0.3 * relative_error(sn.fit(X, y, T, slope_weight=1, **plain).network)


def test_a_given_learning_rate_is_the_peak() -> None:
    """A peak of almost 0 leaves the first weights where they are."""
    X, y, T = product(100)
    common: dict[str, Any] = {"method": "adam", "hidden": (8,), "rng": 0, "epochs": 5}
    still = sn.fit(X, y, T, learning_rate=1e-300, **common).network
    slow = sn.fit(X, y, T, learning_rate=1e-9, **common).network
    np.testing.assert_allclose(still.weights[0], slow.weights[0], atol=1e-6)
    moved = sn.fit(X, y, T, **common).network
    assert np.abs(moved.weights[0] - still.weights[0]).max() > 0.05


def test_rows_held_out_choose_the_weights_but_do_not_end_the_schedule() -> None:
    X, y, _ = product(60, noise=1.0)
    fit = sn.fit(X, y, method="adam", epochs=150, validation=0.5, l2=0, rng=0)
    assert "all 150 epochs were used" in fit.reason
    held = fit.history["validation"]
    assert min(held) < held[-1]


def test_a_run_without_rows_held_out_resumes_with_the_same_bits(tmp_path: Path) -> None:
    X, y, T = product(300, noise=0.3)
    path = tmp_path / "run.ckpt"
    settings: dict[str, Any] = {"method": "adam", "hidden": (8, 8), "epochs": 30, "rng": 4}

    def stop(state: Any) -> None:
        if state.epoch in (1, 11, 25):
            raise KeyboardInterrupt

    whole = sn.fit(X, y, T, **settings)
    for _ in range(3):
        with pytest.raises(sn.Interrupted):
            sn.fit(X, y, T, checkpoint=path, callback=stop, **settings)
    resumed = sn.fit(X, y, T, checkpoint=path, **settings)
    assert resumed.network == whole.network
    assert resumed.history == whole.history
    assert resumed.reason == whole.reason
    assert "by the residuals" in whole.reason


def test_a_diverged_run_keeps_finite_weights() -> None:
    X, y, _ = product(50)
    first = sn.fit(X, y, method="adam", activation="relu", learning_rate=1e150, rng=0)
    assert "no longer finite at epoch 1; the first weights are kept" in first.reason
    assert np.isfinite(first.network(X)).all()


def trainings() -> list[Training]:
    X, y, T = product(100, noise=0.3)
    settings = FitSettings(hidden=(8,), method="adam", epochs=20, restarts=3)
    plan = make_plan(settings, 3, 1, rows=100, targets=4)
    candidates = Candidates.of(plan, Names(None, None), Data(X, y[:, None], T[:, None]))
    made = candidates.trainings(np.random.default_rng(0), [])
    for training in made:
        training.run(lambda: None, threading.Event())
    return made


def test_starts_are_compared_by_the_mean_squares_of_all_residuals() -> None:
    for training in trainings():
        squares = training.problem.mean_squares(training.theta, np.arange(100))
        columns = np.concatenate([squares.values, squares.slopes.ravel()])
        assert error_of_start(training)[1] == pytest.approx(0.5 * np.log(columns).sum())
        assert (training.theta == training.at.state.theta).all()

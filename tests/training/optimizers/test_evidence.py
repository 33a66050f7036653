"""The evidence finds l2 and the weight of the slopes: it learns the function, not the noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from waves import missed, wave

import slopenet as sn


@pytest.mark.parametrize("seed", range(3))
def test_the_evidence_learns_the_function_and_not_the_noise(seed: int) -> None:
    X, y, _ = wave(120, noise=0.3, seed=seed)
    found = sn.fit(X, y, hidden=(20, 20), rng=seed)
    assert missed(found.network) < 0.4
    by_heart = sn.fit(X, y, hidden=(20, 20), l2=1e-6, rng=seed)
    assert missed(by_heart.network) > 1.5 * missed(found.network)
    assert "by the evidence" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_nothing_but_noise_is_learned_as_little_but_a_constant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(200, 3)), rng.normal(size=200)
    found = sn.fit(X, y, hidden=(10,), rng=seed)
    assert found.network(X).std() < 0.6 * y.std()
    assert "no more than a constant" in found.reason


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("noisy", ["values", "slopes"])
@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_noisy_values_or_slopes_weigh_less(noisy: str, seed: int) -> None:
    X, y, T = wave(100, noise=0.3 * (noisy == "values"), seed=seed)
    T = T + 0.3 * (noisy == "slopes") * np.random.default_rng(seed + 100).normal(size=T.shape)
    settings: Any = {"hidden": (12, 12), "restarts": 1, "rng": seed}
    found = sn.fit(X, y, T, **settings)
    fair = sn.fit(X, y, T, slope_weight=1, **settings)
    assert missed(found.network) < 0.8 * missed(fair.network)
    sentence = "Slopes weigh " + ("10" if noisy == "values" else "0.")
    assert sentence in found.reason
    assert "their share, by the evidence" in found.reason
    assert "Slopes weigh" not in fair.reason


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_slopes_of_mostly_noise_hardly_count(seed: int) -> None:
    X, y, T = wave(100, seed=seed)
    T = T + np.random.default_rng(seed + 100).normal(size=T.shape)
    settings: Any = {"hidden": (12, 12), "restarts": 1, "rng": seed}
    found = sn.fit(X, y, T, **settings)
    fair = sn.fit(X, y, T, slope_weight=1, **settings)
    assert missed(found.network) < 0.5 * missed(fair.network)
    assert "Slopes weigh 0.0" in found.reason


def test_nine_points_with_slopes_of_rosenbrock() -> None:
    axis = np.linspace(-np.pi, np.pi, 3)
    X = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

    def f(X: np.ndarray) -> np.ndarray:
        return (1 - X[:, 0]) ** 2 + 100 * (X[:, 1] - X[:, 0] ** 2) ** 2

    curve = 200 * (X[:, 1] - X[:, 0] ** 2)
    T = np.column_stack([-2 * (1 - X[:, 0]) - 2 * X[:, 0] * curve, curve])
    fine = np.linspace(-np.pi, np.pi, 100)
    unseen = np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    for seed in range(2):
        net = sn.fit(X, f(X), T, hidden=(12, 12), rng=seed).network
        error = net(unseen)[:, 0] - f(unseen)
        assert 1 - (error**2).sum() / ((f(unseen) - f(unseen).mean()) ** 2).sum() > 0.98

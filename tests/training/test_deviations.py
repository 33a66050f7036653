"""Values and slopes of known standard deviations: the surer ones count more."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import slopenet as sn

METHODS = ["lm", "lbfgs", "adam", "sgd"]
GRID = np.linspace(-3, 3, 200)[:, None]
EPOCHS = {"lm": None, "lbfgs": None, "adam": 300, "sgd": 1500}


def waves(n: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, Any]:
    """X (n, 1), sin (n,), cos (n, 1), and a generator."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-3, 3, (n, 1))
    return X, np.sin(X[:, 0]), np.cos(X), rng


def error(fit: sn.Fit) -> float:
    return float(np.sqrt(np.mean((fit.network(GRID)[:, 0] - np.sin(GRID[:, 0])) ** 2)))


@pytest.mark.parametrize("method", METHODS)
def test_noisy_values_count_less(method: str) -> None:
    X, y, _, rng = waves()
    std = np.where(np.arange(120) % 2, 1.0, 0.01)
    y = y + std * rng.normal(size=120)
    common: dict[str, Any] = {"hidden": (10,), "method": method, "rng": 0}
    common |= {"epochs": EPOCHS[method], "l2": "auto" if method == "lm" else 1e-5}
    if method in ("adam", "sgd"):
        common |= {"batch_size": 16, "learning_rate": 1e-2}
    known = error(sn.fit(X, y, y_std=std, validation=(GRID, np.sin(GRID)), **common))
    unknown = error(sn.fit(X, y, validation=(GRID, np.sin(GRID)), **common))
    assert known < unknown / 2, (known, unknown)


@pytest.mark.parametrize("method", ["lm", "lbfgs"])
def test_noisy_slopes_count_less(method: str) -> None:
    X, y, dydx, rng = waves(20)
    std = np.where(np.arange(20) % 2, 3.0, 0.01)[:, None]
    dydx = dydx + std * rng.normal(size=(20, 1))
    common: dict[str, Any] = {"hidden": (10,), "method": method, "l2": 1e-6, "rng": 0}
    known = error(sn.fit(X, y, dydx, dydx_std=std, **common))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sn.SlopeWarning)
        unknown = error(sn.fit(X, y, dydx, **common))
    assert known < unknown / 3, (known, unknown)


def test_known_deviations_give_the_balance_of_values_and_slopes() -> None:
    """Values hardly say anything here, slopes everything; the values alone fix the constant."""
    X, y, dydx, rng = waves(60)
    y, dydx = y + 0.5 * rng.normal(size=60), dydx + 1e-3 * rng.normal(size=(60, 1))
    known = sn.fit(X, y, dydx, y_std=0.5, dydx_std=1e-3, hidden=(10,), rng=0)
    even = sn.fit(X, y, dydx, slope_weight=1.0, hidden=(10,), rng=0)
    assert "Slopes weigh" not in known.reason
    assert error(known) < error(even) / 1.3
    slopes = np.abs(known.network.jacobian(GRID)[:, 0] - np.cos(GRID)).max()
    assert slopes < 0.02


def test_the_balance_is_still_found_where_only_one_kind_is_known() -> None:
    X, y, dydx, rng = waves(60)
    y, dydx = y + 0.5 * rng.normal(size=60), dydx + 1e-3 * rng.normal(size=(60, 1))
    for given in ({"y_std": 0.5}, {"dydx_std": 1e-3}):
        assert "Slopes weigh" in sn.fit(X, y, dydx, **given, hidden=(10,), rng=0).reason


@pytest.mark.parametrize("method", METHODS)
def test_one_deviation_for_all_values_changes_nothing(method: str) -> None:
    X, y, _, _ = waves(30)
    common: dict[str, Any] = {"hidden": (4,), "epochs": 20, "method": method, "rng": 0}
    assert sn.fit(X, y, y_std=0.3, **common).network == sn.fit(X, y, **common).network


@pytest.mark.parametrize("method", METHODS)
def test_only_ratios_of_deviations_count(method: str) -> None:
    X, y, dydx, rng = waves(30)
    stds = rng.uniform(0.1, 1, 30), rng.uniform(0.1, 1, (30, 1))
    common: dict[str, Any] = {"hidden": (4,), "epochs": 20, "method": method, "rng": 0}
    one = sn.fit(X, y, dydx, y_std=stds[0], dydx_std=stds[1], **common)
    other = sn.fit(X, y, dydx, y_std=16 * stds[0], dydx_std=16 * stds[1], **common)
    assert one.network == other.network


@pytest.mark.parametrize("method", METHODS)
def test_values_and_slopes_of_infinite_deviation_are_not_looked_at(method: str) -> None:
    X, y, dydx, _ = waves(30)
    y_std, dydx_std = np.where(np.arange(30) % 3, 0.1, np.inf), np.full((30, 1), 0.1)
    dydx_std[::4] = np.inf
    common: dict[str, Any] = {"y_std": y_std, "dydx_std": dydx_std, "hidden": (4,), "rng": 0}
    common |= {"method": method, "epochs": 20}
    wild = np.where(np.isinf(y_std), 1e9, y), np.where(np.isinf(dydx_std), -1e9, dydx)
    missing = np.where(np.isinf(y_std), np.nan, y), np.where(np.isinf(dydx_std), np.nan, dydx)
    one, other = sn.fit(X, *wild, **common), sn.fit(X, *missing, **common)
    assert one.network == other.network


def test_an_output_known_by_its_slopes_alone_is_learned_but_for_a_constant() -> None:
    X, y, dydx, _ = waves(40)
    both = np.stack([y, np.full(40, np.nan)], axis=1)
    slopes = np.stack([dydx, dydx], axis=1)
    net = sn.fit(X, both, slopes, y_std=[0.1, np.inf], dydx_std=0.1, hidden=(10,), rng=0).network
    np.testing.assert_allclose(net.jacobian(GRID)[:, 1], np.cos(GRID), atol=0.02)
    np.testing.assert_allclose(net(GRID)[:, 0], np.sin(GRID[:, 0]), atol=0.02)


def test_weighted_rows_with_deviations_are_repeated_rows() -> None:
    X, y, dydx, rng = waves(30)
    stds = rng.uniform(0.1, 1, 30), rng.uniform(0.1, 1, (30, 1))
    counts = rng.integers(0, 4, 30)
    copies = np.repeat(np.arange(30), counts)
    common: dict[str, Any] = {"hidden": (4,), "epochs": 20, "rng": 0}
    one = sn.fit(X, y, dydx, y_std=stds[0], dydx_std=stds[1], sample_weight=counts, **common)
    given = [array[copies] for array in (X, y, dydx, *stds)]
    other = sn.fit(*given[:3], y_std=given[3], dydx_std=given[4], **common)
    assert one.network == other.network


def test_declared_noise_of_slopes_is_not_reported() -> None:
    X, y, dydx, rng = waves(100)
    dydx = dydx + rng.normal(size=dydx.shape)
    with pytest.warns(sn.SlopeWarning, match="look noisy"):
        sn.fit(X, y, dydx, hidden=(4,), epochs=2, rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sn.fit(X, y, dydx, dydx_std=1.0, hidden=(4,), epochs=2, rng=0)
    with pytest.warns(sn.SlopeWarning, match="wrong sign"):
        sn.fit(X, y, -np.cos(X), dydx_std=1.0, hidden=(4,), epochs=2, rng=0)

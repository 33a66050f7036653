"""The loop reaches minima, repeats itself, takes slopes, failures and known data, and stops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slopenet.optimize import minimise

BOUNDS = [(-2.0, 2.0), (-1.0, 3.0)]
AT = np.array([0.5, 1.2])


def bowl(x: np.ndarray) -> float:
    d = x - AT
    return float(1 - np.exp(-0.5 * d @ d) + 0.05 * np.sin(3 * d[0]) ** 2)


def with_slopes(x: np.ndarray) -> tuple[float, np.ndarray]:
    d = x - AT
    slopes = np.exp(-0.5 * d @ d) * d
    slopes[0] += 0.3 * np.sin(3 * d[0]) * np.cos(3 * d[0])
    return bowl(x), slopes


def quick(function: Any = with_slopes, evaluations: int = 6, **more: Any) -> Any:
    settings = {"slopes": function is with_slopes, "rng": 0, "fit_settings": {"hidden": 64}}
    return minimise(function, BOUNDS, evaluations, **(settings | more))


def test_a_minimum_is_reached_with_slopes_in_twelve_evaluations() -> None:
    found = quick(evaluations=12)
    assert found.value < 1e-2
    np.testing.assert_allclose(found.x, AT, atol=0.1)
    assert found.X.shape == found.dydx.shape == (12, 2)
    assert found.value == found.y.min() == bowl(found.x)
    assert found.network.std(AT).shape == (1,)


def test_a_minimum_is_reached_without_slopes() -> None:
    found = quick(bowl, 20)
    assert found.value < 3e-2
    assert found.dydx is None


def test_all_points_are_in_the_box_and_differ() -> None:
    found = quick(evaluations=9, batch=2)
    low, high = np.transpose(BOUNDS)
    assert np.all((low <= found.X) & (found.X <= high))
    distances = np.abs(found.X[:, None] - found.X).max(axis=2)[np.triu_indices(9, 1)]
    assert distances.min() > 1e-6


def test_the_same_seed_gives_the_same_points() -> None:
    first, again = quick(), quick()
    np.testing.assert_array_equal(first.X, again.X)
    assert np.any(first.X != quick(rng=1).X)


def test_evaluations_that_fail_are_unknown_and_left_alone() -> None:
    def sometimes(x: np.ndarray) -> tuple[float, Any]:
        return with_slopes(x) if x[0] > -0.5 else (np.nan, [np.nan, np.nan])

    found = quick(sometimes, 10, slopes=True)
    assert np.isnan(found.y).any()
    assert np.isfinite(found.value)
    failed = found.X[np.isnan(found.y)]
    assert len(np.unique(failed, axis=0)) == len(failed)


def test_a_failed_value_with_known_slopes_is_learned_from() -> None:
    def without_value(x: np.ndarray) -> tuple[float, Any]:
        value, slopes = with_slopes(x)
        return (value if x[0] > -0.5 else np.nan), slopes

    found = quick(without_value, 10, slopes=True)
    assert np.isnan(found.y).any()
    assert found.network.card.rows == 10


def test_known_evaluations_come_first_and_are_not_counted() -> None:
    X = np.random.default_rng(3).uniform(*np.transpose(BOUNDS), (5, 2))
    y, dydx = zip(*map(with_slopes, X), strict=True)
    asked: list[float] = []
    found = quick(evaluations=3, start=(X, y, dydx), callback=lambda x, value: asked.append(value))
    np.testing.assert_array_equal(found.X[:5], X)
    assert len(found.y) == 8
    assert len(asked) == 3


def test_the_callback_stops() -> None:
    assert len(quick(evaluations=30, callback=lambda x, value: value < 0.5).y) < 30
    found = quick(callback=lambda x, value: True)
    assert len(found.y) == 1
    assert found.network is None


@pytest.mark.parametrize(
    ("function", "slopes", "message"),
    [
        (bowl, True, "must return a pair of its value and its gradient, got"),
        (lambda x: (0.0, [1.0]), True, r"gradient must have shape \(2,\), got \(1,\)"),
        (lambda x: np.inf, False, "must return a finite number, or NaN where it fails"),
        (lambda x: [1.0, 2.0], False, "must return a finite number"),
        (lambda x: np.nan, False, "at least two evaluations must succeed before the first fit"),
    ],
)
def test_what_a_function_must_not_return(function: Any, slopes: bool, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quick(function, slopes=slopes)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"evaluations": 0}, "evaluations must be a whole number of at least 1"),
        ({"batch": 0}, "batch must be a whole number of at least 1"),
        ({"initial": -1}, "initial must be a whole number of at least 0"),
        ({"start": ([[0.0]], [1.0])}, r"start\[0\] must have shape"),
        ({"start": ([[0.0, 1.0]], [1.0, 2.0])}, r"start\[1\] must have shape"),
    ],
)
def test_arguments_are_checked(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quick(**more)

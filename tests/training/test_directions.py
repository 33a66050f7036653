"""Slopes along directions, and weights of single slopes, as `fit` takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from waves import missed, wave

import slopenet as sn


def test_slopes_along_the_axes_are_slopes() -> None:
    X, y, T = wave(40)
    settings: dict[str, Any] = {"hidden": (8,), "method": "lbfgs", "epochs": 10, "rng": 0}
    axes = sn.fit(X, y, directions=np.eye(3), along=T, **settings).network
    full = sn.fit(X, y, T, **settings).network
    np.testing.assert_allclose(axes(X), full(X), rtol=1e-5, atol=1e-6)


def test_one_slope_a_row_along_a_direction_of_its_own() -> None:
    X, y, T = wave(60)
    v = np.random.default_rng(1).normal(size=X.shape)
    with_slopes = sn.fit(X, y, directions=v, along=(v * T).sum(axis=1), hidden=(20,), rng=0)
    assert "values and slopes" in with_slopes.reason
    assert missed(with_slopes.network) < missed(sn.fit(X, y, hidden=(20,), rng=0).network)


def test_weights_of_single_slopes_as_missing_ones() -> None:
    """A weight of 0 is a missing slope, whatever its number."""
    X, y, T = wave(30)
    settings: dict[str, Any] = {"hidden": (6,), "method": "lbfgs", "epochs": 40, "rng": 0}
    weight = np.ones((30, 1, 3))
    weight[::2, :, 1] = 0
    gap = T.copy()
    gap[::2, 1] = np.nan
    weighed = sn.fit(X, y, gap, slope_weight=weight, **settings).network
    np.testing.assert_array_equal(
        weighed(X), sn.fit(X, y, gap, slope_weight=1.0, **settings).network(X)
    )

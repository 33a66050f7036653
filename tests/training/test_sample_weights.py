"""A weight of k and a row given k times give the same network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

RNG = np.random.default_rng(0)
X = RNG.uniform(-2, 2, (40, 2))
Y = np.sin(X[:, 0]) * X[:, 1] + 0.1 * RNG.normal(size=40)
T = np.stack([np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0])], axis=1)
T[3, 1] = np.nan
COUNTS = RNG.integers(0, 5, 40)
COPIES = RNG.permutation(np.repeat(np.arange(40), COUNTS))
SHORT: dict[str, Any] = {"hidden": (6,), "epochs": 40, "rng": 0}


@pytest.mark.parametrize("slopes", [True, False], ids=["slopes", "values"])
@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam", "sgd"])
def test_weighted_and_repeated_rows_give_one_network(method: str, slopes: bool) -> None:
    given = (X, Y, T) if slopes else (X, Y)
    weighted = sn.fit(*given, sample_weight=COUNTS, method=method, **SHORT)
    repeated = sn.fit(*(array[COPIES] for array in given), method=method, **SHORT)
    assert weighted.network == repeated.network
    assert weighted.reason == repeated.reason
    assert f"of {np.count_nonzero(COUNTS)} rows that count as {COUNTS.sum()}" in weighted.reason


@pytest.mark.parametrize("method", ["lm", "lbfgs"])
def test_default_settings_hold_out_the_same_rows(method: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, (250, 1))
    y = np.sin(2 * x[:, 0]) + 0.05 * rng.normal(size=250)
    counts = rng.integers(1, 3, 250)
    copies = rng.permutation(np.repeat(np.arange(250), counts))
    common: dict[str, Any] = {"method": method, "epochs": 15, "rng": 0}
    weighted = sn.fit(x, y, sample_weight=counts, **common)
    repeated = sn.fit(x[copies], y[copies], **common)
    assert ("25 more held out" in weighted.reason) == (method == "lbfgs")
    grid = np.linspace(-2, 2, 50)[:, None]
    np.testing.assert_allclose(weighted.network(grid), repeated.network(grid), rtol=1e-6)


def test_every_row_twice_makes_the_fit_surer() -> None:
    """With the same rows, counted twice, the evidence is for less shrinking."""
    rng = np.random.default_rng(2)
    x = rng.uniform(-2, 2, (30, 1))
    y = np.sin(2 * x[:, 0]) + 0.3 * rng.normal(size=30)
    misses = [
        np.mean((sn.fit(x, y, hidden=(10,), sample_weight=k, rng=0).network(x)[:, 0] - y) ** 2)
        for k in (1, 20)
    ]
    assert misses[1] < 0.9 * misses[0]


def test_half_rows_count_half() -> None:
    """The first row as two halves, and the second one twice."""
    halves, whole = [0, 0, *range(1, 40)], [0, 1, *range(1, 40)]
    weight = np.array([0.5, 0.5, 2.0, *np.ones(38)])
    one = sn.fit(X[whole], Y[whole], T[whole], **SHORT)
    other = sn.fit(X[halves], Y[halves], T[halves], sample_weight=weight, **SHORT)
    assert one.network == other.network


def test_a_checkpoint_of_weighted_rows_resumes_with_repeated_rows(tmp_path: Any) -> None:
    path = tmp_path / "run.npz"
    sn.fit(X, Y, sample_weight=COUNTS, checkpoint=path, **SHORT)
    again = sn.fit(X[COPIES], Y[COPIES], checkpoint=path, **SHORT)
    assert again.network == sn.fit(X, Y, sample_weight=COUNTS, **SHORT).network

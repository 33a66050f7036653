"""The clause on what limits a fit: too few epochs, too few rows, or noise."""

import re

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.outlook import with_outlook
from slopenet.training.quality import FitErrors


def data(n: int, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (n, 2))
    return X, np.sin(3 * X[:, 0]) * X[:, 1] + noise * rng.normal(size=n)


def of(values: float, rows: str = "left out") -> FitErrors:
    return FitErrors(np.array([values]), np.full((1, 1), np.nan), rows)


def test_the_size_of_noise_is_named() -> None:
    X, y = data(150, noise=0.1)
    fit = sn.fit(X, y, rng=0)
    said = re.fullmatch("noise of about (.*) %", fit.errors.outlook)
    assert said is not None
    assert float(said[1]) == pytest.approx(100 * 0.1 / y.std(), rel=0.25)
    assert fit.errors.verdict.endswith(f"; {fit.errors.outlook}")


def test_detail_is_told_from_noise_where_rows_are_dense() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 400)
    y = 3 * x + 0.5 * np.sin(24 * np.pi * x) + 0.1 * rng.normal(size=400)
    line = sn.fit(x[:, None], y, hidden=(1,), rng=0)
    assert line.errors.outlook.startswith("detail that the network does not follow")
    assert sn.fit(x[:, None], y, rng=0).errors.outlook.startswith("noise of about")


def test_where_rows_are_sparse_noise_may_be_detail() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (80, 6))
    fit = sn.fit(X, X.sum(axis=1) + 0.5 * rng.normal(size=80), hidden=(2,), rng=0)
    assert fit.errors.outlook.endswith(", or detail that is too fine for the network")


def test_few_rows_without_noise_ask_for_more() -> None:
    fit = sn.fit(*data(12), rng=0)
    assert fit.errors.outlook.endswith("more rows would help")


def test_many_rows_without_noise_need_nothing() -> None:
    assert not sn.fit(*data(150), rng=0).errors.outlook


@pytest.mark.parametrize(("method", "epochs"), [("lm", 5), ("lbfgs", 20)])
@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_fit_that_was_cut_short_asks_for_more_epochs(method, epochs, validation) -> None:
    short = sn.fit(
        *data(150), method=method, hidden=(8,), epochs=epochs, validation=validation, rng=0
    )
    assert short.errors.outlook == "still improving: more epochs would help"


def test_a_fit_that_ended_by_itself_or_by_its_schedule_does_not_ask() -> None:
    for method in ("lm", "adam"):
        fit = sn.fit(*data(80, noise=0.1), method=method, hidden=(4,), rng=0)
        assert "epochs" not in fit.errors.outlook


def test_rows_learned_from_alone_say_nothing() -> None:
    assert not with_outlook(of(0.1, "learned from"), of(0.1), improving=False).outlook
    assert with_outlook(None, of(0.1), improving=True) is None


def test_slopes_alone_have_an_outlook_too() -> None:
    X, _ = data(60)
    rng = np.random.default_rng(1)
    dydx = np.stack([2 * X[:, 0], X[:, 1] ** 2], axis=1) + 0.1 * rng.normal(size=X.shape)
    fit = sn.fit(X, np.full(60, np.nan), dydx, rng=0)
    assert fit.errors.outlook.startswith("noise of about")

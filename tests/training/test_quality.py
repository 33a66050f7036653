"""Errors of a fit, and the warning of a poor one."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.quality import FitErrors, doubt


def data(n: int = 40, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (n, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1] + noise * rng.normal(size=n)
    dydx = np.stack([3 * np.cos(3 * X[:, 0]) * X[:, 1], np.sin(3 * X[:, 0])], axis=1)
    return X, y, dydx


def test_rows_left_out_are_missed_by_the_noise() -> None:
    X, y, _ = data(120, noise=0.1)
    fit = sn.fit(X, y, rng=0)
    assert fit.errors.rows == "left out"
    assert fit.errors.values * y.std() == pytest.approx(0.1, rel=0.35)
    assert fit.errors.r2 == pytest.approx(1 - fit.errors.values**2)


@pytest.mark.parametrize("hidden", ["auto", (8,)])
def test_slopes_have_errors_of_their_own(hidden: object) -> None:
    X, y, dydx = data()
    fit = sn.fit(X, y, dydx, hidden=hidden, rng=0)
    assert fit.errors.slopes.shape == (1, 2)
    assert np.all(fit.errors.slopes < 0.1)
    assert "slopes" in fit.errors.verdict


def test_errors_are_those_of_the_rows_held_out() -> None:
    X, y, _ = data(60)
    held = data(200)[:2]
    fit = sn.fit(X, y, validation=held, rng=0)
    missed = fit.network(held[0])[:, 0] - held[1]
    assert fit.errors.rows == "held out"
    assert fit.errors.values == pytest.approx(np.sqrt(np.mean(missed**2)) / held[1].std())


def test_nothing_to_learn_is_warned_of_by_the_name_of_the_output() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(40, 2)), rng.normal(size=40)
    with pytest.warns(sn.FitWarning, match="^drag: the fit is hardly better than a constant"):
        sn.fit(X, y, rng=0, output_names=["drag"])


def test_a_good_fit_is_not_warned_of() -> None:
    errors = FitErrors(np.array([0.6, 0.1]), np.full((2, 1), np.nan), "left out")
    assert doubt(errors, None, (100, 2), slopes=False) == ""
    errors = FitErrors(np.array([0.6, 0.7]), np.full((2, 1), np.nan), "left out")
    assert doubt(errors, None, (100, 2), slopes=False).startswith("output 1: ")


@pytest.mark.parametrize(
    ("shape", "slopes", "least"),
    [
        ((3, 4), True, 0.0),
        ((4, 4), False, 0.0),
        ((4, 4), True, 0.65),
        ((12, 4), False, 0.1),
        ((12, 4), True, 0.65),
    ],
)
def test_few_rows_do_not_vouch_for_a_fit(shape, slopes, least) -> None:
    for error in (0.0, 0.09, 0.11, 0.64, 0.66):
        errors = FitErrors(np.array([error]), np.full((1, 1), np.nan), "left out")
        assert bool(doubt(errors, None, shape, slopes=slopes)) == (error >= least)
        held_out = FitErrors(np.array([error]), np.full((1, 1), np.nan), "held out")
        assert bool(doubt(held_out, None, shape, slopes=slopes)) == (error >= 0.65)


def test_as_many_rows_as_inputs_are_warned_of() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(3, 4))
    with pytest.warns(sn.FitWarning, match="^3 rows in 4 inputs are too few to say"):
        sn.fit(X, X.sum(axis=1), np.ones((3, 4)), rng=0)


def test_a_network_of_too_few_sines_does_not_hide_behind_its_process() -> None:
    X, y, _ = data(60)
    errors = [sn.fit(X, y, method="kriging", hidden=m, rng=0).errors for m in (3, 100)]
    T, truth, _ = data(400)
    missed = sn.fit(X, y, method="kriging", hidden=3, rng=0).network(T)[:, 0] - truth
    assert errors[0].values[0] > 0.3 * np.std(missed) / truth.std()
    assert errors[1].values[0] < 0.1 * errors[0].values[0]


def test_rows_that_also_chose_many_length_scales_do_not_vouch_for_them() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (11, 6))
    y = np.exp(4 * np.sin(2 * X @ rng.normal(size=6)) / 3) + rng.normal(size=11)
    with pytest.warns(sn.FitWarning, match="hardly better than a constant"):
        fit = sn.fit(X, y, rng=0, method="kriging")
    assert fit.errors is not None
    assert fit.errors.values[0] > 0.65


def test_rows_at_the_corners_are_no_false_alarm() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
    X = np.concatenate([corners, rng.uniform(-1, 1, (56, 2))])

    def f(x: np.ndarray) -> np.ndarray:
        return np.exp(x[:, 0]) * np.sin(2 * x[:, 1])

    dydx = np.stack([f(X), 2 * np.exp(X[:, 0]) * np.cos(2 * X[:, 1])], axis=1)
    fit = sn.fit(X, f(X), dydx, hidden=(16, 16), method="lm", rng=0)
    assert fit.errors is not None
    assert fit.errors.rows == "left out"
    assert np.nanmax(fit.errors.values) < 0.02
    assert np.nanmax(fit.errors.slopes) < 0.02

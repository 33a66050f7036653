"""Student's t as a loss: its weights, its density, and the spread that it finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from residuals import KINDS, case
from scipy.stats import t as student

from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.parameters import count
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.robust import FREEDOMS, RobustLeastSquares, Spread, _spread

SIZES = (2, 5, 1)
SPECS = [normalise("tanh"), normalise("identity")]


def problem(
    sample_weight: np.ndarray | None = None, *, samples: float | None = None, slopes: bool = True
) -> tuple[RobustLeastSquares, np.ndarray, Data]:
    """Values and slopes without a pattern, some of them far off, and some θ."""
    rng = np.random.default_rng(0)
    y, dydx = rng.normal(size=(30, 1)), rng.normal(size=(30, 1, 2))
    y[3], dydx[4, 0, 1], dydx[5, 0, 0] = 40.0, -30.0, np.nan
    data = Data(rng.normal(size=(30, 2)), y, dydx if slopes else None, sample_weight)
    found = RobustLeastSquares(SIZES, SPECS, data, np.ones((1, 2)), samples=samples)
    return found, 0.5 * rng.normal(size=count(SIZES)), data


def plain_residuals(data: Data, theta: np.ndarray) -> np.ndarray:
    """The residuals (N, columns) without weights, times √N; 0 for a missing slope."""
    plain = LeastSquares(SIZES, SPECS, replace(data, sample_weight=None), np.ones((1, 2)))
    r = next(plain.blocks(theta))[0].reshape(len(data), -1)
    return np.asarray(r * np.sqrt(len(data)))


def spread(r: np.ndarray, *freedoms: float) -> Spread:
    return _spread(r, np.ones(r.shape), freedoms or FREEDOMS)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_sigma_is_the_most_likely_one(freedom: float) -> None:
    rng = np.random.default_rng(0)
    for r in (rng.normal(size=50), rng.standard_cauchy(80), 1e-9 * rng.normal(size=33)):
        unit = np.median(np.abs(r))
        found = spread(r, freedom)
        wanted = unit * student.fit(r / unit, fdf=freedom, floc=0)[2]
        assert found.sigma == pytest.approx(wanted, rel=1e-3)
        log_density = student.logpdf(r, freedom, scale=found.sigma).sum()
        assert found.log_density == pytest.approx(log_density, rel=1e-9)


def test_outliers_make_the_freedom_small() -> None:
    r = np.random.default_rng(0).normal(size=400)
    assert spread(r).freedom == 16
    assert spread(np.append(r, 20 * np.ones(40))).freedom == 1
    of_each = [spread(r, freedom).log_density for freedom in FREEDOMS]
    assert spread(r).log_density == max(of_each)


def test_the_spread_of_repeated_residuals_is_that_of_counted_ones() -> None:
    r, counts = np.random.default_rng(0).normal(size=20), np.arange(20) % 4
    found, wanted = _spread(r, counts), spread(np.repeat(r, counts))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_the_spread_of_nothing_and_of_zeros_is_a_number() -> None:
    assert _spread(np.ones(3), np.zeros(3)).sigma == 1
    assert 0 < spread(np.zeros(9)).sigma < 1e-15
    assert 0 < spread(np.append(np.zeros(9), 1e6)).sigma < 1e-15


def test_weights_follow_from_the_spread_of_values_and_of_slopes() -> None:
    f, theta, data = problem()
    f.reweigh(theta)
    r = plain_residuals(data, theta)
    known = np.isfinite(np.hstack([data.y, data.dydx[:, 0]]))  # type: ignore[index]
    for columns in (slice(0, 1), slice(1, 3)):
        of_kind = r[:, columns][known[:, columns]]
        found = spread(of_kind)
        squares = (of_kind / found.sigma) ** 2
        wanted = (found.freedom + 1) / (found.freedom + squares)
        np.testing.assert_allclose(f._w[:, columns][known[:, columns]], wanted, rtol=1e-5)
        assert (wanted * squares).mean() == pytest.approx(1, rel=1e-5)
    assert f.outliers(theta) == (1, 1)


def test_a_lower_reweighted_cost_is_a_higher_density() -> None:
    """½ Σ w u² rises at least as much as Σ -log t, at any other θ."""
    f, theta, data = problem(slopes=False)
    f.reweigh(theta)
    found = spread(plain_residuals(data, theta))
    rng = np.random.default_rng(1)
    for step in (1e-2, 0.3, 3.0):
        other = theta + step * rng.normal(size=theta.size)
        rise = 30 * (f.value(other) - f.value(theta)) / found.sigma**2
        log_t = [
            student.logpdf(plain_residuals(data, x) / found.sigma, found.freedom).sum()
            for x in (theta, other)
        ]
        assert log_t[0] - log_t[1] <= rise + 1e-9


def test_the_shape_completes_the_log_density() -> None:
    f, theta, data = problem(slopes=False)
    found, wanted = [], []
    for at in (theta, 0 * theta, 2 * theta):
        cost = f.reweighed_value(at)
        found.append(f.log_shape - 0.5 * 30 * np.log(cost))
        wanted.append(spread(plain_residuals(data, at)).log_density)
    np.testing.assert_allclose(np.diff(found), np.diff(wanted), rtol=1e-6)


def test_the_gradient_is_that_of_the_reweighted_cost() -> None:
    f, theta, _ = problem()
    f.l2 = 0.01
    gradient, direction = f.linearise(theta).gradient, np.random.default_rng(2).normal(size=21)
    h = 1e-5
    difference = (f.value(theta + h * direction) - f.value(theta - h * direction)) / (2 * h)
    assert gradient @ direction == pytest.approx(difference, rel=1e-7)


def test_counted_rows_have_the_weights_of_repeated_ones() -> None:
    counts = np.arange(30) % 3 + 1.0
    f, theta, data = problem(counts / counts.mean(), samples=counts.sum())
    many = replace(data, sample_weight=None).rows(np.repeat(np.arange(30), counts.astype(int)))
    g = RobustLeastSquares(SIZES, SPECS, many, np.ones((1, 2)))
    assert f.reweighed_value(theta) == pytest.approx(g.reweighed_value(theta), rel=1e-6)
    assert f.log_shape == pytest.approx(g.log_shape, rel=1e-6)
    assert (f.residuals, f.slopes) == (g.residuals, g.slopes)
    assert f.judged(theta) == pytest.approx(g.judged(theta), rel=1e-6)
    assert f.outliers(theta)[0] == g.outliers(theta)[0] == counts[3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_balance_changes_no_weights_and_no_judgement(kind: str) -> None:
    plain, _, data, theta = case((3, 5, 4, 2), kind)
    f = RobustLeastSquares(plain.sizes, [normalise("tanh")] * 2 + [normalise("identity")], data,
                           np.ones((2, 3)), l2=0.01)  # fmt: skip
    f.reweigh(theta)
    w, shape, missed = f._w, f.log_shape, f.left_out(theta)
    for balanced in (f.copy(l2=0.01, balance=4.0), f.copy(l2=0.01, balance=0.01)):
        balanced.reweigh(theta)
        np.testing.assert_allclose(balanced._w, w, rtol=1e-5)
        assert balanced.log_shape == pytest.approx(shape, rel=1e-5)
    assert f.balance == 1
    # where the ridge lets nothing be learned, the residuals left out are all residuals
    f.l2 = 1e12
    assert f.left_out(0 * theta) == pytest.approx(2 * f.judged(0 * theta) / len(data), rel=0.2)
    assert missed > 0


def test_starts_are_judged_by_the_density_of_their_residuals() -> None:
    """Where residuals are normal that is half their mean square; one outlier is worth its log."""
    f, theta, data = problem(slopes=False)
    r = plain_residuals(data, theta)
    wanted = np.exp(-2 * spread(r).log_density / 30) / (2 * np.pi * np.e)
    assert f.judged(theta) == pytest.approx(0.5 * wanted, rel=1e-9)
    rng = np.random.default_rng(0)
    data = replace(data, y=rng.normal(size=(30, 1)), sample_weight=np.full(30, 1.0))
    g = RobustLeastSquares(SIZES, SPECS, data, np.ones((1, 2)))
    square = float((plain_residuals(data, 0 * theta) ** 2).mean())
    assert g.judged(0 * theta) == pytest.approx(0.5 * square, rel=0.05)

"""Values, slopes and weights to learn from: a wrong one is named, and each counts as it should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from public_functions import LEARNERS, NET, T, X, Y, fit

import slopenet as sn


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:4], r"^y must have shape \(5, 1\) or \(5,\), got \(4,\)$"),
        (Y[0], r"^y must have shape \(5, 1\) or \(5,\), got \(\)$"),
        (Y[:, None, None], r"^y must have shape \(5, 1\) or \(5,\), got \(5, 1, 1\)$"),
        ([1, 2, np.nan, 4, 5], r"^y\[2\] is nan; every|^row 2 of y has neither a known value nor"),
        ([1, 2, 3, np.inf, 5], r"^y\[3\] is inf; (every entry of y must be finite|a value is a)"),
        (list("abcde"), "^y has dtype <U1; convert the text to numbers first$"),
        (None, "^y is of type NoneType, not an array of real numbers$"),
    ],
)
@pytest.mark.parametrize("learner", ["fit", "backprop", "sgd"])
def test_values_that_do_not_go_with_x_are_named(learner: str, y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        LEARNERS[learner](X, y)


@pytest.mark.parametrize(
    ("dydx", "message"),
    [
        (T[:4], r"^dydx must have shape \(5, 1, 2\) or \(5, 2\), got \(4, 2\)$"),
        (T[:, :1], r"got \(5, 1\)$"),
        (T[:, 0], r"got \(5,\)$"),
        (T.T, r"got \(2, 5\)$"),
        (np.where(T[3, 1] == T, np.inf, T), r"^dydx\[3, 1\] is inf; a slope is a number, or NaN"),
    ],
)
@pytest.mark.parametrize("learner", ["fit", "backprop"])
def test_slopes_that_do_not_go_with_x_are_named(learner: str, dydx: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LEARNERS[learner](X, Y, dydx)


def test_a_missing_slope_adds_nothing_to_cost_and_gradient() -> None:
    gaps = T.copy()
    gaps[1, 0] = gaps[3] = np.nan
    got = sn.backprop(NET, X, Y, gaps)
    J = NET.jacobian(X)[:, 0]
    value = 0.5 * (NET(X)[:, 0] - Y) ** 2
    slope = 0.5 * np.nansum((J - gaps) ** 2, axis=1)
    assert got.cost == pytest.approx((value + slope).mean(), rel=1e-13)
    filled = sn.backprop(NET, X, Y, np.where(np.isnan(gaps), J, gaps))
    np.testing.assert_allclose(got.dW[0], filled.dW[0], rtol=1e-12)


def test_slopes_that_are_all_missing_count_as_absent() -> None:
    nothing = np.full_like(T, np.nan)
    one, other = fit(X, Y, nothing), fit(X, Y)
    assert one.network == other.network
    given, wanted = sn.backprop(NET, X, Y, nothing), sn.backprop(NET, X, Y)
    assert given.cost == wanted.cost
    np.testing.assert_array_equal(given.dW[0], wanted.dW[0])


def test_backprop_of_a_single_point_drops_the_n_of_everything() -> None:
    one = sn.backprop(NET, X[0], Y[0], T[0])
    row = sn.backprop(NET, X[:1], Y[:1], T[:1])
    assert one.cost == row.cost
    np.testing.assert_array_equal(one.delta[0], row.delta[0][0])
    with pytest.raises(ValueError, match=r"^dydx must have shape \(1, 2\) or \(2,\), got \(3,\)$"):
        sn.backprop(NET, X[0], Y[0], [1, 2, 3])
    with pytest.raises(ValueError, match=r"^y must have shape \(1,\) or \(\), got \(2,\)$"):
        sn.backprop(NET, X[0], [1, 2])


def test_a_constant_input_has_slope_zero_and_disturbs_nothing() -> None:
    for constant in (0.0, 1e6, -1e308, 5e-324):
        wide = np.column_stack([X[:, 0], np.full(5, constant)])
        net = fit(wide, Y, epochs=200).network
        np.testing.assert_array_equal(net.jacobian(wide)[:, 0, 1], 0.0)
        assert np.abs(net(wide)[:, 0] - Y).max() < 0.02


def test_a_constant_input_still_learns_slopes_that_are_given() -> None:
    wide = np.column_stack([X[:, 0], np.full(5, 3.0)])
    slopes = np.column_stack([np.full(5, np.nan), np.full(5, 0.5)])
    net = fit(wide, Y, slopes, epochs=500).network
    np.testing.assert_allclose(net.jacobian(wide)[:, 0, 1], 0.5, atol=0.02)


def test_one_row_is_learned_as_a_constant() -> None:
    net = fit(X[:1], [3.0]).network
    np.testing.assert_allclose(net(X[:1]), [[3.0]], rtol=1e-4)
    np.testing.assert_array_equal(net.jacobian(X[:1]), np.zeros((1, 1, 2)))


@pytest.mark.parametrize("size", [1e308, 1e-310])
def test_columns_too_large_or_small_to_learn_are_named(size: float) -> None:
    scale = np.array([1.0, size])
    with pytest.raises(
        ValueError, match=r"^X\[:, 1\] must spread by 0, or by 1e-150 to 1e\+150, got"
    ):
        fit(np.tanh(X) * scale, Y)
    with pytest.raises(ValueError, match=r"^y\[:, 1\] must spread by 0, or by .*: rescale it$"):
        fit(X, np.tanh(X) * scale)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 1, -1, 1, 1], r"^sample_weight\[2\] is -1\.0; no weight may be negative$"),
        ([0] * 5, "^sample_weight is zero for every sample$"),
        ([1, 1, np.nan, 1, 1], r"^sample_weight\[2\] is nan"),
        ([1, 1], r"^sample_weight must have shape \(5,\) or \(\), got \(2,\)$"),
        ("heavy", "^sample_weight has dtype <U5"),
    ],
)
def test_wrong_sample_weights_are_named(weight: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        fit(sample_weight=weight)


@pytest.mark.filterwarnings("ignore:.*too few to vouch")
@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_sample_of_weight_zero_is_as_if_it_were_not_there(method: str) -> None:
    far = np.vstack([X, [[1e3, 1e3]]])
    got = fit(far, [*Y, 1e6], sample_weight=[1] * 5 + [0], method=method)
    assert got.network == fit(method=method, sample_weight=[1] * 5).network
    assert "of 5 rows" in got.reason


def test_only_ratios_of_sample_weights_below_one_count() -> None:
    weight = np.array([0.5, 1.0, 0.5, 0.25, 0.5])
    one, other = fit(sample_weight=weight), fit(sample_weight=weight * 2.0**-1020)
    assert one.network == other.network
    assert "of 5 rows that count as 2.75" in one.reason


def test_one_sample_weight_serves_all_rows() -> None:
    assert fit(sample_weight=3).network == fit(sample_weight=[3] * 5).network
    assert fit(sample_weight=1).network == fit().network


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((X * np.nan, Y), r"^validation X\[0, 0\] is nan; every entry of validation X must"),
        ((X, Y[:3]), r"^validation y must have shape \(5, 1\) or \(5,\), got \(3,\)$"),
        ((X, Y, T[:3]), r"^validation dydx must have shape \(5, 1, 2\)"),
        ((X[:, :1], Y), "as many inputs and outputs as X and y, 2 and 1, got 1 and 1$"),
    ],
)
def test_validation_data_are_named_as_such(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(validation=given)

"""The weights of the cost follow from the mean squares of the residuals."""

from __future__ import annotations

import numpy as np
import pytest

from slopenet.training.optimizers.reweighing import (
    next_l2,
    next_slope_weights,
    rows_to_judge,
    sum_of_logarithms,
)
from slopenet.training.problem import MeanSquares, Weights

FIRST = Weights(1e-3, np.ones((2, 3)), np.ones(2))
SQUARES = MeanSquares(
    np.array([0.4, 0.1]), np.array([[0.1, 0.2, 0.8], [1.0, 1.0, 1.0]]), np.array([0.2, 0.4])
)


def settled(squares: MeanSquares, first: Weights = FIRST) -> tuple[np.ndarray, np.ndarray]:
    """The weights after many epochs with the same residuals."""
    weights = first.slope_weight, first.dydv_weight
    for _ in range(100):
        weights = next_slope_weights(weights, squares, first)
    return weights


def test_slopes_weigh_as_much_as_their_residuals_are_smaller_than_those_of_the_values() -> None:
    """By half as much, and only where that is a factor of more than 2, up or down."""
    slope_weight, dydv_weight = settled(SQUARES)
    np.testing.assert_allclose(slope_weight, [[2.0, 1.0, 1.0], [0.2, 0.2, 0.2]], rtol=1e-10)
    np.testing.assert_allclose(dydv_weight, [1.0, 0.5], rtol=1e-10)


def test_one_epoch_changes_weights_by_a_part_of_the_way_in_logarithms() -> None:
    once, _ = next_slope_weights((FIRST.slope_weight, FIRST.dydv_weight), SQUARES, FIRST)
    np.testing.assert_allclose(once[0], np.array([2.0, 1.0, 1.0]) ** 0.3, rtol=1e-12)


def test_a_slope_without_residuals_has_a_limited_weight() -> None:
    """An exact column weighs 50 times the mean column; exact slopes 1e4 times their share."""
    one = SQUARES._replace(slopes=np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]))
    slope_weight, _ = settled(one)
    np.testing.assert_allclose(slope_weight[0], [20.0, 0.8, 0.4], rtol=1e-10)
    np.testing.assert_allclose(slope_weight[1], 1e4, rtol=1e-10)
    exact = SQUARES._replace(values=np.zeros(2))
    np.testing.assert_allclose(settled(exact)[0], 1e-4, rtol=1e-10)


def test_weights_of_unknown_slopes_stay_as_they_are() -> None:
    nan = np.nan
    some = MeanSquares(
        np.array([0.4, 0.1]), np.array([[0.1, nan, 0.8], [nan] * 3]), np.array([nan, nan])
    )
    old = np.full((2, 3), 7.0), np.full(2, 5.0)
    slope_weight, dydv_weight = next_slope_weights(old, some, FIRST)
    np.testing.assert_array_equal(slope_weight[[0, 1, 1, 1], [1, 0, 1, 2]], 7.0)
    assert (slope_weight[0, [0, 2]] != 7.0).all()
    np.testing.assert_array_equal(dydv_weight, 5.0)


def test_l2_is_the_noise_of_the_values_times_the_number_of_inputs() -> None:
    assert next_l2(1.0, SQUARES, 100, slopes=False, first=True) == pytest.approx(3 * 0.25 / 100)
    assert next_l2(1.0, SQUARES, 100, slopes=True, first=True) == pytest.approx(0.25 / 100)
    l2 = 1.0
    for _ in range(100):
        before, l2 = l2, next_l2(l2, SQUARES, 100, slopes=False, first=False)
        assert 3 * 0.25 / 100 <= l2 <= before
    assert l2 == pytest.approx(3 * 0.25 / 100)


def test_without_residuals_l2_falls_and_stays_a_number() -> None:
    exact = SQUARES._replace(values=np.zeros(2))
    l2 = next_l2(1.0, exact, 100, slopes=False, first=True)
    assert 0 < l2 < 1e-200
    assert np.isfinite(next_l2(l2, SQUARES, 100, slopes=False, first=False))


def test_residuals_are_taken_on_a_part_of_many_rows_and_on_all_of_a_few() -> None:
    assert [rows_to_judge(n) for n in (10, 300, 2000, 10**6)] == [10, 256, 500, 1024]


def test_the_sum_of_logarithms_leaves_out_unknown_slopes() -> None:
    squares = MeanSquares(np.array([4.0]), np.array([[np.nan, 0.5]]), np.array([np.nan]))
    assert sum_of_logarithms(squares) == pytest.approx(0.5 * np.log(2.0))

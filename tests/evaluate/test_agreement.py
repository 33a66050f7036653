"""One measure of how far two results differ."""

from __future__ import annotations

import numpy as np
import pytest

from slopenet.evaluate.agreement import Agreement, largest_difference, table


def test_the_difference_is_over_the_largest_entry_that_is_wanted() -> None:
    assert largest_difference(np.array([1.0, 2.5, -8.0]), np.array([1.0, 2.0, -8.0])) == 0.5 / 8
    assert largest_difference(np.zeros(2), np.zeros(2)) == 0
    assert largest_difference(np.full(2, 3.0), np.zeros(2)) == 3
    assert largest_difference(np.zeros(0), np.zeros(0)) == 0


def test_the_difference_may_be_over_a_scale_or_one_per_column() -> None:
    got, wanted = np.array([[1.0, 20.0], [3.0, 40.0]]), np.array([[1.0, 20.0], [2.0, 30.0]])
    assert largest_difference(got, wanted, 4.0) == 2.5
    assert largest_difference(got, wanted, np.array([2.0, 30.0])) == 0.5
    assert largest_difference(got, wanted, np.array([0.0, 30.0])) == 1


def test_nan_infinity_and_another_shape_never_agree() -> None:
    inf, nan = np.array([1.0, np.inf]), np.array([1.0, np.nan])
    assert largest_difference(inf, inf) == 0
    assert np.isinf(largest_difference(np.ones(2), inf))
    for got, wanted in ((nan, np.ones(2)), (np.ones(2), nan)):
        assert not Agreement("value", largest_difference(got, wanted), 1.0).ok
    assert largest_difference(np.ones(2), np.ones((2, 1))) == np.inf


def test_float32_is_compared_in_float64() -> None:
    got = np.array([1.0, 1 / 3], np.float32)
    exact = np.array([1.0, 1 / 3])
    assert largest_difference(got, exact) == pytest.approx(9.93e-9, rel=1e-2)


def test_the_lines_of_agreements_stand_in_columns() -> None:
    lines = table([Agreement("value", 1e-16, 1e-12), Agreement("jacobian", 0.5, 1e-12)])
    assert lines == [
        "  value     differs by 1.0e-16 of the largest entry   ok",
        "  jacobian  differs by 5.0e-01 of the largest entry   WRONG",
    ]
    assert str(Agreement("J", 0.0, 0.0)) == "J differs by 0.0e+00 of the largest entry   ok"

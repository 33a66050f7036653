"""Samples are selected by column name, and slopes are found by theirs."""

import numpy as np
import pytest
from small_table import GOOD

from slopenet.tables import (
    TableError,
    read_columns,
    read_samples,
)


def test_columns_come_in_the_order_asked_for(save):
    numbers = read_columns(save(GOOD), ["rho", "T"])
    np.testing.assert_array_equal(numbers, [[16.5, 700], [20, 710]])


def test_slopes_are_found_by_their_names_and_gaps_are_nan(save):
    samples = read_samples(save(GOOD), ["T", "p"], ["rho"])
    assert samples.slopes == ("drho/dT",)
    np.testing.assert_array_equal(samples.dydx, [[[-0.03, np.nan]], [[np.nan, np.nan]]])
    np.testing.assert_array_equal(samples.y, [[16.5], [20]])


def test_each_slope_lands_at_its_output_and_input_whatever_the_column_order(save):
    path = save(b"dv/db,b,du/db,v,dv/da,a,u,du/da\n4,10,2,30,3,20,40,1\n")
    samples = read_samples(path, ["a", "b"], ["u", "v"])
    np.testing.assert_array_equal(samples.X, [[20, 10]])
    np.testing.assert_array_equal(samples.y, [[40, 30]])
    np.testing.assert_array_equal(samples.dydx, [[[1, 2], [3, 4]]])


def test_a_table_without_slopes_or_told_not_to_look_has_none(save):
    assert read_samples(save(GOOD), ["T"], ["p"]).dydx is None
    assert read_samples(save(GOOD), ["T"], ["rho"], slopes=False).dydx is None


def test_rows_of_samples_keep_values_and_slopes_together(save):
    second = read_samples(save(GOOD), ["T"], ["rho"]).rows(slice(1, 2))
    assert second.X == 710
    assert second.y == 20
    assert np.isnan(second.dydx).all()


def test_an_infinite_slope_is_not_a_missing_slope(save):
    with pytest.raises(TableError, match="line 2, column 'drho/dT': 'inf' is not a finite"):
        read_samples(save(b"T,rho,drho/dT\n1,2,inf\n"), ["T"], ["rho"])

"""Means, spreads and sizes of data in parts are those of all rows together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from parts import cut, sample

from slopenet.dataset.dataset import Data
from slopenet.dataset.moments import centre_and_spread, has, root_mean_square
from slopenet.dataset.partitions import Listed
from slopenet.dataset.scaling import Scaling, even_weights, even_weights_over


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [False, True])
def test_means_and_spreads_of_parts_are_those_of_all_rows(weighted, outputs):
    data = sample()
    if weighted:
        data = replace(data, sample_weight=np.random.default_rng(1).uniform(0.1, 2, len(data)))
    whole, parts = Scaling.of(data, outputs=outputs), Scaling.over(cut(data), outputs=outputs)
    for name, value in vars(whole).items():
        np.testing.assert_allclose(vars(parts)[name], value, rtol=1e-14, err_msg=name)
    standard = whole.standardise(data)
    both = even_weights(standard, 0.7), even_weights_over(cut(standard), 0.7)
    np.testing.assert_allclose(both[1][0], both[0][0], rtol=1e-14)


def test_means_and_spreads_are_those_that_numpy_gives_of_the_rows():
    data = sample()
    scaling = Scaling.over(cut(data), outputs=True)
    np.testing.assert_allclose(scaling.m_x, data.X.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(scaling.s_x, data.X.std(axis=0), rtol=1e-13)
    np.testing.assert_allclose(scaling.s_y, data.y.std(axis=0), rtol=1e-13)


def test_slopes_of_one_part_alone_are_taken_with_the_others_values():
    data = sample()
    parts = [data.rows(slice(0, 40)), replace(data.rows(slice(40, 97)), dydx=None)]
    missing = replace(data, dydx=np.where(np.arange(97)[:, None, None] < 40, data.dydx, np.nan))
    whole, found = Scaling.of(missing, outputs=True), Scaling.over(Listed(parts), outputs=True)
    for name, value in vars(whole).items():
        np.testing.assert_allclose(vars(found)[name], value, rtol=1e-14, err_msg=name)


def test_no_square_of_a_column_overflows_or_underflows() -> None:
    x = np.array([[-3e200, 1e-200], [1e200, 3e-200], [2e200, 5e-200]])
    mean, spread = centre_and_spread(Listed([Data(x[:1], x[:1]), Data(x[1:], x[1:])]), "X")
    scale = np.array([1e200, 1e-200])
    np.testing.assert_allclose(mean / scale, (x / scale).mean(axis=0), rtol=0, atol=1e-15)
    np.testing.assert_allclose(spread / scale, (x / scale).std(axis=0), rtol=1e-15)


def test_a_constant_but_for_rounding_has_no_spread() -> None:
    x = np.full((5, 1), 0.1)
    x[2] += 1e-16
    assert centre_and_spread(Listed([Data(x, x)]), "X")[1] == 0


def test_missing_slopes_do_not_count() -> None:
    x, slopes = np.zeros((4, 1)), np.array([3.0, np.nan, 4.0, np.nan])[:, None, None]
    parts = Listed([Data(x, x, slopes), Data(x, x)])
    assert has(parts, "dydx")
    assert not has(parts, "dydv")
    assert root_mean_square(parts, "dydx") == pytest.approx(np.sqrt(12.5), rel=1e-15)
    assert root_mean_square(parts, "dydv") == 0
    weighted = Data(x, x, slopes, sample_weight=np.array([1.0, 5.0, 3.0, 5.0]))
    assert root_mean_square(Listed([weighted]), "dydx") == pytest.approx(np.sqrt(57 / 4), rel=1e-15)


def test_missing_values_have_no_part_in_means_and_spreads() -> None:
    y = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [8.0, np.nan]])
    data = Data(y, y, sample_weight=np.array([1.0, 1.0, 5.0, 2.0]))
    mean, spread = centre_and_spread(Listed([data.rows([0, 1]), data.rows([2, 3])]), "y")
    np.testing.assert_allclose(mean, [5.0, 0.0], rtol=1e-15)
    np.testing.assert_allclose(spread, [np.std([1, 3, 8, 8]), 0.0], rtol=1e-15)

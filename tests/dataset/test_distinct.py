"""Equal rows become one, in an order that does not depend on where their copies stood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slopenet.dataset import distinct as module
from slopenet.dataset.dataset import Data
from slopenet.dataset.distinct import distinct

RNG = np.random.default_rng(0)
T = RNG.normal(size=(6, 1, 2))
T[1, 0, 0] = np.nan
DATA = Data(RNG.normal(size=(6, 2)), RNG.normal(size=(6, 1)), T)
COUNTS = np.array([1.0, 3, 2, 1, 1, 4])


def same(one: Data, other: Data) -> None:
    for name, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


@pytest.mark.parametrize("seed", range(3))
def test_weighted_and_repeated_rows_are_the_same_data_in_any_order(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(6)
    weighted = distinct(replace(DATA, sample_weight=COUNTS).rows(order))
    copies = np.random.default_rng(seed).permutation(np.repeat(np.arange(6), COUNTS.astype(int)))
    same(distinct(DATA.rows(copies)), weighted)
    assert sorted(weighted.sample_weight) == sorted(COUNTS)
    for x, weight in zip(weighted.X, weighted.sample_weight, strict=True):
        assert COUNTS[(DATA.X == x).all(axis=1)] == weight


def test_repeated_rows_add_up_their_weights() -> None:
    data = replace(DATA.rows([0, 1, 0]), sample_weight=np.array([0.5, 1.0, 2.0]))
    got = distinct(data)
    assert (got.count, len(got)) == (3.5, 2)
    halves = distinct(replace(DATA.rows([0, 1, 0]), sample_weight=np.array([0.5, 1.0, 0.5])))
    np.testing.assert_array_equal(halves.sample_weight, [1.0, 1.0])


def test_distinct_rows_stay_as_they_are() -> None:
    assert distinct(DATA) is DATA
    same(distinct(replace(DATA, sample_weight=np.ones(6))), DATA)


@pytest.mark.parametrize("name", ["X", "y", "dydx"])
def test_rows_that_differ_in_one_number_stay_apart(name: str) -> None:
    twice = DATA.rows([2, 2])
    changed = getattr(twice, name).copy()
    changed[1, ..., 0] = np.nextafter(changed[1, ..., 0], np.inf)
    assert len(distinct(replace(twice, **{name: changed}))) == 2
    assert len(distinct(twice)) == 1


def test_zeros_of_both_signs_and_missing_slopes_are_equal() -> None:
    X = np.array([[0.0, 1.0], [-0.0, 1.0]])
    slopes = np.array([np.nan, -np.nan]).reshape(2, 1, 1)
    got = distinct(Data(X, np.zeros((2, 1)), slopes))
    np.testing.assert_array_equal(got.sample_weight, [2.0])


def test_a_missing_slope_is_not_a_known_one() -> None:
    slopes = np.array([np.nan, 0.0]).reshape(2, 1, 1)
    assert len(distinct(Data(np.ones((2, 1)), np.ones((2, 1)), slopes))) == 2


def test_equal_hashes_alone_do_not_merge_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_hashes", lambda data: np.zeros(len(data), np.uint64))
    same(distinct(DATA), DATA)
    got = distinct(DATA.rows([0, 1, 0, 2, 1]))
    assert sorted(got.sample_weight) == [1, 2, 2]
    same(distinct(DATA.rows([1, 0, 2, 1, 0])), got)


def test_copies_are_found_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 4)
    assert len(distinct(DATA.rows([0, 1, 2, 3, 4, 5, 0]))) == 6

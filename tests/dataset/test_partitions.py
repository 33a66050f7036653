"""Data in parts: functions of each part in order, and sums in that order."""

from __future__ import annotations

import numpy as np

from slopenet.dataset.partitions import Listed, total


def test_sums_are_added_in_order_entry_by_entry() -> None:
    big = total([(1e16, np.array([1.0])), (1.0, np.array([2.0])), (-1e16, np.array([3.0]))])
    assert big[0] == (1e16 + 1.0) - 1e16 == 0.0
    np.testing.assert_array_equal(big[1], [6.0])


def test_a_function_of_each_part_is_called_in_order_and_as_results_are_taken() -> None:
    called = []

    def add(part: int, more: int) -> int:
        called.append(part)
        return part + more

    results = Listed([3, 1, 2]).each(add, 10)
    assert next(results) == 13
    assert called == [3]
    assert list(results) == [11, 12]


def test_mapped_parts_stand_in_place_of_the_parts() -> None:
    parts = Listed([3, 1, 2])
    squares = parts.map(pow, 2)
    assert list(squares.each(int)) == [9, 1, 4]
    assert list(parts.each(int)) == [3, 1, 2]

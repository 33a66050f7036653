"""Settings: a value out of range is named, with the requirement and the value."""

from typing import Any

import numpy as np
import pytest

from slopenet.validate import settings


@pytest.mark.parametrize("n", [0, -1, 1.0, 1.5, np.nan, "3", None, True, np.True_, [1], 1j])
def test_a_count_is_a_whole_number_of_at_least_one(n: Any) -> None:
    with pytest.raises(ValueError, match=r"^epochs must be a whole number of at least 1, got "):
        settings.count("epochs", n)


@pytest.mark.parametrize("n", [1, np.int8(1), np.uint64(1), np.array(1)])
def test_every_kind_of_whole_number_counts(n: Any) -> None:
    got = settings.count("epochs", n)
    assert got == 1
    assert type(got) is int


@pytest.mark.parametrize("given", [(0,), (2.5,), (np.nan,), "64", None, 1.5, [[2]], (True,)])
def test_counts_name_the_whole_list(given: Any) -> None:
    with pytest.raises(ValueError, match=r"^hidden must be whole numbers of at least 1, got "):
        settings.counts("hidden", given)


@pytest.mark.parametrize("x", [-1, -0.1, np.nan, np.inf, 10**400, "a", None, True, [1], 1j])
def test_a_number_is_finite_and_in_range(x: Any) -> None:
    with pytest.raises(ValueError, match=r"^l2 must be a finite number of at least 0, got "):
        settings.number("l2", x, closed=True)


def test_a_range_is_open_or_closed() -> None:
    assert settings.number("l2", np.float32(0), closed=True) == 0.0
    with pytest.raises(ValueError, match=r"^l2 must be a finite number greater than 0, got 0$"):
        settings.number("l2", 0)


@pytest.mark.parametrize("given", ["ab", 5, [], ["a", ""], [1, 2]])
def test_names_are_a_sequence_of_texts(given: Any) -> None:
    with pytest.raises(TypeError, match=r"^input_names must be a sequence of names, got "):
        settings.names("input_names", given)


def test_names_are_all_different() -> None:
    with pytest.raises(ValueError, match=r"^input_names must be different names, got a, b, a$"):
        settings.names("input_names", ["a", "b", "a"])
    assert settings.names("input_names", np.array(["a", "b"])) == ("a", "b")


@pytest.mark.parametrize("rng", [-1, 1.5, "a"])
def test_a_seed_is_a_whole_number(rng: Any) -> None:
    with pytest.raises(ValueError, match=r"^rng must be a numpy Generator or a seed .* got "):
        settings.generator(rng)


def test_a_long_value_is_quoted_in_short() -> None:
    with pytest.raises(ValueError) as caught:
        settings.number("l2", np.zeros((300, 300)))
    assert len(str(caught.value)) < 120
    assert "\n" not in str(caught.value)

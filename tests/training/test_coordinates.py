"""Which logarithms are tried, and what is said of columns that are learned as they are."""

from __future__ import annotations

import numpy as np
import pytest
from drag import mixed, sphere

from slopenet.dataset.dataset import Data, Names
from slopenet.training.coordinates import Columns

NAMES = Names(("a", "b"), ("f", "g"))


def columns(*arrays: np.ndarray, plain: bool = True, names: Names = NAMES) -> Columns:
    return Columns(Data(*arrays), None, names, plain=plain)


def labels(found: Columns, setting: str) -> list[str | None]:
    return [None if each is None else each.label for each in found.transforms(setting)]


def test_inputs_are_tried_alone_and_with_the_outputs() -> None:
    X, y, _ = mixed(60)
    assert labels(columns(X, y), "auto") == ["log of a and f", "log of a", None]
    assert labels(columns(X, y), "log") == ["log of a and f"]
    assert labels(columns(X, y), "none") == [None]
    assert not list(columns(X, y).doubts("auto"))


def test_one_wide_column_is_one_transform() -> None:
    X, y, _ = mixed(60)
    first, second = Names(("a", "b"), ("g",)), Names(("b",), ("f", "g"))
    assert labels(columns(X, y[:, 1:], names=first), "auto") == ["log of a", None]
    assert labels(columns(X[:, 1:], y, names=second), "auto") == ["log of f", None]
    X, y, _ = sphere(100)
    unnamed = columns(X, y[:, None], names=Names(None, None))
    assert labels(unnamed, "log") == ["log of X[:, 0] and y[:, 0]"]


@pytest.mark.parametrize("setting", ["auto", "log", "none"])
def test_ordinary_columns_are_left_alone(setting: str) -> None:
    X, y, _ = mixed(60)
    found = columns(X[:, 1:], y[:, 1:] % 1, names=Names(None, None))
    assert labels(found, setting) == [None]
    assert not list(found.doubts(setting))


def test_rows_held_out_must_have_logarithms_too() -> None:
    X, y, _ = mixed(60)
    negative = Data(-X[:5], y[:5])
    found = Columns(Data(X, y), negative, NAMES, plain=True)
    assert labels(found, "auto") == ["log of f", None]
    (sentence,) = found.doubts("auto")
    assert sentence.startswith("a spreads over 5.")
    assert sentence.endswith("has no logarithm, as its values are not of one sign")


@pytest.mark.parametrize("missing", [False, True])
def test_outputs_behind_an_activation_or_with_missing_values_have_none(missing: bool) -> None:
    X, y, _ = mixed(60)
    y = np.where(np.arange(60)[:, None] == 7, [np.nan, 1.0], y) if missing else y
    found = columns(X, y, plain=missing)
    assert labels(found, "auto") == ["log of a", None]
    said = list(found.doubts("auto"))
    assert [s[:2] for s in said] == ["f "]
    assert all("its logarithm needs output='identity'" in s for s in said)


def test_columns_learned_as_they_are_on_request_are_named() -> None:
    X, y, _ = mixed(60)
    said = list(columns(X, y).doubts("none"))
    assert [s.split(" ")[0] for s in said] == ["a", "f"]
    assert all("transform='auto' tries its logarithm" in s for s in said)

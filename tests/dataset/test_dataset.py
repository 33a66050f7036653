"""Data: checked, weighted, and split into rows to train on and rows to hold out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slopenet.dataset.dataset import Data, Names, check_data, split

UNNAMED = Names(None, None)
RNG = np.random.default_rng(0)
X, Y, T = RNG.normal(size=(8, 2)), RNG.normal(size=8), RNG.normal(size=(8, 2))


def everything() -> Data:
    """Data with every array that there can be."""
    return Data(
        *(RNG.normal(size=shape) for shape in ((8, 2), (8, 1), (8, 1, 2), (8,), (8, 1, 2))),
        *(RNG.normal(size=shape) for shape in ((8, 3, 2), (8, 3, 1), (8, 3, 1))),
        *(RNG.uniform(size=shape) for shape in ((8, 1), (8, 1, 2), (8, 1))),
    )


def test_rows_take_their_values_slopes_and_weights() -> None:
    data = everything()
    some = data.rows(np.array([5, 1, 1]))
    assert len(some) == 3
    for name, array in vars(data).items():
        np.testing.assert_array_equal(getattr(some, name), array[[5, 1, 1]])
    assert Data(X, Y[:, None]).rows(np.array([2])).dydx is None


def test_known_values_and_slopes_are_counted_per_output_and_sample() -> None:
    assert Data(X, Y[:, None]).kinds == 1
    assert Data(X, Y[:, None], T[:, None]).kinds == 3
    assert everything().kinds == 1 + 2 + 3


def test_checked_data_have_an_axis_for_every_index() -> None:
    data = check_data(X, Y, T, names=UNNAMED, directions=T, along=Y)
    assert data.dydx is not None
    assert data.directions is not None
    assert data.dydv is not None
    assert (data.y.shape, data.dydx.shape) == ((8, 1), (8, 1, 2))
    assert (data.directions.shape, data.dydv.shape) == ((8, 1, 2), (8, 1, 1))
    assert data.slope_weight is None
    assert check_data(X, Y, None, names=UNNAMED, slope_weight=np.ones((2, 1))).slope_weight is None
    own = check_data(X, Y, T, names=UNNAMED, slope_weight=np.ones((8, 1, 2))).slope_weight
    assert own is not None
    assert own.shape == (8, 1, 2)


def test_rows_of_weight_zero_are_left_out_and_the_rest_keep_their_weights() -> None:
    weight = np.array([0, 1, 2, 0, 3, 2, 1, 3.0])
    data = check_data(X, Y, T, weight, names=UNNAMED)
    np.testing.assert_array_equal(data.X, X[weight > 0])
    assert data.sample_weight is not None
    np.testing.assert_array_equal(data.sample_weight, weight[weight > 0])
    assert (data.count, len(data)) == (12, 6)
    assert check_data(X, Y, T, names=UNNAMED).count == 8


def test_data_that_do_not_fit_are_named_with_the_prefix() -> None:
    with pytest.raises(ValueError, match=r"^validation y must have shape \(8, 1\)"):
        check_data(X, Y[:3], None, names=UNNAMED, prefix="validation ")
    with pytest.raises(ValueError, match=r"^y must have at least one column, got \(8, 0\)$"):
        check_data(X, np.zeros((8, 0)), None, names=UNNAMED)


def test_a_split_holds_out_each_row_once() -> None:
    data = Data(X, Y[:, None])
    train, held_out = split(data, 0.25, UNNAMED, np.random.default_rng(1))
    assert held_out is not None
    assert (len(train), len(held_out)) == (6, 2)
    both = np.concatenate([train.X, held_out.X])
    np.testing.assert_array_equal(np.sort(both[:, 0]), np.sort(X[:, 0]))
    assert split(data, None, UNNAMED, np.random.default_rng(1)) == (data, None)


def test_arrays_to_hold_out_are_checked_too() -> None:
    data = check_data(X, Y, None, names=UNNAMED)
    train, held_out = split(data, (X[:3], Y[:3], T[:3]), UNNAMED, np.random.default_rng(1))
    assert train is data
    assert held_out is not None
    assert held_out.dydx is not None
    assert held_out.dydx.shape == (3, 1, 2)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ((X,), r"^validation must be a share, \(X, y\) or \(X, y, dydx\), got 1 arrays$"),
        (0.99, r"^validation must hold out at least one of 8 rows and leave one, got 0\.99$"),
        (0.01, r"^validation must hold out at least one of 8 rows and leave one, got 0\.01$"),
        (-1, "^validation must be a finite number greater than 0, got -1$"),
        (
            (X[:, :1], Y),
            "^validation must have as many inputs and outputs as X and y, 2 and 1, got",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused(validation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(Data(X, Y[:, None]), validation, UNNAMED, np.random.default_rng(0))


def test_names_are_those_given_or_those_of_data_frames() -> None:
    assert Names.of(X, Y, ["a", "b"], None) == Names(("a", "b"), None)
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame, y = pd.DataFrame(X, columns=["u", "v"]), pd.Series(Y, name="w")
    assert Names.of(frame, y, None, None) == Names(("u", "v"), ("w",))
    assert Names.of(frame, y, ["v", "u"], ["z"]) == Names(("v", "u"), ("z",))

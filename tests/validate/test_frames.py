"""Data frames: columns go by name, never by place, and pd.NA is a missing number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import slopenet as sn

pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 2))
Y = RNG.normal(size=5)
T = RNG.normal(size=(5, 2))
NET = sn.Network.random((2, 3, 1), rng=0, input_names=["a", "b"], output_names=["y"])

QUICK: dict[str, Any] = {"hidden": (3,), "epochs": 5, "rng": 0}

TAKES_X: dict[str, Callable[[Any], Any]] = {
    "call": NET,
    "jacobian": NET.jacobian,
    "value_and_jacobian": lambda x: NET.value_and_jacobian(x)[1],
    "jvp": lambda x: NET.jvp(x, [1.0, 2.0]),
    "vjp": lambda x: NET.vjp(x, [1.0]),
    "backprop": lambda x: sn.backprop(NET, x, Y).dW[0],
    "sgd": lambda x: sn.sgd(NET, x, Y, steps=10, rng=0).costs,
    "check_derivatives": lambda x: list(sn.check_derivatives(NET, x).errors.values()),
}


def fit(X: Any, y: Any, dydx: Any = None, **settings: Any) -> sn.Fit:
    return sn.fit(X, y, dydx, **(QUICK | settings))


FRAME = pd.DataFrame({"b": X[:, 1], "extra": "text", "a": X[:, 0]})


@pytest.mark.parametrize("taker", TAKES_X)
def test_columns_in_another_order_give_the_same_answer(taker: str) -> None:
    np.testing.assert_array_equal(TAKES_X[taker](FRAME), TAKES_X[taker](X))


def test_a_row_of_a_frame_is_one_point_by_name() -> None:
    row = FRAME[["b", "a"]].iloc[2]
    np.testing.assert_array_equal(NET(row), NET(X[2]))
    np.testing.assert_array_equal(NET.derivation(row).x, X[2])
    with pytest.raises(ValueError, match=r"^X has no entry a; it has b, c$"):
        NET(row.rename({"a": "c"}))


def test_vectors_go_by_name_too() -> None:
    v = pd.DataFrame(T, columns=["b", "a"])
    np.testing.assert_array_equal(NET.jvp(X, v), NET.jvp(X, T[:, ::-1]))


def test_a_missing_or_double_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"^X has no column a; it has b, extra$"):
        NET(FRAME[["b", "extra"]])
    with pytest.raises(ValueError, match=r"^X has more than one column named b$"):
        NET(FRAME[["b", "a", "b"]])


@pytest.mark.parametrize("kind", ["Float64", "Int64", "boolean"])
def test_pd_na_is_a_missing_number(kind: str) -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], kind), "b": [1.0, 2.0]})
    np.testing.assert_array_equal(NET(frame[:1]), NET([[1.0, 1.0]]))
    with pytest.raises(ValueError, match=r"^X\[1, 0\] is nan; every entry of X must be finite$"):
        NET(frame)


def test_text_in_a_column_is_named() -> None:
    with pytest.raises(TypeError, match=r"^X\['a'\]\[1\] is 'x', not a real number$"):
        NET(pd.DataFrame({"a": [1, "x"], "b": [1.0, 2.0]}))


def test_a_column_of_words_gets_a_pointer_to_the_function_that_codes_it() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "kind": ["sand", "clay", "sand", "clay", "silt"]})
    with pytest.raises(TypeError, match=r"^X\['kind'\]\[0\] is 'sand', .*get_dummies\(.*'='\)"):
        fit(frame, Y)
    coded = pd.get_dummies(frame, columns=["kind"], prefix_sep="=")
    assert fit(coded, Y).network.input_names == ("a", "kind=clay", "kind=sand", "kind=silt")


def test_fit_takes_names_from_frames_and_chooses_columns_by_given_names() -> None:
    X_frame, y = FRAME[["b", "a"]], pd.Series(Y, name="y")
    result = fit(X_frame, y)
    assert result.network.input_names == ("b", "a")
    assert result.network.output_names == ("y",)
    chosen = fit(FRAME, y, input_names=["a", "b"])
    assert chosen.network.weights[0].tolist() == fit(X, Y).network.weights[0].tolist()


def test_slopes_in_a_frame_find_their_inputs() -> None:
    given = {"input_names": ["a", "b"], "output_names": ["y"]}
    wanted = fit(X, Y, T, **given).network
    assert wanted != fit(X, Y, **given).network
    spelled = ["∂y/∂b", "d(y)/d(a) [1/K]"]
    for columns in (["b", "a"], ["dy/db", "dy/da"], spelled):
        slopes = pd.DataFrame(T[:, ::-1], columns=columns)
        assert fit(X, Y, slopes, **given).network == wanted
    with pytest.raises(ValueError, match=r"^the columns of dydx must be called dy/da, dy/db, got"):
        fit(X, Y, pd.DataFrame(T), **given)


def test_a_missing_slope_may_be_pd_na() -> None:
    slopes = pd.DataFrame({"a": [None, *T[1:, 0]], "b": T[:, 1]}).convert_dtypes()
    gaps = T.copy()
    gaps[0, 0] = np.nan
    given, wanted = sn.backprop(NET, X, Y, slopes), sn.backprop(NET, X, Y, gaps)
    np.testing.assert_array_equal(given.dW[0], wanted.dW[0])


def test_validation_frames_go_by_name() -> None:
    held = (FRAME[["b", "a"]], Y)
    got = fit(FRAME, Y, input_names=["a", "b"], validation=held)
    wanted = fit(X, Y, input_names=["a", "b"], validation=(X, Y))
    assert got.history == wanted.history

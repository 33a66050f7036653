"""Points X: every function that takes them names a wrong one, and reads a right one right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from public_functions import NET, STORED, TAKES_X, X, Y, fit, stored

import slopenet as sn


def plain(net: sn.Network, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """H(x) and ∂H/∂x of a 2-3-1 tanh network, written out by hand for one point."""
    (W2, W3), (b2, b3) = net.weights, net.biases
    a = np.tanh(W2 @ x + b2)
    return W3 @ a + b3, W3 @ np.diag(1 - a * a) @ W2


EVERY = pytest.mark.parametrize("taker", TAKES_X)


@EVERY
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_by_row_and_column(taker: str, bad: float) -> None:
    x = X[:1].copy() if taker == "derivation" else X.copy()
    x[-1, 1] = bad
    row = 0 if taker == "derivation" else 4
    with pytest.raises(ValueError, match=rf"^[Xx]\[{row}, 1\] is {bad}; every entry of [Xx] must"):
        TAKES_X[taker](x)


@EVERY
@pytest.mark.parametrize("shape", [(), (3,), (5, 3), (5, 0), (1, 5, 2)])
def test_a_wrong_shape_is_told_with_the_right_one(taker: str, shape: tuple[int, ...]) -> None:
    if taker == "fit" and shape == (5, 3):
        pytest.skip("fit takes any width")
    with pytest.raises(ValueError) as caught:
        TAKES_X[taker](np.zeros(shape))
    message = str(caught.value)
    assert message[:18].lower() == "x must have shape "
    assert "(N, 2) or (2,)" in message or "(N, n_1) with at least" in message
    assert f"got {shape}" in message


@EVERY
@pytest.mark.parametrize(
    "bad",
    [None, "text", X.astype(str), X + 0j, X.astype(object), X.astype("M8[s]"), {"a": 1}],
    ids=["None", "text", "strings", "complex", "object", "dates", "dict"],
)
def test_an_array_without_real_numbers_is_a_type_error_that_names_it(taker: str, bad: Any) -> None:
    with pytest.raises(TypeError, match=r"^[Xx] (has dtype|is of type)"):
        TAKES_X[taker](bad)


def test_no_rows_in_give_no_rows_out() -> None:
    none = np.zeros((0, 2))
    assert NET(none).shape == NET.jvp(none, none).shape == (0, 1)
    assert NET.vjp(none, [1.0]).shape == (0, 2)
    assert NET.jacobian(none).shape == NET.value_and_jacobian(none)[1].shape == (0, 1, 2)


@pytest.mark.parametrize("taker", ["backprop", "sgd", "check_derivatives", "fit", "derivation"])
def test_no_rows_are_refused_where_there_is_nothing_to_do(taker: str) -> None:
    with pytest.raises(ValueError, match=r"no rows|at least|one point"):
        TAKES_X[taker](np.zeros((0, 2)))


@pytest.mark.parametrize("how", STORED)
def test_the_answer_does_not_depend_on_how_the_numbers_are_stored(how: str) -> None:
    x = X.astype(np.float32).astype(np.float64)
    H, J = NET.value_and_jacobian(stored(x, how))
    assert type(H) is type(J) is np.ndarray
    for n in range(5):
        value, slope = plain(NET, x[n])
        np.testing.assert_allclose(H[n], value, rtol=1e-13)
        np.testing.assert_allclose(J[n], slope, rtol=1e-12)
    np.testing.assert_array_equal(NET.jvp(stored(x, how), stored(x, how)), NET.jvp(x, x))
    given, wanted = sn.backprop(NET, stored(x, how), Y), sn.backprop(NET, x, Y)
    np.testing.assert_array_equal(given.dW[0], wanted.dW[0])
    one, other = fit(stored(x, how)), fit(x)
    assert one.network == other.network


def test_one_row_cut_from_strided_memory_is_read_right() -> None:
    wide = np.arange(40.0).reshape(5, 8)
    np.testing.assert_array_equal(NET(wide[2:3, 1:7:5]), NET([[17.0, 22.0]]))
    np.testing.assert_array_equal(NET(wide[2, 1:7:5]), NET([17.0, 22.0]))


def test_integers_booleans_and_half_precision_are_taken_at_their_value() -> None:
    np.testing.assert_array_equal(NET(np.array([[1, 0]], np.uint8)), NET([[1.0, 0.0]]))
    np.testing.assert_array_equal(NET([[True, False]]), NET([[1.0, 0.0]]))
    half = X.astype(np.float16)
    np.testing.assert_array_equal(NET(half), NET(half.astype(float)))


def test_a_float32_network_rounds_its_points_and_refuses_too_large_ones() -> None:
    net = sn.Network(NET.weights, NET.biases, NET.activations, dtype=np.float32)
    H = net(X)
    assert H.dtype == np.float32
    np.testing.assert_array_equal(H, net(X.astype(np.float32)))
    with pytest.raises(ValueError, match=r"^X\[0, 1\] is 1e\+300, too large for float32$"):
        net([[1.0, 1e300]])
    with pytest.raises(ValueError, match=r"^weights\[0\]\[0, 0\] is 1e\+300, too large for"):
        sn.Network([[[1e300]]], [[0.0]], "tanh", dtype=np.float32)


def test_subnormal_points_are_not_flushed_to_zero() -> None:
    net = sn.Network([[[1.0]]], [[0.0]], "identity")
    tiny = np.array([[5e-324], [-2.5e-310], [0.0]])
    np.testing.assert_array_equal(net(tiny), tiny)
    np.testing.assert_array_equal(net.jvp(tiny, tiny), tiny)
    np.testing.assert_array_equal(net.jacobian(tiny), np.ones((3, 1, 1)))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign", "gelu", "mish", "softplus"])
def test_the_largest_points_saturate_without_nan(activation: str) -> None:
    net = sn.Network([np.array([[0.5, 0.25]])], [np.zeros(1)], activation)
    H, J = net.value_and_jacobian([[1.7e308, 1.7e308], [-1.7e308, -1.7e308]])
    assert np.isfinite(H).all()
    assert np.isfinite(J).all()


def test_products_beyond_the_range_are_infinite_and_warn_of_nothing() -> None:
    net = sn.Network([[[2.0, 2.0]]], [[0.0]], "identity")
    np.testing.assert_array_equal(net([[1e308, 1e308], [-1e308, -1e308]]), [[np.inf], [-np.inf]])
    record = net.derivation([1e308, 1e308])
    assert record.H[0] == np.inf
    np.testing.assert_array_equal(record.jacobian, [[2.0, 2.0]])


def test_derivatives_too_far_out_to_compare_are_refused_by_row() -> None:
    net = sn.Network([[[2.0, 2.0]]], [[0.0]], "identity")
    with pytest.raises(
        ValueError, match=r"^at X\[1\] the network or a derivative is beyond 1e\+154"
    ):
        sn.check_derivatives(net, [[1.0, 1.0], [1e308, 1e308]])


@pytest.mark.parametrize("package", ["polars", "pyarrow"])
def test_other_data_frames_go_by_name_too(package: str) -> None:
    library = pytest.importorskip(package)
    make = library.DataFrame if package == "polars" else library.table
    np.testing.assert_array_equal(NET(make({"b": X[:, 1], "a": X[:, 0]})), NET(X))
    with pytest.raises(ValueError, match=r"^X has no column a; it has b$"):
        NET(make({"b": X[:, 1]}))
    with pytest.raises(ValueError, match=r"^X\[1, 0\] is nan"):
        NET(make({"a": [1.0, None], "b": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("v", "message"),
    [
        (X[:4], r"^v must have shape \(5, 2\) or \(2,\), got \(4, 2\)$"),
        (X[:1], r"got \(1, 2\)$"),
        ([1.0], r"got \(1,\)$"),
        ([1.0, np.nan], r"^v\[1\] is nan; every entry of v must be finite$"),
        (np.where(X[2, 1] == X, np.inf, X), r"^v\[2, 1\] is inf; every entry of v must be finite$"),
        (None, "^v is of type NoneType"),
    ],
)
def test_directions_that_do_not_go_with_x_are_named(v: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        NET.jvp(X, v)

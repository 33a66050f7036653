"""Hostile input through the public face ends in a clear error or in the right answer."""

from __future__ import annotations

import gc
import operator
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

Net = sn.Network
RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 2))
Y = RNG.normal(size=5)
T = RNG.normal(size=(5, 2))
NET = Net.random((2, 3, 1), rng=0, input_names=["a", "b"], output_names=["y"])
QUICK: dict[str, Any] = {"hidden": (3,), "epochs": 5, "rng": 0}


def plain(net: Net, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """H(x) and ∂H/∂x of a 2-3-1 tanh network, written out by hand for one point."""
    (W2, W3), (b2, b3) = net.weights, net.biases
    a = np.tanh(W2 @ x + b2)
    return W3 @ a + b3, W3 @ np.diag(1 - a * a) @ W2


def fit(X: Any = X, y: Any = Y, dydx: Any = None, **settings: Any) -> sn.Fit:
    return sn.fit(X, y, dydx, **(QUICK | settings))


def sgd(X: Any, y: Any = Y, **settings: Any) -> sn.Descent:
    return sn.sgd(NET, X, y, **({"steps": 10, "rng": 0} | settings))


# Everything that takes X, as a function of X alone.
TAKES_X: dict[str, Callable[[Any], Any]] = {
    "call": NET,
    "jacobian": NET.jacobian,
    "value_and_jacobian": NET.value_and_jacobian,
    "jvp": lambda x: NET.jvp(x, [1.0, 2.0]),
    "vjp": lambda x: NET.vjp(x, [1.0]),
    "hessian": NET.hessian,
    "hvp": lambda x: NET.hvp(x, [1.0, 2.0]),
    "weighted_hessian": lambda x: NET.weighted_hessian(x, [1.0]),
    "laplacian": NET.laplacian,
    "value_jacobian_hessian": NET.value_jacobian_hessian,
    "value_jacobian_laplacian": NET.value_jacobian_laplacian,
    "derivation": NET.derivation,
    "backprop": lambda x: sn.backprop(NET, x, Y),
    "sgd": sgd,
    "check_derivatives": lambda x: sn.check_derivatives(NET, x),
    "fit": fit,
}
LEARNERS: dict[str, Callable[..., Any]] = {
    "fit": fit,
    "backprop": lambda *given: sn.backprop(NET, *given),
    "sgd": sgd,
}
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
def test_what_is_no_array_of_real_numbers_is_a_type_error_that_names_it(
    taker: str, bad: Any
) -> None:
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


def stored(x: np.ndarray, how: str) -> np.ndarray:
    """The numbers of x in other memory."""
    if how == "unaligned":
        other = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float64).reshape(x.shape)
        other[...] = x
        return other
    return {
        "float32": x.astype(np.float32),
        "byte-swapped": x.astype(">f8"),
        "Fortran": np.asfortranarray(x),
        "negative": x[::-1, ::-1].copy()[::-1, ::-1],
        "strided": np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
        "masked": np.ma.array(x),
        "subclass": x.view(type("Own", (np.ndarray,), {})),
    }[how]


STORED = [
    "float32", "byte-swapped", "Fortran", "negative", "strided", "unaligned", "masked", "subclass",
]  # fmt: skip


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


def test_a_float32_network_rounds_its_points_and_refuses_what_it_cannot_hold() -> None:
    net = Net(NET.weights, NET.biases, NET.activations, dtype=np.float32)
    H = net(X)
    assert H.dtype == np.float32
    np.testing.assert_array_equal(H, net(X.astype(np.float32)))
    with pytest.raises(ValueError, match=r"^X\[0, 1\] is 1e\+300, too large for float32$"):
        net([[1.0, 1e300]])
    with pytest.raises(ValueError, match=r"^weights\[0\]\[0, 0\] is 1e\+300, too large for"):
        Net([[[1e300]]], [[0.0]], "tanh", dtype=np.float32)


def test_subnormal_points_are_not_flushed_to_zero() -> None:
    net = Net([[[1.0]]], [[0.0]], "identity")
    tiny = np.array([[5e-324], [-2.5e-310], [0.0]])
    np.testing.assert_array_equal(net(tiny), tiny)
    np.testing.assert_array_equal(net.jvp(tiny, tiny), tiny)
    np.testing.assert_array_equal(net.jacobian(tiny), np.ones((3, 1, 1)))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softsign", "gelu", "mish", "softplus"])
def test_the_largest_points_saturate_without_nan(activation: str) -> None:
    net = Net([np.array([[0.5, 0.25]])], [np.zeros(1)], activation)
    H, J = net.value_and_jacobian([[1.7e308, 1.7e308], [-1.7e308, -1.7e308]])
    assert np.isfinite(H).all()
    assert np.isfinite(J).all()


def test_products_beyond_the_range_are_infinite_and_warn_of_nothing() -> None:
    net = Net([[[2.0, 2.0]]], [[0.0]], "identity")
    np.testing.assert_array_equal(net([[1e308, 1e308], [-1e308, -1e308]]), [[np.inf], [-np.inf]])
    record = net.derivation([1e308, 1e308])
    assert record.H[0] == np.inf
    np.testing.assert_array_equal(record.jacobian, [[2.0, 2.0]])


def test_derivatives_too_far_out_to_compare_are_refused_by_row() -> None:
    net = Net([[[2.0, 2.0]]], [[0.0]], "identity")
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


TWO_LAYERS = ([np.ones((3, 2)), np.ones((1, 3))], [np.zeros(3), np.zeros(1)])
BAD_NETWORKS: dict[str, tuple[tuple[Any, Any, Any], str]] = {
    "no weights": (
        ([], [], "tanh"),
        "must have one entry per layer, of 1 to 256 layers, got 0 and 0",
    ),
    "None": ((None, [], "tanh"), "weights must be a sequence with one entry per layer, got None"),
    "too deep": (
        ([[[1.0]]] * 257, [[1.0]] * 257, "tanh"),
        "of 1 to 256 layers, got 257 and 257",
    ),
    "a bias short": ((TWO_LAYERS[0], TWO_LAYERS[1][:1], "tanh"), "got 2 and 1"),
    "a vector as weights": (([[1.0]], [[1.0]], "tanh"), r"weights\[0\] must be a matrix .* \(1,\)"),
    "no columns": (([np.ones((2, 0))], [[1, 1]], "tanh"), r"weights\[0\] must be .* got \(2, 0\)"),
    "a matrix as biases": (([[[1.0]]], [[[1.0]]], "tanh"), r"biases\[0\] must be a vector"),
    "biases too long": (([[[1.0]]], [[1.0, 2.0]], "tanh"), r"biases\[0\] must have shape \(1,\)"),
    "no chain": (
        ([np.ones((3, 2)), np.ones((1, 2))], TWO_LAYERS[1], "tanh"),
        r"weights\[1\] must have 3 columns, as many as weights\[0\] has rows, got shape \(1, 2\)",
    ),
    "NaN": (([[[1.0, np.nan]]], [[1.0]], "tanh"), r"weights\[0\]\[0, 1\] is nan; every entry"),
    "infinite": (([[[1.0]]], [[-np.inf]], "tanh"), r"biases\[0\]\[0\] is -inf; every entry"),
    "ragged": (([[[1.0], [1.0, 2.0]]], [[1.0]], "tanh"), r"weights\[0\] is ragged"),
    "complex": (([[[1j]]], [[1.0]], "tanh"), r"weights\[0\] has dtype complex128"),
    "unknown activation": ((*TWO_LAYERS, "tan"), "unknown activation 'tan'; choose one of"),
    "no activation": ((*TWO_LAYERS, None), "activations must be a sequence .* got None"),
    "a number": ((*TWO_LAYERS, [5, 5]), "an activation is a name or a pair .* got 5"),
    "three activations": ((*TWO_LAYERS, ["tanh"] * 3), "one for each of 2 layers .* got 3"),
    "a parameter too many": ((*TWO_LAYERS, ("tanh", 2.0)), "'tanh' has no parameter, got 2.0"),
    "a parameter of NaN": ((*TWO_LAYERS, ("elu", np.nan)), "alpha of 'elu' must be finite"),
    "a negative beta": ((*TWO_LAYERS, ("softplus", -1)), "beta of 'softplus' must be positive"),
}


@pytest.mark.parametrize("case", BAD_NETWORKS)
def test_a_network_that_cannot_be_says_why(case: str) -> None:
    given, message = BAD_NETWORKS[case]
    with pytest.raises((ValueError, TypeError), match=message):
        Net(*given)


@pytest.mark.parametrize("dtype", ["int", "foo", np.float16, np.longdouble, ">f8", 5])
def test_only_two_dtypes_are_computed_in(dtype: Any) -> None:
    if np.dtype(np.longdouble) == np.float64 and dtype is np.longdouble:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(ValueError, match=r"^dtype must be float64 or float32, got "):
        Net(*TWO_LAYERS, "tanh", dtype=dtype)


@pytest.mark.parametrize(
    "sizes", [None, 5, "ab", (2, 0), (2, -1), (2, 1.5), (2, np.nan), (2, True)]
)
def test_random_takes_whole_sizes_only(sizes: Any) -> None:
    with pytest.raises(ValueError, match=r"^sizes must be whole numbers of at least 1, got "):
        Net.random(sizes)


def test_a_network_too_large_to_build_is_refused_before_it_takes_memory() -> None:
    with pytest.raises(ValueError, match=r"parameters; 2147483648 are the most$"):
        Net.random((10**9, 10**9))
    with pytest.raises(ValueError, match=r"^sizes gives a network of 1 layers"):
        Net.random((2,))
    with pytest.raises(ValueError, match=r"^hidden gives a network of 302 layers"):
        fit(hidden=(4,) * 300)


@pytest.mark.parametrize("how", [*STORED, "read-only"])
def test_later_changes_of_the_callers_arrays_change_no_network(how: str) -> None:
    W, b = np.ones((1, 2)), np.zeros(1)
    if how == "read-only":
        W.flags.writeable = False
        given = W
    else:
        given = stored(W, how)
    net = Net([given], [b], "identity")
    given.flags.writeable = True
    given[...] = 7.0
    b[...] = 7.0
    np.testing.assert_array_equal(net([[1.0, 1.0]]), [[2.0]])
    np.testing.assert_array_equal(net.weights[0], [[1.0, 1.0]])


def test_the_memory_of_a_network_can_never_be_made_writeable() -> None:
    loose = [*NET.weights, *NET.biases, *Net(NET.weights, NET.biases, "relu").weights]
    for array in loose:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True
    assert isinstance(NET.weights, tuple)


def test_a_network_made_of_anothers_weights_shares_them() -> None:
    other = Net(NET.weights, NET.biases, "relu")
    assert all(a is b for a, b in zip(other.weights, NET.weights, strict=True))


def test_the_callers_arrays_are_never_written_to() -> None:
    weight, v, u = np.ones(5), T.copy(), Y[:, None].copy()
    given = [X.copy(), Y.copy(), T.copy(), weight, v, u]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    x, y, t = given[:3]
    for method in ("lbfgs", "adam"):
        fit(x, y, t, sample_weight=weight, validation=(x, y, t), method=method)
    sn.backprop(NET, x, y, t)
    sn.check_derivatives(NET, x)
    sgd(x, y)
    NET.value_and_jacobian(x)
    NET.jvp(x, v)
    NET.vjp(x, u)
    NET.value_jacobian_hessian(x)
    NET.hvp(x, v)
    NET.weighted_hessian(x, u)
    NET.laplacian(x)
    NET.derivation(x[0], y[:1])
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_record_keeps_its_point_when_the_caller_changes_his() -> None:
    x, y = X[0].copy(), Y[:1].copy()
    record = NET.derivation(x, y)
    x[...] = y[...] = 9.0
    np.testing.assert_array_equal(record.x, X[0])
    np.testing.assert_array_equal(record.y, Y[:1])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:4], r"^y must have shape \(5, 1\) or \(5,\), got \(4,\)$"),
        (Y[0], r"^y must have shape \(5, 1\) or \(5,\), got \(\)$"),
        (Y[:, None, None], r"^y must have shape \(5, 1\) or \(5,\), got \(5, 1, 1\)$"),
        ([1, 2, np.nan, 4, 5], r"^y\[2\] is nan; every entry of y must be finite$"),
        ([1, 2, 3, np.inf, 5], r"^y\[3\] is inf; every entry of y must be finite$"),
        (list("abcde"), "^y has dtype <U1; convert the text to numbers first$"),
        (None, "^y is of type NoneType, not an array of real numbers$"),
    ],
)
@pytest.mark.parametrize("learner", ["fit", "backprop", "sgd"])
def test_values_that_do_not_go_with_x_are_named(learner: str, y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        LEARNERS[learner](X, y)


@pytest.mark.parametrize(
    ("dydx", "message"),
    [
        (T[:4], r"^dydx must have shape \(5, 1, 2\) or \(5, 2\), got \(4, 2\)$"),
        (T[:, :1], r"got \(5, 1\)$"),
        (T[:, 0], r"got \(5,\)$"),
        (T.T, r"got \(2, 5\)$"),
        (np.where(T[3, 1] == T, np.inf, T), r"^dydx\[3, 1\] is inf; a slope is a number, or NaN"),
    ],
)
@pytest.mark.parametrize("learner", ["fit", "backprop"])
def test_slopes_that_do_not_go_with_x_are_named(learner: str, dydx: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LEARNERS[learner](X, Y, dydx)


def test_a_missing_slope_adds_nothing_to_cost_and_gradient() -> None:
    gaps = T.copy()
    gaps[1, 0] = gaps[3] = np.nan
    got = sn.backprop(NET, X, Y, gaps)
    J = NET.jacobian(X)[:, 0]
    value = 0.5 * (NET(X)[:, 0] - Y) ** 2
    slope = 0.5 * np.nansum((J - gaps) ** 2, axis=1)
    assert got.cost == pytest.approx((value + slope).mean(), rel=1e-13)
    filled = sn.backprop(NET, X, Y, np.where(np.isnan(gaps), J, gaps))
    np.testing.assert_allclose(got.dW[0], filled.dW[0], rtol=1e-12)


def test_slopes_that_are_all_missing_are_no_slopes() -> None:
    nothing = np.full_like(T, np.nan)
    one, other = fit(X, Y, nothing), fit(X, Y)
    assert one.network == other.network
    given, wanted = sn.backprop(NET, X, Y, nothing), sn.backprop(NET, X, Y)
    assert given.cost == wanted.cost
    np.testing.assert_array_equal(given.dW[0], wanted.dW[0])


def test_backprop_of_a_single_point_drops_the_n_of_everything() -> None:
    one = sn.backprop(NET, X[0], Y[0], T[0])
    row = sn.backprop(NET, X[:1], Y[:1], T[:1])
    assert one.cost == row.cost
    np.testing.assert_array_equal(one.delta[0], row.delta[0][0])
    with pytest.raises(ValueError, match=r"^dydx must have shape \(1, 2\) or \(2,\), got \(3,\)$"):
        sn.backprop(NET, X[0], Y[0], [1, 2, 3])
    with pytest.raises(ValueError, match=r"^y must have shape \(1,\) or \(\), got \(2,\)$"):
        sn.backprop(NET, X[0], [1, 2])


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


def test_a_constant_input_has_slope_zero_and_disturbs_nothing() -> None:
    for constant in (0.0, 1e6, -1e308, 5e-324):
        wide = np.column_stack([X[:, 0], np.full(5, constant)])
        net = fit(wide, Y, epochs=200).network
        np.testing.assert_array_equal(net.jacobian(wide)[:, 0, 1], 0.0)
        assert np.abs(net(wide)[:, 0] - Y).max() < 0.02


def test_a_constant_input_still_learns_slopes_that_are_given() -> None:
    wide = np.column_stack([X[:, 0], np.full(5, 3.0)])
    slopes = np.column_stack([np.full(5, np.nan), np.full(5, 0.5)])
    net = fit(wide, Y, slopes, epochs=500).network
    np.testing.assert_allclose(net.jacobian(wide)[:, 0, 1], 0.5, atol=0.02)


def test_one_row_is_learned_as_a_constant() -> None:
    net = fit(X[:1], [3.0]).network
    np.testing.assert_allclose(net(X[:1]), [[3.0]], rtol=1e-4)
    np.testing.assert_array_equal(net.jacobian(X[:1]), np.zeros((1, 1, 2)))


@pytest.mark.parametrize("size", [1e308, 1e-310])
def test_columns_too_large_or_small_to_learn_are_named(size: float) -> None:
    scale = np.array([1.0, size])
    with pytest.raises(
        ValueError, match=r"^X\[:, 1\] must spread by 0, or by 1e-150 to 1e\+150, got"
    ):
        fit(np.tanh(X) * scale, Y)
    with pytest.raises(ValueError, match=r"^y\[:, 1\] must spread by 0, or by .*: rescale it$"):
        fit(X, np.tanh(X) * scale)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 1, -1, 1, 1], r"^sample_weight\[2\] is -1\.0; no weight may be negative$"),
        ([0] * 5, "^sample_weight is zero for every sample$"),
        ([1, 1, np.nan, 1, 1], r"^sample_weight\[2\] is nan"),
        ([1, 1], r"^sample_weight must have shape \(5,\), got \(2,\)$"),
        ("heavy", "^sample_weight has dtype <U5"),
    ],
)
def test_wrong_sample_weights_are_named(weight: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        fit(sample_weight=weight)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_sample_of_weight_zero_is_as_if_it_were_not_there(method: str) -> None:
    far = np.vstack([X, [[1e3, 1e3]]])
    got = fit(far, [*Y, 1e6], sample_weight=[1] * 5 + [0], method=method)
    assert got.network == fit(method=method, sample_weight=[1] * 5).network
    assert "of 5 rows" in got.reason


def test_only_ratios_of_sample_weights_count() -> None:
    weight = np.array([1.0, 2.0, 1.0, 0.5, 1.0])
    one, other = fit(sample_weight=weight), fit(sample_weight=weight * 2.0**1020)
    assert one.network == other.network


SETTINGS: dict[str, tuple[list[Any], str]] = {
    "hidden": (
        [0, -1, "64", True, None, (0,), (2.5,), (np.nan,), [[2]], 1.5],
        "^hidden must be whole numbers of at least 1, got ",
    ),
    "epochs": (
        [0, -1, 1.5, 3.0, True, "3", np.nan],
        "^epochs must be a whole number of at least 1",
    ),
    "batch_size": ([0, -1, 1.5, True, "3"], "^batch_size must be a whole number of at least 1"),
    "learning_rate": ([0, -1, np.inf, np.nan, "a", True], "^learning_rate must be a finite number"),
    "l2": (
        [-1, np.nan, np.inf, "none", True, None, [1]],
        "^l2 must be a finite number of at least",
    ),
    "slope_weight": (
        [-1, np.nan, "a", X, [[1.0, -1.0]]],
        "^slope_weight must (be a finite number of at least 0|have shape)|^slope_weight.*-1",
    ),
    "momentum": ([-1, 1.0, np.nan, "a"], "^momentum must be "),
    "restarts": ([0, -1, 1.5, "3"], "^restarts must be a whole number of at least 1"),
    "ensemble": ([0, -1, 1.5, "3"], "^ensemble must be a whole number of at least 1"),
    "checkpoint_seconds": ([-1, np.nan, "a"], "^checkpoint_seconds must be a finite number"),
    "rng": ([-1, 1.5, "a"], "^rng must be a numpy Generator or a seed"),
    "method": ([None, "ADAM", 5], "^method must be one of auto, lm, lbfgs, adam, sgd, got "),
    "activation": (
        [None, 5, "tan", ["tanh"], ("tanh", 1), ("elu", np.inf), np.tanh],
        "activation|alpha",
    ),
    "output": ([None, "tan"], "activation"),
    "validation": (
        [0, 1.0, -0.1, 0.01, 0.99, 5, np.nan, "a", True, (), (X,), (X, Y, T, 1)],
        "^validation",
    ),
    "callback": ([5, "print"], "^callback must be a function, got "),
    "input_names": ([5, "ab", ["a"], ["a", "a"], ["a", ""]], "^input_names must be "),
    "output_names": ([5, ["u", "v"]], "^output_names must be "),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, (values, _) in SETTINGS.items() for value in values],
    ids=lambda x: str(x)[:20].replace("\n", " "),
)
def test_a_setting_out_of_range_is_named_before_any_training(name: str, value: Any) -> None:
    def never(_: object) -> None:
        raise AssertionError("training began")

    with pytest.raises((ValueError, TypeError), match=SETTINGS[name][1]):
        fit(**({"callback": never} | {name: value}))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((X * np.nan, Y), r"^validation X\[0, 0\] is nan; every entry of validation X must"),
        ((X, Y[:3]), r"^validation y must have shape \(5, 1\) or \(5,\), got \(3,\)$"),
        ((X, Y, T[:3]), r"^validation dydx must have shape \(5, 1, 2\)"),
        ((X[:, :1], Y), "as many inputs and outputs as X and y, 2 and 1, got 1 and 1$"),
    ],
)
def test_validation_data_are_named_as_such(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(validation=given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": -1}, "^steps must be a whole number of at least 0, got -1$"),
        ({"steps": 1e2}, "^steps must be a whole number of at least 0, got 100.0$"),
        ({"steps": None}, "^steps must be a whole number"),
        ({"record_every": 0}, "^record_every must be a whole number of at least 1, got 0$"),
        ({"learning_rate": -1}, "^learning_rate must be a finite number of at least 0, got -1$"),
        ({"learning_rate": "a"}, "^learning_rate must be a finite number"),
        ({"learning_rate": lambda k: np.nan * k}, r"^learning_rate\(steps\)\[0\] is nan"),
        ({"learning_rate": lambda k: np.ones((2, 2))}, r"^learning_rate\(steps\) must have shape"),
        ({"rng": "a"}, "^rng must be a numpy Generator or a seed"),
    ],
)
def test_settings_of_a_descent_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sgd(X, **settings)


def test_a_loaded_network_takes_twice_its_file_and_packs_its_core_at_first_use(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wide.safetensors"
    wide = RNG.normal(size=(1500, 1500))
    Net([wide, wide], [wide[0], wide[0]], "sin").save(path)
    size = path.stat().st_size
    gc.collect()
    tracemalloc.start()
    try:
        net = sn.load(path)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * size + 2**20
    assert kept < size + 2**20
    packed = Net.__dict__["_core"]
    with pytest.raises(AttributeError):
        packed.__get__(net)
    net(wide[0])
    assert packed.__get__(net) is net._core


def test_threads_may_race_to_the_first_use_of_a_network() -> None:
    x = RNG.normal(size=(3, 200))
    for seed in range(5):
        net = Net.random((200, 300, 4), rng=seed)
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _, net=net: net(x), range(16)))
        for got in results:
            np.testing.assert_array_equal(got, net(x))


def test_a_network_has_no_attributes_but_its_own() -> None:
    with pytest.raises(AttributeError, match=r"^a Network has no attribute 'wieghts'$"):
        operator.attrgetter("wieghts")(NET)
    assert not hasattr(NET, "__array__")

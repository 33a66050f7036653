"""Array input: a fitting array passes untouched, a conversion is right, all else is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slopenet.validate import arrays

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def unaligned(x: np.ndarray) -> np.ndarray:
    raw = np.zeros(x.nbytes + 1, np.uint8)
    shifted = raw[1:].view(x.dtype).reshape(x.shape)
    shifted[...] = x
    assert not shifted.flags.aligned
    return shifted


SAME_NUMBERS: dict[str, Callable[[], Any]] = {
    "float16": lambda: X.astype(np.float16),
    "float32": lambda: X.astype(np.float32),
    "int8": lambda: X.astype(np.int8),
    "uint64": lambda: X.astype(np.uint64),
    "byte-swapped": lambda: X.astype(">f8"),
    "Fortran order": lambda: np.asfortranarray(X),
    "negative strides": lambda: X[::-1, ::-1].copy()[::-1, ::-1],
    "every other column": lambda: np.repeat(X, 2, axis=1)[:, ::2],
    "unaligned": lambda: unaligned(X),
    "masked, but nowhere": lambda: np.ma.array(X, mask=np.zeros(X.shape, bool)),
    "nested lists": X.tolist,
    "list of arrays": lambda: list(X),
    "buffer": lambda: X.data,
}


@pytest.mark.parametrize("kind", SAME_NUMBERS)
def test_every_kind_of_real_array_becomes_a_plain_array_of_the_same_numbers(kind: str) -> None:
    got = arrays.floats("X", SAME_NUMBERS[kind]())
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    assert got.flags.c_contiguous
    assert got.flags.aligned
    np.testing.assert_array_equal(got, X)


def test_an_array_that_fits_is_passed_on_as_it_is() -> None:
    assert arrays.floats("X", X) is X


def test_booleans_are_zero_and_one() -> None:
    np.testing.assert_array_equal(arrays.floats("X", [[True, False]]), [[1.0, 0.0]])


def test_zero_strides_become_real_rows() -> None:
    got = arrays.floats("X", np.broadcast_to(X[:1], (3, 2)))
    assert got.strides == (16, 8)
    np.testing.assert_array_equal(got, [X[0]] * 3)


def test_a_memory_map_is_read_in_place(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    got = arrays.floats("X", mapped)
    assert np.shares_memory(got, mapped)
    np.testing.assert_array_equal(got, X)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_loses_its_own_rules() -> None:
    assert type(arrays.floats("X", np.matrix(X))) is np.ndarray


def test_subnormals_keep_every_bit_and_the_largest_numbers_pass() -> None:
    extreme = np.array([[5e-324, -2.5e-310], [1.7e308, -1.7e308]])
    np.testing.assert_array_equal(arrays.floats("X", extreme.astype(">f8")), extreme)


def test_float32_rounds_and_says_what_is_too_large() -> None:
    got = arrays.floats("X", [[0.1, 1e-50]], np.float32)
    np.testing.assert_array_equal(got, np.array([[0.1, 0.0]], np.float32))
    with pytest.raises(ValueError, match=r"^X\[1, 0\] is 1e\+300, too large for float32$"):
        arrays.floats("X", [[0, 0], [1e300, 0]], np.float32)


NO_NUMBERS: dict[str, tuple[Any, str]] = {
    "longdouble": (X.astype(np.longdouble), r"round it with \.astype\(float\)"),
    "complex": (X + 0j, "X has dtype complex128; real numbers are wanted"),
    "text": ([["1", "2"]], "X has dtype <U1; convert the text to numbers first"),
    "bytes": (b"12", r"X has dtype \|S2; convert the text"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), "turn dates into numbers first"),
    "durations": (np.array([[1]], "m8[s]"), "turn durations into numbers first"),
    "structured": (np.zeros(3, [("a", float), ("b", float)]), "structured_to_unstructured"),
    "object": (X.astype(object), r"X has dtype object; convert it with \.astype\(float\)"),
    "None inside": ([[1.0, 2.0], [3.0, None]], r"^X\[1, 1\] is None, not a real number$"),
    "mixed objects": (np.array([[1.0, "b"]], object), r"^X\[0, 1\] is 'b', not a real number$"),
    "None": (None, "X is of type NoneType, not an array of real numbers"),
    "a dict": ({"a": 1}, "X is of type dict, not an array"),
    "a generator": ((i for i in range(2)), "X is of type generator, not an array"),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_an_array_without_real_numbers_is_a_type_error_with_advice(kind: str) -> None:
    given, message = NO_NUMBERS[kind]
    if kind == "longdouble" and given.dtype.itemsize == 8:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(TypeError, match=message):
        arrays.floats("X", given)


def test_ragged_lists_are_called_ragged() -> None:
    with pytest.raises(ValueError, match=r"^X is ragged: its rows must have equal lengths$"):
        arrays.floats("X", [[1, 2], [3]])


def test_a_masked_entry_is_named() -> None:
    with pytest.raises(ValueError, match=r"^X\[1, 1\] is masked; fill or drop such entries first$"):
        arrays.floats("X", np.ma.array(X, mask=X == 4))


@pytest.mark.parametrize("kind", ["csr_matrix", "coo_array"])
def test_a_sparse_matrix_is_told_how_to_become_dense(kind: str) -> None:
    import scipy.sparse

    with pytest.raises(TypeError, match=r"X is a sparse matrix; pass X\.toarray\(\)"):
        arrays.floats("X", getattr(scipy.sparse, kind)(X))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_number_that_is_not_finite_is_named_by_row_and_column(bad: float) -> None:
    x = X.copy()
    x[1, 0] = x[2, 1] = bad
    with pytest.raises(ValueError, match=rf"^X\[1, 0\] is {bad}; every entry of X must be finite$"):
        arrays.require_finite("X", x)
    arrays.require_finite("X", X)
    arrays.require_finite("X", X[:0])


@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (2, 0), (1, 3, 2)])
def test_points_name_the_shape_they_got_and_the_shapes_they_want(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError) as caught:
        arrays.points("X", np.zeros(shape), 2, np.float64)
    assert str(caught.value) == f"X must have shape (N, 2) or (2,), got {shape}"


def test_samples_of_one_input_are_told_to_be_a_column() -> None:
    with pytest.raises(ValueError, match=r"for 3 samples of one number pass X\[:, None\]$"):
        arrays.points("X", X[:, 0], 1, np.float64)
    with pytest.raises(ValueError, match=r"for one input pass X\[:, None\]$"):
        arrays.samples("X", X[:, 0])


@pytest.mark.parametrize("shape", [(), (0, 2), (3, 0), (1, 3, 2)])
def test_samples_need_rows_and_columns(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least one row and column, got \("):
        arrays.samples("X", np.zeros(shape))


def test_targets_take_every_shape_that_is_unambiguous() -> None:
    y = [1.0, 2.0, 3.0]
    column = np.array(y)[:, None]
    np.testing.assert_array_equal(arrays.targets("y", y, (3, 1), float), column)
    np.testing.assert_array_equal(arrays.targets("y", column, (3, 1), float), column)
    for one in (2.0, [2.0], [[2.0]]):
        np.testing.assert_array_equal(arrays.targets("y", one, (None, 1), float), [2.0])
    np.testing.assert_array_equal(arrays.targets("y", y, (None, 3), float), y)


@pytest.mark.parametrize(
    ("y", "shape", "message"),
    [
        ([1, 2], (3, 1), r"^y must have shape \(3, 1\) or \(3,\), got \(2,\)$"),
        ([1, 2, 3], (3, 2), r"^y must have shape \(3, 2\), got \(3,\)$"),
        (X, (2, 3), r"^y must have shape \(2, 3\), got \(3, 2\)$"),
        ([1, np.nan, 3], (3, 1), r"^y\[1\] is nan; every entry of y must be finite$"),
        ([1, 2], (None, 1), r"^y must have shape \(1,\) or \(\), got \(2,\)$"),
        (np.inf, (None, 1), r"^y is inf; every entry of y must be finite$"),
    ],
)
def test_targets_say_what_is_wrong(y: Any, shape: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrays.targets("y", y, shape, float)


def test_slopes_of_one_output_may_drop_its_axis() -> None:
    np.testing.assert_array_equal(arrays.slopes("dydx", X, (3, 1, 2), float), X[:, None, :])
    np.testing.assert_array_equal(arrays.slopes("dydx", X[0], (None, 1, 2), float), X[:1])
    with pytest.raises(ValueError, match=r"^dydx must have shape \(3, 2, 2\), got \(3, 2\)$"):
        arrays.slopes("dydx", X, (3, 2, 2), float)


def test_a_missing_slope_stays_nan_and_all_missing_are_none() -> None:
    gaps = np.where(X == 4, np.nan, X)
    np.testing.assert_array_equal(arrays.slopes("dydx", gaps, (3, 1, 2), float), gaps[:, None])
    assert arrays.slopes("dydx", X * np.nan, (3, 1, 2), float) is None


def test_an_infinite_slope_is_named() -> None:
    with pytest.raises(ValueError, match=r"^dydx\[1, 1\] is -inf; a slope is a number, or NaN"):
        arrays.slopes("dydx", np.where(X == 4, -np.inf, X), (3, 1, 2), float)


def test_one_direction_serves_all_points() -> None:
    got = arrays.directions("v", [1, 2], (3, 2), np.float64)
    np.testing.assert_array_equal(got, [[1, 2]] * 3)
    assert got.flags.c_contiguous
    with pytest.raises(ValueError, match=r"^v\[1\] is nan"):
        arrays.directions("v", [1, np.nan], (3, 2), np.float64)
    with pytest.raises(ValueError, match=r"^v must have shape \(3, 2\) or \(2,\), got \(2, 2\)$"):
        arrays.directions("v", X[:2], (3, 2), np.float64)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"^sample_weight must have shape \(3,\) or \(\), got \(2,\)$"),
        ([1, -2, 3], r"^sample_weight\[1\] is -2\.0; no weight may be negative$"),
        ([1, np.nan, 3], r"^sample_weight\[1\] is nan; every entry"),
        ([0, 0, 0], "^sample_weight is zero for every sample$"),
        ([0, 0, 1e308], "^sample_weight has entries up to 1e\\+308; it counts rows$"),
    ],
)
def test_sample_weights_say_what_is_wrong(weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrays.sample_weights(weight, 3)


@pytest.mark.parametrize(
    ("std", "message"),
    [
        ([1, 2], r"^y_std must have shape \(3, 1\) or \(3,\) or \(\), got \(2,\)$"),
        ([1, -2, 3], r"^y_std\[1\] is -2\.0; a deviation is positive, or inf if unknown$"),
        ([1, 0, 3], r"^y_std\[1\] is 0\.0; a deviation is positive"),
        ([1, np.nan, 3], r"^y_std\[1\] is nan; a deviation is positive"),
    ],
)
def test_deviations_say_what_is_wrong(std: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrays.deviations("y_std", std, [(3, 1), (3,), ()], np.float64)


def test_deviations_are_spread_to_every_entry() -> None:
    wanted: list[tuple[int, ...]] = [(3, 2), (2,), ()]
    for std in (np.full((3, 2), 2.0), [2, 2], 2):
        got = arrays.deviations("y_std", std, wanted, np.float64)
        np.testing.assert_array_equal(got, np.full((3, 2), 2.0))
    got = arrays.deviations("y_std", [1, np.inf, 3], [(3, 1), (3,)], np.float64)
    np.testing.assert_array_equal(got, [[1], [np.inf], [3]])


@pytest.mark.parametrize("unit", [0.5, 5e-324, 1.0])
def test_sample_weights_of_which_none_reaches_one_are_scaled_to_it(unit: float) -> None:
    np.testing.assert_array_equal(arrays.sample_weights([unit, 0.0, unit], 3), [1, 0, 1])


def test_sample_weights_from_one_on_are_counts_as_they_are() -> None:
    np.testing.assert_array_equal(arrays.sample_weights([1e300, 0.0, 0.5], 3), [1e300, 0, 0.5])
    np.testing.assert_array_equal(arrays.sample_weights(2, 3), [2, 2, 2])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"^slope_weight must have shape \(1, 2\).* got \(2,\)$"),
        ([[1, -2]], r"^slope_weight\[0, 1\] is -2\.0; no weight may be negative$"),
        (np.inf, "^slope_weight is inf; every entry"),
    ],
)
def test_slope_weights_say_what_is_wrong(weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arrays.weights("slope_weight", weight, (1, 2), (5, 1, 2), np.float64)

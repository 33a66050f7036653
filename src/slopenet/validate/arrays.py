"""The only place that rejects array input; nothing is checked again inside the library.

The core checks that every entry of X is finite while reading it, without an extra pass. No function
here writes to its input; an array that already fits is returned unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import is_cupy_array, is_jax_array, is_torch_array
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.validate import frames
from slopenet.validate.frames import Names

_ADVICE = {
    "S": "convert the text to numbers first",
    "U": "convert the text to numbers first",
    "M": "turn dates into numbers first, as by (t - t[0]) / np.timedelta64(1, 's')",
    "m": "turn durations into numbers first, as by t / np.timedelta64(1, 's')",
    "V": "a structured array becomes a plain one by"
    " numpy.lib.recfunctions.structured_to_unstructured",
    "f": "round it with .astype(float) if float64 is enough",
}


def is_foreign(x: object) -> bool:
    """Whether `x` is an array of torch, JAX or CuPy, which stays in its own library."""
    return not isinstance(x, np.ndarray) and (
        is_torch_array(x) or is_jax_array(x) or is_cupy_array(x)
    )


def floats(name: str, x: Any, dtype: DTypeLike = np.float64, labels: Names = None) -> Floats:
    """`x` as a C-contiguous array of `dtype`; for a data frame, the columns `labels`, or all.

    Real numbers of any kind are rounded to `dtype`. A missing entry of a data frame is NaN.

    Raises
    ------
    TypeError
        If `x` is not an array of real numbers; longdouble is refused because it would lose digits.
    ValueError
        For ragged lists, masked entries, missing columns, and numbers too large for `dtype`.
    """
    if type(x) is np.ndarray and x.dtype == dtype and x.flags.c_contiguous and x.flags.aligned:
        return x
    if hasattr(x, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray()")
    array = _array(name, x, labels)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(_what_is_wrong(name, x, array))
    with np.errstate(over="ignore"):
        cast = np.require(array, dtype, ["C", "A"])
    if cast.dtype.itemsize < array.dtype.itemsize:
        over = np.isinf(cast) & np.isfinite(array)
        if over.any():
            where, value = _first(array, over)
            raise ValueError(f"{name}{where} is {value}, too large for {cast.dtype}")
    return cast


def _array(name: str, x: Any, labels: Names) -> Floats:
    columns = frames.columns(name, x, labels)
    if columns is not None:
        parts = [floats(f"{name}[{label!r}]", column) for label, column in columns.items()]
        return np.stack(parts, axis=1) if parts else np.empty((len(x), 0))
    if isinstance(x, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(x)
        if masked.any():
            raise ValueError(
                f"{name}{_first(x.data, masked)[0]} is masked; fill or drop such entries first"
            )
        x = x.data
    elif hasattr(x, "to_numpy"):
        x = frames.numbers(x)
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is ragged: its rows must have equal lengths") from error


def _what_is_wrong(name: str, x: Any, array: Floats) -> str:
    if array.dtype.kind != "O":
        advice = _ADVICE.get(array.dtype.kind, "real numbers are wanted")
        return f"{name} has dtype {array.dtype}; {advice}"
    if array.ndim == 0:
        return f"{name} is of type {type(x).__name__}, not an array of real numbers"
    strange = np.array([not isinstance(v, int | float | np.number) for v in array.flat], bool)
    if not strange.any():
        return f"{name} has dtype object; convert it with .astype(float)"
    where, value = _first(array, strange.reshape(array.shape))
    words = isinstance(value, str) and where == "[0]"
    hint = "; pandas.get_dummies(..., prefix_sep='=') codes a column of words" if words else ""
    return f"{name}{where} is {value!r}, not a real number{hint}"


def _first(x: Floats, bad: Floats) -> tuple[str, Any]:
    """Index, as text, and value of the first entry of `x` that is `bad`."""
    where = tuple(int(i) for i in np.argwhere(bad)[0])
    return str(list(where)) if where else "", x[where]


def require_finite(name: str, x: Floats) -> None:
    """Raise a ValueError that names the first entry of `x` that is NaN or infinite."""
    # Minimum and maximum need no memory, unlike isfinite of the whole array.
    if not (np.isfinite(x.min(initial=0.0)) and np.isfinite(x.max(initial=0.0))):
        where, value = _first(x, ~np.isfinite(x))
        raise ValueError(f"{name}{where} is {value}; every entry of {name} must be finite")


def points(name: str, x: Any, width: int, dtype: DTypeLike, labels: Names = None) -> Floats:
    """`x` as points in rows (N, width), or a single point (width,)."""
    if type(x) is not np.ndarray:
        x = frames.entries(name, x, labels)
    array = floats(name, x, dtype, labels)
    if array.ndim not in (1, 2) or array.shape[-1] != width:
        hint = ""
        if array.ndim == 1 and width == 1:
            hint = f"; for {array.size} samples of one number pass {name}[:, None]"
        raise ValueError(
            f"{name} must have shape (N, {width}) or ({width},), got {array.shape}{hint}"
        )
    return array


def samples(name: str, x: Any, labels: Names = None) -> Floats:
    """`x` as finite samples in rows (N, n_1), with N and n_1 at least 1."""
    array = floats(name, x, np.float64, labels)
    if array.ndim != 2 or 0 in array.shape:
        hint = f"; for one input pass {name}[:, None]" if array.ndim == 1 else ""
        raise ValueError(
            f"{name} must have shape (N, n_1) with at least one row and column,"
            f" got {array.shape}{hint}"
        )
    require_finite(name, array)
    return array


def directions(
    name: str, v: Any, wanted: tuple[int, ...], dtype: DTypeLike, labels: Names = None
) -> Floats:
    """One vector per point, as an array of the shape `wanted`, or one vector for all points."""
    array = floats(name, frames.entries(name, v, labels), dtype, labels)
    require_shape(name, array, [wanted, wanted[-1:]])
    if array.shape == wanted:
        return array
    require_finite(name, array)
    return np.ascontiguousarray(np.broadcast_to(array, wanted))


def targets(
    name: str,
    y: Any,
    shape: tuple[int | None, int],
    dtype: DTypeLike,
    labels: Names = None,
    *,
    unknown: bool = False,
) -> Floats:
    """Values (N, n_L) to learn, (N,) for one output; N is None for a single point.

    With `unknown` NaN is allowed, as a value that is not known.
    """
    n, n_L = shape
    rows = () if n is None else (n,)
    given = floats(name, y if rows else frames.entries(name, y, labels), dtype, labels)
    if not rows and given.shape == (1, n_L):
        given = given[0]
    require_shape(name, given, [(*rows, n_L), rows] if n_L == 1 else [(*rows, n_L)])
    if unknown:
        _require_not_infinite(name, given, "value", "unknown")
    else:
        require_finite(name, given)
    return given.reshape(*rows, n_L)


def slopes(
    name: str,
    dydx: Any,
    shape: tuple[int | None, int, int],
    dtype: DTypeLike,
    labels: tuple[Names, Names] = (None, None),
) -> Floats | None:
    """Slopes (N, n_L, n_1) to learn, (N, n_1) for one output; N is None for a single point.

    NaN is a missing slope; the result is None if every slope is missing. `labels` are the names of
    the inputs and outputs.
    """
    n, n_L, n_1 = shape
    rows = () if n is None else (n,)
    columns = frames.slope_columns(name, dydx, *labels)
    given = floats(name, dydx, dtype, columns)
    wanted = [(*rows, n_L, n_1), *([(*rows, n_1)] if n_L == 1 else [])]
    if columns is not None:
        wanted = [wanted[0], (n or 1, n_L * n_1)]
    require_shape(name, given, wanted)
    _require_not_infinite(name, given)
    return None if np.isnan(given).all() else given.reshape(wanted[0])


def deviations(
    name: str, std: Any, wanted: list[tuple[int, ...]], dtype: DTypeLike, labels: Names = None
) -> Floats:
    """Standard deviations as an array of the first shape `wanted`; the others are spread to it.

    Every one is positive; infinity stands for an unknown one.
    """
    array = floats(name, std, dtype, labels)
    require_shape(name, array, wanted)
    wrong = ~(array > 0)
    if wrong.any():
        where, value = _first(array, wrong)
        raise ValueError(f"{name}{where} is {value}; a deviation is positive, or inf if unknown")
    if array.shape not in (wanted[0], ()) and array.size == np.prod(wanted[0]):
        array = array.reshape(wanted[0])
    return np.ascontiguousarray(np.broadcast_to(array, wanted[0]))


def one_or_each(name: str, x: Any, shape: tuple[int, ...], dtype: DTypeLike) -> Floats:
    """Finite numbers, one per entry of `shape` or one for all, as an array of that shape."""
    array = floats(name, x, dtype)
    require_shape(name, array, [shape, ()])
    require_finite(name, array)
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def slopes_along(
    v: Any, along: Any, shape: tuple[int | None, int, int], dtype: DTypeLike
) -> tuple[Floats, Floats] | tuple[None, None]:
    """Directions (N, M, n_1), or (M, n_1) for all samples, and slopes along them (N, M, n_L).

    Slopes may be (N, M) for one output; NaN is a missing slope. Either both are None or neither is.
    """
    if v is None and along is None:
        return None, None
    if v is None or along is None:
        raise ValueError("directions and along must be given together")
    n, n_L, n_1 = shape
    rows = () if n is None else (n,)
    vectors = floats("directions", v, dtype)
    M = vectors.shape[-2] if vectors.ndim > 1 else 1
    require_shape("directions", vectors, [(*rows, M, n_1), (M, n_1)])
    require_finite("directions", vectors)
    given = floats("along", along, dtype)
    require_shape("along", given, [(*rows, M, n_L), *([(*rows, M)] if n_L == 1 else [])])
    _require_not_infinite("along", given)
    each = np.ascontiguousarray(np.broadcast_to(vectors, (*rows, M, n_1)))
    return each, given.reshape(*rows, M, n_L)


def weights(
    name: str, weight: Any, shared: tuple[int, ...], each: tuple[int, ...], dtype: DTypeLike
) -> Floats:
    """Weights of the shape `shared` or `each`, or one number for all: finite, not negative."""
    array = floats(name, weight, dtype)
    require_shape(name, array, [shared, (), each])
    require_finite(name, array)
    _require_not_negative(name, array)
    return array if array.shape == each else np.ascontiguousarray(np.broadcast_to(array, shared))


def sample_weights(weight: Any, n: int) -> Floats:
    """Weights (N,) of the samples, or one number for all: finite, not negative, not all zero.

    They count rows; weights that are all below 1 are scaled to a largest of 1.
    """
    array = floats("sample_weight", weight)
    require_shape("sample_weight", array, [(n,), ()])
    require_finite("sample_weight", array)
    _require_not_negative("sample_weight", array)
    if not array.any():
        raise ValueError("sample_weight is zero for every sample")
    with np.errstate(over="ignore"):
        if not np.isfinite(array.max() * n):
            raise ValueError(f"sample_weight has entries up to {array.max():g}; it counts rows")
    return np.ascontiguousarray(np.broadcast_to(array / min(1.0, array.max()), (n,)))


def _require_not_infinite(
    name: str, x: Floats, kind: str = "slope", absent: str = "missing"
) -> None:
    infinite = np.isinf(x)
    if infinite.any():
        where, value = _first(x, infinite)
        raise ValueError(f"{name}{where} is {value}; a {kind} is a number, or NaN if {absent}")


def _require_not_negative(name: str, x: Floats) -> None:
    if (x < 0).any():
        where, value = _first(x, x < 0)
        raise ValueError(f"{name}{where} is {value}; no weight may be negative")


def require_shape(name: str, x: Any, wanted: list[tuple[int, ...]]) -> None:
    """Raise a ValueError unless `x` has one of the shapes `wanted`."""
    if tuple(x.shape) not in wanted:
        shapes = " or ".join(str(shape) for shape in dict.fromkeys(wanted))
        hint = f"; pass {name}[:, None]" if x.ndim and (*x.shape, 1) in wanted else ""
        raise ValueError(f"{name} must have shape {shapes}, got {tuple(x.shape)}{hint}")

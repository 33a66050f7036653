"""The one place that rejects array input; inside, nothing is checked twice.

That every entry is finite is checked by the core while it reads them, at no extra pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import is_cupy_array, is_jax_array, is_torch_array
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]


def is_foreign(x: object) -> bool:
    """Whether `x` is an array of torch, JAX or CuPy, which stays in its own library."""
    return not isinstance(x, np.ndarray) and (
        is_torch_array(x) or is_jax_array(x) or is_cupy_array(x)
    )


def floats(name: str, x: Any, dtype: DTypeLike = np.float64) -> Floats:
    """`x` as a C-contiguous array of `dtype`, real numbers only.

    Raises
    ------
    TypeError
        For anything that is no array of real numbers, longdouble included: it would lose digits.
    ValueError
        For ragged lists and masked entries.
    """
    if type(x) is np.ndarray and x.dtype == dtype and x.flags.c_contiguous and x.flags.aligned:
        return x
    if hasattr(x, "tocsr"):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray()")
    if isinstance(x, np.ma.MaskedArray):
        if np.ma.is_masked(x):
            raise ValueError(f"{name} has masked entries; fill or drop them first")
        x = x.data
    try:
        array = np.asarray(x)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} is no rectangular array of numbers: {error}") from None
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} has dtype {array.dtype}; real numbers of at most 64 bits are wanted"
            f" (convert with np.asarray({name}, dtype=float))"
        )
    with np.errstate(over="ignore"):
        cast = np.require(array, dtype, ["C", "A"])
    if cast.dtype.itemsize < array.dtype.itemsize and np.isinf(cast).any() > np.isinf(array).any():
        raise ValueError(f"{name} has entries too large for {cast.dtype}")
    return cast.view(np.ndarray)


def table_columns(name: str, x: Any, names: Sequence[str] | None) -> Any:
    """The columns `names` of a data frame in that order; anything else unchanged."""
    if not (hasattr(x, "columns") and hasattr(x, "to_numpy")):
        return x
    columns = [str(column) for column in x.columns]
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    if doubled:
        raise ValueError(f"{name} has more than one column named {', '.join(doubled)}")
    if names is None:
        return x.to_numpy()
    missing = [wanted for wanted in names if wanted not in columns]
    if missing:
        raise ValueError(f"{name} has no column {', '.join(missing)}; it has {', '.join(columns)}")
    original = dict(zip(columns, x.columns, strict=True))
    parts = [floats(f"{name}[{n!r}]", x[original[n]].to_numpy()) for n in names]
    return np.stack(parts, axis=1) if parts else x.to_numpy()


def points(name: str, x: Any, width: int, dtype: DTypeLike) -> Floats:
    """`x` as points in rows (N, width), or a single point (width,)."""
    array = floats(name, x, dtype)
    if array.ndim not in (1, 2) or array.shape[-1] != width:
        hint = ""
        if array.ndim == 1 and width == 1:
            hint = f"; for {array.size} samples of one input pass {name}[:, None]"
        raise ValueError(
            f"{name} must have shape (N, {width}) or ({width},), got {array.shape}{hint}"
        )
    return array


def require_finite(name: str, x: Floats) -> None:
    """Raise a ValueError that names the first entry of `x` that is NaN or infinite."""
    bad = ~np.isfinite(x)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{name}{list(where)} is {x[where]}; every entry of {name} must be finite"
        )


def targets(y: Any, n: int, outputs: int, dtype: DTypeLike = np.float64) -> Floats:
    """Values (N, n_L) to learn; (N,) is one output."""
    array = floats("y", y, dtype)
    if array.ndim == 1 and outputs == 1:
        array = array[:, None]
    if array.shape != (n, outputs):
        also = f" or ({n},)" if outputs == 1 else ""
        raise ValueError(f"y must have shape ({n}, {outputs}){also}, got {array.shape}")
    require_finite("y", array)
    return np.ascontiguousarray(array)


def slopes(
    dydx: Any, n: int, outputs: int, inputs: int, dtype: DTypeLike = np.float64
) -> Floats:
    """Slopes (N, n_L, n_1) to learn, (N, n_1) for one output; NaN is a missing slope."""
    array = floats("dydx", dydx, dtype)
    if array.ndim == 2 and outputs == 1:
        array = array[:, None, :]
    if array.shape != (n, outputs, inputs):
        also = f" or ({n}, {inputs})" if outputs == 1 else ""
        raise ValueError(
            f"dydx must have shape ({n}, {outputs}, {inputs}){also}, got {array.shape}"
        )
    if np.isinf(array).any():
        where = [int(i) for i in np.argwhere(np.isinf(array))[0]]
        raise ValueError(f"dydx{where} is infinite; a slope is a number, or NaN where it is missing")
    return np.ascontiguousarray(array)


def slope_weights(
    weight: Any, outputs: int, inputs: int, dtype: DTypeLike = np.float64
) -> Floats:
    """λ (n_L, n_1), or one number for all: finite, not negative."""
    array = floats("slope_weight", weight, dtype)
    if array.ndim and array.shape != (outputs, inputs):
        raise ValueError(
            f"slope_weight must be a number or have shape ({outputs}, {inputs}), got {array.shape}"
        )
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"slope_weight must be finite and not negative, got {weight!r}")
    return np.ascontiguousarray(np.broadcast_to(array, (outputs, inputs)))


def sample_weights(weight: Any, n: int, dtype: DTypeLike = np.float64) -> Floats | None:
    """Weights (N,) of the samples: finite, not negative, not all zero."""
    if weight is None:
        return None
    array = floats("sample_weight", weight, dtype)
    if array.shape != (n,):
        raise ValueError(f"sample_weight must have shape ({n},), got {array.shape}")
    require_finite("sample_weight", array)
    if (array < 0).any():
        i = int(np.argmax(array < 0))
        raise ValueError(f"sample_weight[{i}] is {array[i]}; weights must not be negative")
    if n and not math.fsum(array) > 0:
        raise ValueError("sample_weight is zero for every sample")
    return array

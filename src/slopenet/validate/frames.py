"""Data frames of pandas, polars and Arrow: columns are selected by name, never by position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from slopenet.validate.headings import slope_key, slope_name

Names = Sequence[str] | None


def labels(x: Any) -> tuple[str, ...] | None:
    """Names of the columns of a data frame, or of the entries of a series; otherwise None."""
    held = _column_keys(x)
    if held is not None:
        return tuple(str(key) for key in held)
    name = getattr(x, "name", None) if hasattr(x, "to_numpy") else None
    return (name,) if isinstance(name, str) and name else None


def columns(name: str, x: Any, wanted: Names) -> dict[str, Any] | None:
    """Columns of a data frame by name, in the order `wanted`; otherwise None.

    Raises
    ------
    ValueError
        If a column is missing, or a name occurs twice.
    """
    held = _column_keys(x)
    if held is None:
        return None
    keys = {str(key): key for key in held}
    if len(keys) < len(held):
        names = [str(key) for key in held]
        doubled = sorted({key for key in names if names.count(key) > 1})
        raise ValueError(f"{name} has more than one column named {', '.join(doubled)}")
    _require(name, "column", keys if wanted is None else wanted, keys)
    return {key: numbers(x[keys[key]]) for key in (keys if wanted is None else wanted)}


def entries(name: str, x: Any, wanted: Names) -> Any:
    """Entries of a labelled series (a row of a data frame) in the order `wanted`, else `x`."""
    if wanted is None or not (hasattr(x, "to_numpy") and hasattr(x, "index")):
        return x
    if hasattr(x, "columns") or not any(isinstance(key, str) for key in x.index):
        return x
    held = list(x.index)
    _require(name, "entry", wanted, held)
    return x.to_numpy()[[held.index(key) for key in wanted]]


def slope_columns(name: str, x: Any, inputs: Names, outputs: Names) -> Names:
    """Names of the slope columns of a data frame, dH_k/dx_i ordered by k and then i.

    They are named ``dy/dx`` after output and input, or, for one output, after the input alone.
    A unit in brackets, ``∂`` and parentheses do not matter.
    """
    held = _column_keys(x)
    if held is None or inputs is None:
        return None
    names = [str(key) for key in held]
    wanted = [slope_name(k, i) for k in outputs or () for i in inputs]
    if wanted and set(names).issuperset(wanted):
        return wanted
    found = {slope_key(name): name for name in names}
    if wanted and len(found) == len(names) and found.keys() >= {slope_key(w) for w in wanted}:
        return [found[slope_key(name)] for name in wanted]
    if set(names) == set(inputs):
        return inputs
    raise ValueError(
        f"the columns of {name} must be called {', '.join(wanted or inputs)},"
        f" got {', '.join(str(key) for key in held)}"
    )


def numbers(column: Any) -> Any:
    """One column as an array, with NaN for missing numbers."""
    dtype = getattr(column, "dtype", None)
    if hasattr(dtype, "na_value") and getattr(dtype, "kind", "") in tuple("biuf"):
        return column.to_numpy(dtype=float, na_value=np.nan)  # pandas' own types, with pd.NA
    return column.to_numpy()


def _column_keys(x: Any) -> list[Any] | None:
    if hasattr(x, "to_numpy") and hasattr(x, "columns"):
        return list(x.columns)
    names = getattr(x, "column_names", None)  # Arrow
    return names if isinstance(names, list) else None


def _require(name: str, what: str, wanted: Iterable[str], held: Iterable[Any]) -> None:
    missing = [key for key in wanted if key not in held]
    if missing:
        has = ", ".join(str(key) for key in held)
        raise ValueError(f"{name} has no {what} {', '.join(missing)}; it has {has}")

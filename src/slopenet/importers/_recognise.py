"""Recognises the activation that a function of one number is, by its values.

silu is z·sigmoid(z) in one file and a single node in the next, a lambda in a third. On points
from 1e-6 to 1e4 on both sides no two rows of the table agree.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from slopenet._types import Floats
from slopenet.activations import TABLE, ActivationName, ActivationSpec, normalise, sigma

_FAR = np.logspace(-6, 4, 81)
_FARTHEST: Floats = np.logspace(5, 12, 8)
_POINTS: Floats = np.concatenate([-_FAR, np.linspace(-8, 8, 161), _FAR]).astype(np.float32)
_OVERFLOW = 80.0  # where exp(z) leaves float32, a spelling of softplus may be infinite
# torch takes softplus as z beyond 20: 2e-9 compared with 20.
TOLERANCE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-5}


def activation_of(
    function: Callable[[Floats], Floats], dtype: np.dtype, *, far: bool = False
) -> ActivationSpec | None:
    """Return the activation whose values `function` has, or None if it is none of the table.

    Parameters
    ----------
    function : callable
        Entry by entry, from an array (M,) of `dtype` to one.
    dtype : {float64, float32}
        In which it is evaluated; values may differ by 1e-9, or 1e-5, of max(1, |z|, |σ|).
    far : bool
        Look as far as 1e12, for a kink that a hostile file may have put there; a function of some
        library may lose its digits on the way.
    """
    z = np.concatenate([_POINTS, _FARTHEST, -_FARTHEST] if far else [_POINTS]).astype(dtype)
    with np.errstate(all="ignore"):
        values = np.asarray(function(z), np.float64)
    if values.shape != z.shape:
        return None
    known = np.isfinite(values)
    low = -np.inf if known[z < 0].any() else 0.0
    if not known[(low < z) & (z <= _OVERFLOW) & (z >= -_OVERFLOW)].all():
        return None
    z, values = z.astype(np.float64), values[known]
    size = np.maximum(1, np.maximum(np.abs(z[known]), np.abs(values)))
    allowed = TOLERANCE[np.dtype(dtype)] * size

    def value(at: float) -> float:
        with np.errstate(all="ignore"):
            return float(np.asarray(function(np.array([at], dtype)))[0])

    for spec in _candidates(value, low, digits=12 if dtype == np.float64 else 6):
        with np.errstate(all="ignore"):
            of_table = _of_table(spec, z.tobytes()) if isinstance(spec, str) else _of(spec, z)
            differences = np.abs(values - of_table[known])
        if np.all(differences <= allowed):
            return spec
    return None


def _of(spec: ActivationSpec, z: Floats) -> Floats:
    return np.asarray(sigma(normalise(spec), z))


@functools.lru_cache(maxsize=128)
def _of_table(name: ActivationName, z: bytes) -> Floats:
    """Values of a row of the table at the same points again."""
    return _of(name, np.frombuffer(z))


def activation_of_library(function: Callable[[Floats], Any]) -> ActivationSpec | None:
    """Return the activation that a function of some library is, float64 if it can, else float32."""
    found = None
    for dtype in (np.dtype(np.float64), np.dtype(np.float32)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # JAX warns that it has no float64
            found = found or activation_of(lambda z: np.asarray(function(z)), dtype)
    return found


def _candidates(
    value: Callable[[float], float], low: float, *, digits: int
) -> Iterator[ActivationSpec]:
    """Rows of the table finite above `low` alone, then those with a parameter from the values."""
    rows = {name: row for name, row in TABLE.items() if row.domain[0] == low}
    yield from rows
    for name, row in rows.items():
        if row.parameter_from is not None:
            found = row.parameter_from(value)
            each = found if isinstance(found, tuple) else (found,)
            rounded = [float(f"{number:.{digits}g}") for number in each]
            spec = cast("ActivationSpec", (name, *rounded))
            if np.isfinite(rounded).all() and np.all(np.diff(rounded) > 0) and _is_valid(spec):
                yield spec


def _is_valid(spec: ActivationSpec) -> bool:
    try:
        normalise(spec)
    except ValueError:  # as softplus of 1e-308
        return False
    return True

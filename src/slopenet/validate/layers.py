"""Check that the parts of a network fit together: sizes, shapes, dtype, activations, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import (
    HEADS,
    GivenSpecs,
    Head,
    LayerActivation,
    is_one,
    normalise,
    normalise_layer,
)
from slopenet.parameters import count
from slopenet.validate import arrays, settings

MAX_PARAMETERS = 2**31
MAX_LAYERS = 256
DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def check_sizes(name: str, sizes: Any) -> tuple[int, ...]:
    """n_1, ..., n_L as integers, few enough to be built, or a clear error that blames `name`."""
    n = settings.counts(name, sizes)
    if not 2 <= len(n) <= MAX_LAYERS + 1:
        raise ValueError(
            f"{name} gives a network of {len(n)} layers, input and output among them;"
            f" 2 to {MAX_LAYERS + 1} can be built"
        )
    if count(n) > MAX_PARAMETERS:
        raise ValueError(
            f"{name} gives a network of {settings.short(n)} with {count(n)} parameters;"
            f" {MAX_PARAMETERS} are the most"
        )
    return n


def sizes_around(inputs: int, hidden: Any, outputs: int) -> tuple[int, ...]:
    """n_1, ..., n_L of a network, its hidden layers given as widths or as a single width."""
    widths = settings.counts("hidden", [hidden] if isinstance(hidden, int | np.integer) else hidden)
    return check_sizes("hidden", (inputs, *widths, outputs))


def check_activations(
    given: GivenSpecs,
    layers: int,
    name: str = "activations",
    kind: str = "layers of weights",
    *,
    units: Sequence[int] | None = None,
    heads: bool = False,
) -> tuple[LayerActivation, ...]:
    """σ of each of `layers` layers, given as one for all or as a sequence of one per layer.

    An entry may be one activation per unit, or runs, where the `units` of the layers are known,
    and the last one softmax or log_softmax with `heads`.
    """
    specs = [given] * layers if is_one(given) else one_per_layer(name, given)
    if len(specs) != layers:
        raise ValueError(
            f"{name} must be one, or one for each of {layers} {kind}, got {len(specs)}"
        )
    if units is None:
        return tuple(normalise(spec) for spec in specs)
    found = []
    for i, (spec, n) in enumerate(zip(specs, units, strict=True)):
        try:
            last = heads and i == len(specs) - 1
            head = Head(spec) if last and isinstance(spec, str) and spec in HEADS else spec
            found.append(normalise_layer(head, n))
        except (ValueError, TypeError) as error:
            raise error if is_one(spec) else type(error)(f"{name}[{i}]: {error}") from None
    return tuple(found)


def one_per_layer(name: str, given: Any) -> list[Any]:
    """`given` as a list, one entry per layer."""
    try:
        return list(given)
    except TypeError:
        raise TypeError(
            f"{name} must be a sequence with one entry per layer, got {settings.short(given)}"
        ) from None


def common_dtype(given: list[Any], dtype: DTypeLike | None) -> np.dtype[Any]:
    """The dtype asked for; else float32 if all arrays are, else float64."""
    if dtype is not None:
        try:
            kind = np.dtype(dtype)
        except TypeError:
            kind = np.dtype(object)
        if kind not in DTYPES:
            raise ValueError(f"dtype must be float64 or float32, got {settings.short(dtype)}")
        return kind
    single = all(getattr(x, "dtype", None) == np.float32 for x in given)
    return np.dtype(np.float32 if single else np.float64)


def frozen(name: str, x: Any, dtype: np.dtype[Any], ndim: int) -> Floats:
    """`x` checked, in memory that nobody can write to: such memory is shared, all else copied."""
    array = arrays.floats(name, x, dtype)
    if array.ndim != ndim or array.size == 0:
        wanted = "a matrix (n_l, n_{l-1})" if ndim == 2 else "a vector (n_l,)"
        raise ValueError(f"{name} must be {wanted} of at least one entry, got {array.shape}")
    arrays.require_finite(name, array)
    if isinstance(array.base, bytes):
        return array
    return np.ndarray(array.shape, dtype, array.tobytes())


def component_names(what: str, given: Any, n: int) -> tuple[str, ...] | None:
    """`n` different names, or None."""
    names = settings.names(what, given)
    if names is not None and len(names) != n:
        raise ValueError(f"{what} must be {n} names, got {len(names)}: {', '.join(names)}")
    return names


def names_through(
    what: str, fitted: tuple[str, ...] | None, own: tuple[str, ...] | None, *, same: bool
) -> tuple[str, ...] | None:
    """Labels of the raw numbers of a scaling, which leaves each number in its place if `same`."""
    if not same:
        return fitted
    if fitted and own and fitted != own:
        raise ValueError(
            f"{what} must have the network's order {', '.join(own)}, got {', '.join(fitted)}"
        )
    return own or fitted

"""Nodes of an ONNX graph whose inputs are all constants: computed, and never larger than these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import UnsupportedNetworkError, refuse
from slopenet.importers.onnx.scalar import ARITHMETIC

Attributes = Mapping[str, Any]

SAMPLES = -(2**31 - 1)
"""Stands for N among the sizes of a shape; no product of sizes but N itself has this value."""

_FLOATS = {1: np.float32, 10: np.float32, 11: np.float64, 16: np.float32}
_WHOLE = {6: np.int32, 7: np.int64}


def constant(where: str, op: str, inputs: list[Floats], attributes: Attributes) -> Floats:
    """Return the result of a node whose inputs are constants.

    Raises
    ------
    UnsupportedNetworkError
        If the node is none of those known here, or its result would be larger than its inputs.
    """
    if any(map(holds_samples, inputs)):
        if op == "Cast":
            return inputs[0]
        if op not in _OF_SIZES:
            refuse(where, f"{op} of the number of samples is not known here")
    try:
        if op in ARITHMETIC:
            _require_no_growth(where, inputs)
            with np.errstate(all="ignore"):
                return np.asarray(ARITHMETIC[op](*inputs))
        if op in _SHAPES:
            with np.errstate(all="ignore"):
                return _SHAPES[op](inputs, attributes)
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        refuse(where, f"its constants do not fit ({error})")
    raise UnsupportedNetworkError(f"{where}: {op} of constants is not known here")


def holds_samples(x: Any) -> bool:
    """Whether a constant is of sizes of a shape, N among them."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "i" and bool((x == SAMPLES).any())


def _require_no_growth(where: str, inputs: list[Floats]) -> None:
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    if np.prod([float(n) for n in shape]) > max(1, sum(x.size for x in inputs)):
        refuse(where, "constants that grow as they meet are not weights")


def axes_of(inputs: list[Any], attributes: Attributes) -> list[int] | None:
    """Axes of Squeeze and Unsqueeze: an input in newer files, an attribute in older ones."""
    if len(inputs) > 1:
        return [int(axis) for axis in np.ravel(inputs[1])]
    return [int(axis) for axis in attributes["axes"]] if "axes" in attributes else None


def _cast(inputs: list[Floats], attributes: Attributes) -> Floats:
    return inputs[0].astype((_FLOATS | _WHOLE)[attributes["to"]])


def _reshape(inputs: list[Floats], attributes: Attributes) -> Floats:
    del attributes
    x, shape = inputs
    return x.reshape([x.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)])


def _transpose(inputs: list[Floats], attributes: Attributes) -> Floats:
    return inputs[0].transpose(attributes.get("perm"))


def _squeeze(inputs: list[Floats], attributes: Attributes) -> Floats:
    axes = axes_of(inputs, attributes)
    return np.squeeze(inputs[0], None if axes is None else tuple(axes))


def _unsqueeze(inputs: list[Floats], attributes: Attributes) -> Floats:
    return np.expand_dims(inputs[0], tuple(axes_of(inputs, attributes) or ()))


def _unchanged(inputs: list[Floats], attributes: Attributes) -> Floats:
    del attributes
    return inputs[0]


def _gather(inputs: list[Floats], attributes: Attributes) -> Floats:
    x, at = inputs
    if at.size * x.size > max(x.size, at.size) ** 2 or at.size > x.size:
        raise ValueError("it repeats numbers")
    return np.take(x, at.astype(np.int64), axis=attributes.get("axis", 0))


def _concat(inputs: list[Floats], attributes: Attributes) -> Floats:
    return np.concatenate(inputs, axis=attributes["axis"])


def _product(inputs: list[Floats], attributes: Attributes) -> Floats:
    axes = axes_of(inputs, attributes)
    keep = bool(attributes.get("keepdims", 1))
    return np.asarray(np.prod(inputs[0], None if axes is None else tuple(axes), keepdims=keep))


def _slice(inputs: list[Floats], attributes: Attributes) -> Floats:
    x, *parts = inputs
    names = ("starts", "ends", "axes", "steps")
    given = dict(zip(names, parts, strict=False)) or {
        name: np.array(attributes[name]) for name in names if name in attributes
    }
    starts, ends = given["starts"], given["ends"]
    axes = given.get("axes", np.arange(len(starts)))
    steps = given.get("steps", np.ones(len(starts), np.int64))
    places = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[int(axis)] = slice(int(start), int(end), int(step))
    return x[tuple(places)]


_OF_SIZES = {
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Gather",
    "Concat",
    "ReduceProd",
    "Slice",
}
_SHAPES: dict[str, Callable[[list[Floats], Attributes], Floats]] = {
    "Cast": _cast,
    "Concat": _concat,
    "Gather": _gather,
    "Identity": _unchanged,
    "ReduceProd": _product,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}

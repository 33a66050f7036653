"""Nodes of an ONNX graph whose inputs are all constants: computed, and never larger than these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._expression import ARITHMETIC
from slopenet.maps.affine import UnsupportedNetworkError, refuse

Attributes = Mapping[str, Any]

_FLOATS = {1: np.float32, 10: np.float32, 11: np.float64, 16: np.float32}
_WHOLE = {6: np.int32, 7: np.int64}


def constant(where: str, op: str, inputs: list[Floats], attributes: Attributes) -> Floats:
    """Return the result of a node whose inputs are constants.

    Raises
    ------
    UnsupportedNetworkError
        If the node is none of those known here, or its result would be larger than its inputs.
    """
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


def _product(inputs: list[Floats], attributes: Attributes) -> Floats:
    axes = axes_of(inputs, attributes)
    keep = bool(attributes.get("keepdims", 1))
    return np.asarray(np.prod(inputs[0], None if axes is None else tuple(axes), keepdims=keep))


_SHAPES: dict[str, Callable[[list[Floats], Attributes], Floats]] = {
    "Cast": _cast,
    "Identity": _unchanged,
    "ReduceProd": _product,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}

"""Operations of ONNX that only move entries, as functions of arrays; also of constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from slopenet.importers.onnx.constant import axes_of

Array = Any
Move = Callable[[list[Any], Mapping[str, Any], int], Any]


def moved(op: str, inputs: list[Any], attributes: Mapping[str, Any], outputs: int) -> list[Array]:
    """The outputs of an operation, each entry one of its first input, or of all for Concat.

    Raises
    ------
    ValueError, LookupError, TypeError
        If the operation does not fit its inputs.
    """
    found = MOVES[op](inputs, attributes, outputs)
    return found if isinstance(found, list) else [found]


def _reshape(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    x, shape = inputs[0], [int(n) for n in np.ravel(inputs[1])]
    if not attributes.get("allowzero"):
        shape = [x.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return x.reshape(shape)


def _flatten(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    x, axis = inputs[0], attributes.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


def _squeeze(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    axes = axes_of(inputs, attributes)
    return np.squeeze(inputs[0], None if axes is None else tuple(axes))


def _unsqueeze(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    return np.expand_dims(inputs[0], tuple(axes_of(inputs, attributes) or ()))


def _transpose(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    return inputs[0].transpose(attributes.get("perm"))


def _slice(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    x = inputs[0]
    given = [None if each is None else np.ravel(each).tolist() for each in inputs[1:]]
    starts, ends, axes, steps = [*given, None, None, None, None][:4]
    starts, ends = starts or attributes["starts"], ends or attributes["ends"]
    axes = axes or attributes.get("axes") or range(len(starts))
    parts = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(starts), strict=True):
        n = x.shape[axis]
        # A negative step ends before 0, where the end may lie below -n.
        stop = None if step < 0 and end < -n else int(end)
        parts[axis] = slice(int(start), stop, int(step))
    return x[tuple(parts)]


def _gather(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    return np.take(inputs[0], np.asarray(inputs[1], np.int64), axis=attributes.get("axis", 0))


def _split(inputs: list[Any], attributes: Mapping[str, Any], outputs: int) -> list[Array]:
    x, axis = inputs[0], attributes.get("axis", 0)
    sizes = np.ravel(inputs[1]) if len(inputs) > 1 else attributes.get("split")
    if sizes is None:
        return list(np.array_split(x, outputs, axis))
    return list(np.split(x, np.cumsum([int(n) for n in sizes])[:-1], axis))


def _concat(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    return np.concatenate(inputs, axis=attributes["axis"])


def _expand(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    del attributes
    shape = np.broadcast_shapes(inputs[0].shape, tuple(int(n) for n in np.ravel(inputs[1])))
    return np.broadcast_to(inputs[0], shape)


def _same(inputs: list[Any], attributes: Mapping[str, Any], _: int) -> Array:
    del attributes
    return inputs[0]


MOVES: dict[str, Move] = {
    "CastLike": _same,
    "Concat": _concat,
    "Dropout": _same,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _same,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}

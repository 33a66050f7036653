"""The shapes of tensors in an ONNX graph, where they are not (N, width).

A shape is a tuple of sizes with SAMPLES in the place of N, or without it where the graph is for
one sample. None stands for (SAMPLES, width). The numbers of a sample keep their order in every
shape; a graph that reorders them or mixes samples is refused.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import refuse
from slopenet.importers.onnx.constant import SAMPLES, axes_of
from slopenet.importers.onnx.value import Node, Value, row_of, whole_of

Shape = tuple[int, ...]
_MOST_AXES = 8


def of_input(where: str, dims: list[int | None], *, column: bool) -> tuple[Shape | None, Any, Any]:
    """The shape, the width and the batch of an input with these sizes, None where any will do.

    `column` says whether the first matrix is multiplied from the left.
    """
    if len(dims) > _MOST_AXES:
        refuse(where, f"it has {len(dims)} axes, and {_MOST_AXES} at most are read")
    if len(dims) == 2 and column and dims[0] is not None and dims[1] == 1:
        return (dims[0], 1), dims[0], 1
    if len(dims) == 2:
        return None, dims[1], dims[0]
    sizes = [n for n in (dims if len(dims) == 1 else dims[1:]) if n is not None]
    if not dims or len(sizes) != max(1, len(dims) - 1):
        refuse(where, f"it has {len(dims)} axes, of which those of a sample have no fixed size")
    if len(dims) == 1:
        return (sizes[0],), sizes[0], 1
    return (SAMPLES, *sizes), prod(sizes), dims[0]


def shape_of(node: Node, x: Value) -> Shape:
    """The shape of a value."""
    if x.axes is not None:
        return x.axes
    if x.width is None or x.flat:
        refuse(node.where, "the shape of its input is not known")
    return SAMPLES, x.width


def shaped(node: Node, x: Value, shape: Shape) -> Value:
    """x in another shape.

    Raises
    ------
    UnsupportedNetworkError
        If that is no shape of N samples.
    """
    own = [n for n in shape if n != SAMPLES]
    before = shape[: shape.index(SAMPLES)] if SAMPLES in shape else ()
    if prod(own) != x.width or len(shape) - len(own) > 1 or any(n != 1 for n in before):
        refuse(node.where, f"it makes {_said(shape_of(node, x))} the shape {_said(shape)}")
    if SAMPLES not in shape and SAMPLES in shape_of(node, x) and node.batch != 1:
        refuse(node.where, "it takes away the axis of the samples")
    usual = shape in ((SAMPLES, x.width), (1, x.width))
    return replace(x, axes=None if usual else shape, flat=False, product=None)


def _said(shape: Shape) -> str:
    return f"({', '.join('N' if n == SAMPLES else str(n) for n in shape)})"


def row_in(node: Node, x: Value, constant: Floats) -> Floats:
    """A constant that meets x number by number: a row (width,) or, of one number, ()."""
    if x.axes is None:
        return row_of(node, constant)
    shape = tuple(1 if n == SAMPLES else n for n in x.axes)
    try:
        fits = np.broadcast_shapes(constant.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        refuse(
            node.where, f"its constant of shape {constant.shape} does not fit into {_said(x.axes)}"
        )
    return (
        constant.reshape(()) if constant.size == 1 else np.broadcast_to(constant, shape).reshape(-1)
    )


def reshaped(node: Node, x: Value) -> Value:
    """Reshape, with sizes that are constants or come from Shape."""
    source, wanted = shape_of(node, x), [int(n) for n in np.ravel(node.numbers(1, "shape"))]
    if len(wanted) > _MOST_AXES or any(n == 0 and i >= len(source) for i, n in enumerate(wanted)):
        refuse(node.where, f"it makes {_said(source)} the shape {tuple(wanted)}")
    shape = [source[i] if n == 0 else n for i, n in enumerate(wanted)]
    if -1 in shape:
        known = prod(n for n in shape if n not in (-1, SAMPLES))
        samples = SAMPLES in source and SAMPLES not in shape
        if not samples and (known <= 0 or (x.width or 0) % known):
            refuse(node.where, f"it makes {_said(source)} the shape {tuple(wanted)}")
        shape[shape.index(-1)] = SAMPLES if samples else (x.width or 0) // known
    return shaped(node, x, tuple(shape))


def flattened(node: Node, x: Value) -> Value:
    """Flatten, where the samples stay apart."""
    source = shape_of(node, x)
    axis = whole_of(node, "axis", 1)
    axis = axis + len(source) if axis < 0 else axis
    first, rest = source[:axis], source[axis:]
    if any(n not in (1, SAMPLES) for n in first) or SAMPLES in rest:
        refuse(node.where, "it flattens the samples too")
    return shaped(node, x, (first[0] if len(first) == 1 else _one(first), prod(rest)))


def _one(first: Shape) -> int:
    return SAMPLES if SAMPLES in first else 1


def squeezed(node: Node, x: Value) -> Value:
    """Squeeze: axes of size 1 go."""
    source = shape_of(node, x)
    given = _axes(node, x)
    axes = [i for i, n in enumerate(source) if n == 1] if given is None else given
    gone = {i + len(source) if i < 0 else i for i in axes}
    if any(i not in range(len(source)) or (source[i] != 1 and node.batch != 1) for i in gone):
        refuse(node.where, "it takes away an axis that is not of size 1")
    return shaped(node, x, tuple(n for i, n in enumerate(source) if i not in gone))


def unsqueezed(node: Node, x: Value) -> Value:
    """Unsqueeze: axes of size 1 come in."""
    source, axes = list(shape_of(node, x)), _axes(node, x) or []
    rank = len(source) + len(axes)
    places = sorted(i + rank if i < 0 else i for i in axes)
    if (
        rank > _MOST_AXES
        or len(set(places)) != len(axes)
        or any(i not in range(rank) for i in places)
    ):
        refuse(node.where, f"its axes {axes} do not fit {_said(tuple(source))}")
    for i in places:
        source.insert(i, 1)
    return shaped(node, x, tuple(source))


def _axes(node: Node, x: Value) -> list[int] | None:
    return axes_of(
        [x, *([node.numbers(1, "axes")] if len(node.inputs) > 1 else [])], node.attributes
    )


def transposed(node: Node, x: Value) -> Value:
    """Transpose, where only axes of size 1 move."""
    source = shape_of(node, x)
    order = [int(i) for i in node.attributes.get("perm") or range(len(source))[::-1]]
    if sorted(order) != list(range(len(source))):
        refuse(node.where, f"its order {order} is not of {len(source)} axes")
    moved = [i for i in order if source[i] != 1]
    if moved != sorted(moved):
        refuse(node.where, "it changes the order of the numbers")
    return shaped(node, x, tuple(source[i] for i in order))


def sizes(node: Node, x: Value) -> Floats:
    """Shape: the sizes, with SAMPLES for N."""
    start, end = (node.attributes.get(name) for name in ("start", "end"))
    found: Floats = np.array(shape_of(node, x)[start:end], np.int64)
    return found

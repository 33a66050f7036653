"""Nodes of an ONNX graph on each entry of tensors, and sums of branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.importers import _tensor as tensors
from slopenet.importers._expression import Expression, compose
from slopenet.importers._steps import sigmas
from slopenet.importers._tensor import Tensor, added, by_entry, same, spread
from slopenet.importers.onnx.elementwise import expression_of, require_known
from slopenet.importers.onnx.value import Node
from slopenet.maps.affine import UnsupportedNetworkError, refuse

Given: TypeAlias = Tensor | Floats | None
_ARITHMETIC = ("Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu")


def entrywise(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    """A node that acts on each entry alone, or a sum of branches."""
    require_known(node)
    values = [x for x in given if isinstance(x, Tensor)]
    shape = np.broadcast_shapes(*(x.shape for x in given if x is not None))
    node.budget.spend(8 * int(np.prod([float(n) for n in shape])), node.where)
    first = spread(values[0], shape)
    arrays = [x for x in given if isinstance(x, np.ndarray) and x.size > 1]
    if arrays:
        if node.op not in _ARITHMETIC or len(given) != 2:
            refuse(node.where, f"{node.op} with a constant for each number is not known here")
        swapped = isinstance(given[0], np.ndarray)
        return _with_constants(
            node, first, np.broadcast_to(arrays[0], shape), rows, swapped=swapped
        )
    wide = [spread(x, shape) if isinstance(x, Tensor) else x for x in given]
    if all(same(x, first) for x in wide if isinstance(x, Tensor)):
        arguments: list[Expression | float | None] = [
            x.f if isinstance(x, Tensor) else None if x is None else float(np.ravel(x)[0])
            for x in wide
        ]
        return Tensor(first.stem, expression_of(node, arguments), first.index, first.dtype)
    if node.op in ("Add", "Sub", "Max", "Min") and len(wide) == 2:
        a, b = (x for x in wide if isinstance(x, Tensor))
        if node.op in ("Add", "Sub"):
            sign = 1.0 if node.op == "Add" else -1.0
            return added(node.where, [(1.0, a), (sign, b)], rows)
        sign = 1.0 if node.op == "Max" else -1.0  # a + relu(b - a)
        rest = added(node.where, [(-sign, a), (sign, b)], rows)
        return added(node.where, [(1.0, a), (sign, _relu(node, rest))], rows)
    raise UnsupportedNetworkError(
        f"{node.where}: {node.op} of two branches is not a layer; only sums of branches are"
    )


def _relu(node: Node, x: Tensor) -> Tensor:
    return Tensor(x.stem, compose(node.where, "relu", x.f), x.index, x.dtype)


def _with_constants(node: Node, x: Tensor, c: Floats, rows: int, *, swapped: bool) -> Tensor:
    where, constants = node.where, c.astype(np.float64)
    match node.op:
        case "Add":
            found = by_entry(where, x, 1.0, constants, rows)
        case "Sub":
            sign = -1.0 if swapped else 1.0
            found = by_entry(where, x, sign, -sign * constants, rows)
        case "Mul":
            found = by_entry(where, x, constants, 0.0, rows)
        case "Div" if not swapped and constants.all():
            found = by_entry(where, x, 1 / constants, 0.0, rows)
        case "Max" | "Min":
            sign = 1.0 if node.op == "Max" else -1.0
            rest = by_entry(where, x, sign, -sign * constants, rows)
            found = by_entry(where, _relu(node, rest), sign, constants, rows)
        case "PRelu" if not swapped:
            found = tensors.activated(
                where,
                x,
                lambda each: sigmas(where, [("leaky_relu", float(slope)) for slope in each]),
                constants,
                rows,
            )
        case _:
            refuse(where, f"{node.op} with constants of each column is not an affine map")
    return found

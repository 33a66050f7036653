"""Nodes of an ONNX graph on each entry of tensors, and sums of branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.importers import _tensor as tensors
from slopenet.importers._arithmetic import of_branches, refuse_branches, with_constant
from slopenet.importers._expression import Expression
from slopenet.importers._steps import sigmas
from slopenet.importers._tensor import Tensor, same, spread
from slopenet.importers.onnx.elementwise import expression_of, require_known
from slopenet.importers.onnx.value import Node
from slopenet.maps.affine import refuse

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
    found = None
    if len(wide) == 2:
        a, b = (x for x in wide if isinstance(x, Tensor))
        found = of_branches(node.where, node.op, a, b, rows)
    if found is None:
        refuse_branches(node.where, node.op)
    return found


def _with_constants(node: Node, x: Tensor, c: Floats, rows: int, *, swapped: bool) -> Tensor:
    where, constants = node.where, c.astype(np.float64)
    if node.op == "PRelu" and not swapped:
        return tensors.activated(
            where,
            x,
            lambda each: sigmas(where, [("leaky_relu", float(slope)) for slope in each]),
            constants,
            rows,
        )
    found = with_constant(where, node.op, x, constants, rows, swapped=swapped)
    if found is None:
        refuse(where, f"{node.op} with constants of each column is not an affine map")
    return found

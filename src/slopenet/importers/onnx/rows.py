"""Nodes of an ONNX graph on tensors of a batch: branches, and shapes of any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers import _tensor as tensors
from slopenet.importers._expression import compose
from slopenet.importers._tensor import Tensor
from slopenet.importers.onnx.constant import constant
from slopenet.importers.onnx.entrywise import entrywise
from slopenet.importers.onnx.file import REAL
from slopenet.importers.onnx.mixing import RULES, Given, mixed, numbers
from slopenet.importers.onnx.moves import MOVES, moved
from slopenet.importers.onnx.value import Node, whole_of
from slopenet.io.contents import ModelFileError
from slopenet.maps.affine import UnsupportedNetworkError, refuse

# How many inputs an operation needs, where a constant may be among them.
_NEEDED = {"BatchNormalization": 5, "Expand": 2, "Gather": 2, "Gemm": 2, "MatMul": 2, "Reshape": 2}
_NEEDED |= dict.fromkeys(("Concat", "Mean", "Pad", "Slice", "Split", "Sum"), 1)


def results_of(node: Node, given: Sequence[Given], rows: int, outputs: int) -> list[Given]:
    """The outputs of a node, tensors of the graph or constants.

    Raises
    ------
    UnsupportedNetworkError
        If the node is none of a network.
    """
    try:
        return _results_of(node, given, rows, outputs)
    except (ValueError, LookupError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, UnsupportedNetworkError | ModelFileError):
            raise
        refuse(node.where, f"its inputs do not fit ({error})")


def _results_of(node: Node, given: Sequence[Given], rows: int, outputs: int) -> list[Given]:
    op = node.op
    if op == "Shape":
        whole = given[0]
        shape = () if whole is None else whole.shape
        return [np.array(shape[node.attributes.get("start", 0) : node.attributes.get("end")])]
    if not any(isinstance(x, Tensor) for x in given):
        return list(_constants(node, given, outputs))
    absent = [i for i, x in enumerate(given) if x is None]
    if any(i < _NEEDED.get(op, 0) for i in absent) or len(given) < _NEEDED.get(op, 0):
        refuse(node.where, "one of its inputs is absent")
    _spend(node, given, rows)
    if op == "Cast" and whole_of(node, "to", 0) not in REAL:
        refuse(node.where, "it casts to no real numbers")
    if op == "Cast" or op in MOVES:
        return list(_moved(node, given, rows, outputs))
    if op in ("Sum", "Mean"):
        return [_sum(node, given, rows)]
    if op in RULES:
        return [RULES[op](node, given, rows)]
    return [entrywise(node, given, rows)]


def _spend(node: Node, given: Sequence[Given], rows: int) -> None:
    """Spend the memory of matrices that select, stack or mix the inputs."""
    if len([x for x in given if isinstance(x, Tensor)]) < 2 and node.op in MOVES:
        return
    sizes = [(x.index.size // rows, x.stem.width) for x in given if isinstance(x, Tensor)]
    whole = sum(n for n, _ in sizes)
    stacked = whole**2 if node.op == "Concat" else 0
    node.budget.spend(8 * (stacked + sum(n * m for n, m in sizes if n != m)), node.where)


def _constants(node: Node, given: Sequence[Given], outputs: int) -> list[Floats]:
    present = [x for x in given if isinstance(x, np.ndarray)]
    if node.op == "ConstantOfShape":
        shape = tuple(int(n) for n in present[0])
        node.budget.spend(8 * int(np.prod([float(n) for n in shape])), node.where)
        value = np.asarray(node.attributes.get("value", np.zeros(1, np.float32)))
        return [np.full(shape, value.ravel()[0])]
    if node.op in ("Concat", "Gather", "Slice", "Split", "Flatten"):
        size = sum(x.size for x in present)
        if node.op == "Gather":
            size = present[1].size * (present[0].size // max(1, present[0].shape[0]))
        node.budget.spend(8 * size, node.where)
        arrays = [x if isinstance(x, np.ndarray) else None for x in given]
        return moved(node.op, arrays, node.attributes, outputs)
    if any(x is None for x in given):
        refuse(node.where, "one of its constants is absent")
    made = constant(node.where, node.op, present, node.attributes)
    node.budget.spend(made.nbytes if made.base is None else 0, node.where)
    return [made]


def _moved(node: Node, given: Sequence[Given], rows: int, outputs: int) -> list[Tensor]:
    moving = [x for x in given if isinstance(x, Tensor)]
    op = "Identity" if node.op == "Cast" else node.op
    if op == "Concat" and len(moving) < len(given):
        return [mixed(node, given, rows, lambda *x: moved(op, list(x), node.attributes, 1)[0])]
    if op == "Dropout" and len(given) > 2 and isinstance(given[2], np.ndarray) and given[2].any():
        refuse(node.where, "it is in training mode, where values are random")
    if op == "Concat" and any(x is None for x in given):
        refuse(node.where, "one of its inputs is absent")
    if op != "Concat" and (len(moving) > 1 or not isinstance(given[0], Tensor)):
        refuse(node.where, "where it takes its numbers from depends on the input")
    if op == "Expand":
        node.budget.spend(8 * int(np.prod([float(n) for n in numbers(node, given[1])])), node.where)

    def function(*indices: Any) -> Any:
        others = list(indices) if op == "Concat" else [indices[0], *given[1:]]
        return moved(op, others, node.attributes, outputs)

    return tensors.moved(node.where, function, moving, rows)


def _sum(node: Node, given: Sequence[Given], rows: int) -> Tensor:
    found = given[0]
    for each in given[1:]:
        (found,) = results_of(
            Node(node.where, "Add", [], {}, node.dtype, True, node.budget), [found, each], rows, 1
        )
    if not isinstance(found, Tensor):
        refuse(node.where, "its inputs are constants")
    if node.op == "Mean":
        f = compose(node.where, "Mul", found.f, 1.0 / len(given))
        return Tensor(found.stem, f, found.index, found.dtype)
    return found

"""Nodes of an ONNX graph, each a function from its input chain of steps to a longer one."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import Step, UnsupportedNetworkError, refuse
from slopenet.importers.onnx.constant import constant, holds_samples
from slopenet.importers.onnx.elementwise import elementwise
from slopenet.importers.onnx.layers import MIXING, UNCHANGED, matrix_first
from slopenet.importers.onnx.shapes import sizes
from slopenet.importers.onnx.value import Node, Value, closed


def output_of(node: Node) -> Value | Floats:
    """The output of a node.

    Raises
    ------
    UnsupportedNetworkError
        If that cannot be part of a chain of affine maps and activations.
    """
    given = node.inputs
    if node.op == "Constant":
        return _constant(node)
    if not any(isinstance(x, Value) for x in given):
        if any(x is None for x in given):
            refuse(node.where, "one of its constants is absent")
        present = [x for x in given if isinstance(x, np.ndarray)]
        made = constant(node.where, node.op, present, node.attributes)
        node.budget.spend(made.nbytes if made.base is None else 0, node.where)
        return made
    if any(holds_samples(x) for x in given) and node.op != "Reshape":
        refuse(node.where, "it computes with the number of samples")
    if node.op in MIXING:
        return _mixed(node)
    if node.op in UNCHANGED:
        x = given[0]
        if not isinstance(x, Value):
            refuse(node.where, "its first input is a constant and another one is not")
        return UNCHANGED[node.op](node, x)
    if node.op == "Shape" and isinstance(given[0], Value):
        return sizes(node, given[0])
    return elementwise(node)


def _mixed(node: Node) -> Value:
    x, *others = node.inputs
    if node.op == "MatMul" and len(others) == 1 and isinstance(others[0], Value):
        if isinstance(x, Value):
            refuse(node.where, "two branches meet in it; a chain of layers has one")
        return matrix_first(node, others[0])
    if not isinstance(x, Value):
        refuse(node.where, "its first input is a constant and its second is not")
    if x.flat:
        refuse(node.where, "its input has lost the shape (N, n)")
    if x.axes is not None and node.op != "MatMul":
        refuse(node.where, "its input has not the shape (N, n)")
    return MIXING[node.op](node, x)


def _constant(node: Node) -> Floats:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if node.attributes.get(name) is not None:
            return np.asarray(node.attributes[name])
    raise UnsupportedNetworkError(f"{node.where}: it holds no numbers")


def steps_to(value: Value, dtype: np.dtype[Any]) -> list[Step]:
    """Every step from the input to a value."""
    return closed(value, dtype).all_steps()

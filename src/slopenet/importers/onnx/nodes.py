"""Nodes of an ONNX graph, each a function from its input chain of steps to a longer one."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import Step
from slopenet.importers.onnx.constant import constant
from slopenet.importers.onnx.elementwise import elementwise
from slopenet.importers.onnx.layers import MIXING, UNCHANGED
from slopenet.importers.onnx.value import Node, Value, closed
from slopenet.maps.affine import UnsupportedNetworkError, refuse


def output_of(node: Node) -> Value | Floats:
    """The output of a node.

    Raises
    ------
    UnsupportedNetworkError
        If that cannot be part of a chain of affine maps and activations.
    """
    given = node.inputs
    if node.op == "Constant":
        return held(node)
    if not any(isinstance(x, Value) for x in given):
        if any(x is None for x in given):
            refuse(node.where, "one of its constants is absent")
        present = [x for x in given if isinstance(x, np.ndarray)]
        made = constant(node.where, node.op, present, node.attributes)
        node.budget.spend(made.nbytes if made.base is None else 0, node.where)
        return made
    if node.op in MIXING:
        x = given[0]
        if not isinstance(x, Value):
            refuse(node.where, "its first input is a constant and its second is not")
        if x.flat:
            refuse(node.where, "its input has lost the shape (N, n)")
        return MIXING[node.op](node, x)
    if node.op in UNCHANGED:
        x = given[0]
        if not isinstance(x, Value):
            refuse(node.where, "its first input is a constant and another one is not")
        return UNCHANGED[node.op](node, x)
    return elementwise(node)


def held(node: Node) -> Floats:
    """The numbers of a Constant."""
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if node.attributes.get(name) is not None:
            return np.asarray(node.attributes[name])
    raise UnsupportedNetworkError(f"{node.where}: it holds no numbers")


def steps_to(value: Value, dtype: np.dtype[Any]) -> list[Step]:
    """Every step from the input to a value."""
    return closed(value, dtype).all_steps()

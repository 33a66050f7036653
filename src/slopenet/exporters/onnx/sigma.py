"""σ, σ' and σ'' as ONNX operators that onnxruntime has on the CPU in both precisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from slopenet.activations import Activation, Head, LayerActivation, Runs
from slopenet.exporters import _functions
from slopenet.exporters._expression import in_order, traced
from slopenet.exporters.onnx.graph import Graph

_REPLACED = {
    "expm1": _functions.expm1_by_tanh,
    "log1p": _functions.log1p_by_atanh,
    "erfc": _functions.erfc_by_mills,
}
_OPERATORS = {
    "neg": "Neg", "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "abs": "Abs",
    "min": "Min", "max": "Max", "exp": "Exp", "log": "Log", "tanh": "Tanh", "sin": "Sin",
    "cos": "Cos", "where": "Where",
}  # fmt: skip
_CONDITIONS = {"positive": "Greater", "not_positive": "LessOrEqual"}
# σ as one operator; onnxruntime lacks those of the second row in float64.
_PLAIN = {
    "relu": "Relu", "leaky_relu": "LeakyRelu", "tanh": "Tanh", "sigmoid": "Sigmoid", "exp": "Exp",
    "log": "Log", "sin": "Sin", "cos": "Cos",
}  # fmt: skip
_PLAIN_FLOAT = {
    "elu": "Elu", "softplus": "Softplus", "softsign": "Softsign", "selu": "Selu", "mish": "Mish",
    "gelu": "Gelu", "gelu_tanh": "Gelu",
}  # fmt: skip
_SINCE = {"Mish": 18, "Gelu": 20}  # the version of ONNX that brought an operator
_WITH_ALPHA = {"LeakyRelu", "Elu"}


def sigma(graph: Graph, activation: LayerActivation, z: str, order: int) -> list[str]:
    """σ(z), σ'(z), σ''(z) of a layer, as far as `order`."""
    if isinstance(activation, Runs):
        parts = [_of_run(graph, each, part, order) for each, part in _runs(graph, activation, z)]
        return [graph.op("Concat", *same, axis=1) for same in zip(*parts, strict=True)]
    if isinstance(activation, Head):
        raise activation.refusal
    results = traced(activation, order, _REPLACED)
    texts: dict[int, str] = {}
    for x in in_order(results):
        args = [texts[id(argument)] for argument in x.args]
        if x.op == "z":
            texts[id(x)] = z
        elif x.op == "number":
            texts[id(x)] = graph.number(x.value)
        elif x.op in _CONDITIONS:
            texts[id(x)] = graph.op(_CONDITIONS[x.op], *args, graph.number(0.0))
        else:
            texts[id(x)] = graph.op(_OPERATORS[x.op], *args)
    return [texts[id(x)] for x in results]


def _runs(graph: Graph, runs: Runs, z: str) -> Iterator[tuple[Activation, str]]:
    """Each run's activation, and its columns of z."""
    begin = 0
    for activation, count in runs:
        bounds = (graph.integers(begin), graph.integers(begin + count), graph.integers(1))
        yield activation, graph.op("Slice", z, *bounds)
        begin += count


def _of_run(graph: Graph, activation: Activation, z: str, order: int) -> list[str]:
    """As `sigma`, where constants such as the slope of the identity have the shape of z."""
    expressions = traced(activation, order, _REPLACED)
    return [
        graph.op("Expand", text, graph.op("Shape", z)) if x.op == "number" else text
        for x, text in zip(expressions, sigma(graph, activation, z, order), strict=True)
    ]


def plain(graph: Graph, activation: LayerActivation, z: str, name: str | None) -> str:
    """σ(z) alone: as one operator where there is one, so that readers of ONNX recognise it."""
    if isinstance(activation, Runs):
        parts = [
            part if each.linear else plain(graph, each, part, None)
            for each, part in _runs(graph, activation, z)
        ]
        return graph.op("Concat", *parts, axis=1, name=name)
    if isinstance(activation, Head):
        raise activation.refusal
    if activation.name == "silu":
        return graph.op("Mul", z, graph.op("Sigmoid", z), name=name)
    operator = _PLAIN.get(activation.name)
    if graph.dtype == np.float32:
        operator = operator or _PLAIN_FLOAT.get(activation.name)
    parameter = activation.parameter
    if isinstance(parameter, tuple):
        low, high = map(graph.number, parameter)
        return graph.op("Clip", z, low, high, name=name)
    attributes: dict[str, Any]
    if operator in _WITH_ALPHA:  # attributes are float32
        attributes = {"alpha": parameter}
        same = graph.dtype.type(parameter) == np.float32(parameter)
    else:
        attributes = {"approximate": "tanh"} if activation.name == "gelu_tanh" else {}
        same = parameter == activation.info.preset
    if operator is None or (activation.parameters and not same):
        return sigma(graph, activation, z, 0)[0]
    graph.need(_SINCE.get(operator, 0))
    return graph.op(operator, z, name=name, **attributes)

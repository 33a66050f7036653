"""Prunes an ONNX graph to the nodes its output needs, and translates them into steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import MOST_ROWS, Budget
from slopenet.importers._steps import Step, refuse
from slopenet.importers.onnx.file import DOUBLE, REAL, array_of
from slopenet.importers.onnx.nodes import output_of, steps_to
from slopenet.importers.onnx.scalar import Expression
from slopenet.importers.onnx.shapes import of_input
from slopenet.importers.onnx.value import Node, Trunk, Value
from slopenet.io.contents import require

_MOST_NODES = 10_000
_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}  # of attributes that are read
_DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml."}


@dataclass(frozen=True, eq=False)
class Graph:
    """The part of a model that its output depends on, nodes in order.

    `width` and `batch` are n_1 and N of the input, None where any will do; `axes` is the shape of
    the input if it is not (N, n_1). `dtype` is that
    of the least precise number on the way; `budget` is the memory that the import may still take.
    """

    nodes: list[Any]
    weights: dict[str, Floats]
    input: str
    output: str
    width: int | None
    batch: int | None
    dtype: np.dtype[Any]
    budget: Budget
    axes: tuple[int, ...] | None = None


def graph_of(model: Any, folder: Path | None) -> Graph:
    """Return the graph of a ModelProto, weights in files of their own read from `folder`.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If names are double or missing, or there is not one input and one output.
    """
    graph = model.graph
    require(all(isinstance(name, str) for name in _names(model)), "is damaged: a name is not text")
    require(len(graph.node) <= _MOST_NODES, f"has {len(graph.node)} nodes; {_MOST_NODES} are read")
    for function in model.functions:
        if function.domain in _DOMAINS:
            refuse(f"function {_text(function.name)}", "it takes the place of ONNX's own operation")
    if len(graph.sparse_initializer):
        refuse("the graph", "its weights are sparse")
    weights = {tensor.name: tensor for tensor in graph.initializer}
    require(len(weights) == len(graph.initializer), "is damaged: two weights have one name")
    entry = _only("inputs", [value for value in graph.input if value.name not in weights])
    end = _only("outputs", list(graph.output))
    makers: dict[str, Any] = {}
    for node in graph.node:
        for name in filter(None, node.output):
            taken = name in makers or name in weights or name == entry.name
            require(not taken, f"is damaged: {_text(name)} is made twice")
            makers[name] = node
    wanted = _needed(end.name, makers)
    missing = wanted - makers.keys() - weights.keys() - {entry.name}
    require(not missing, f"is damaged: nothing makes {_text(min(missing, default=''))}")
    column = any(
        node.op_type == "MatMul" and node.input and node.input[0] in weights for node in graph.node
    )
    axes, width, batch = _shape(entry, column=column)
    nodes = [node for node in graph.node if not wanted.isdisjoint(node.output)]
    for node in nodes:
        if not wanted.isdisjoint(node.output[1:]):
            refuse(_where(node), "its second output is used")
    budget = Budget(model.ByteSize())
    if batch is not None:
        budget.spend(8 * batch * (width or 1), f"a batch of {batch} rows")
    known = {
        name: array_of(weights[name], folder, budget) for name in sorted(wanted & weights.keys())
    }
    dtype = np.dtype(np.float64 if _is_double(entry, nodes) else np.float32)
    return Graph(nodes, known, entry.name, end.name, width, batch, dtype, budget, axes)


def steps_of_graph(graph: Graph) -> list[Step]:
    """Affine maps and activations from the input to the output.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If a node comes before its inputs, or cannot be part of such a chain.
    """
    made: dict[str, Value | Floats] = dict(graph.weights)
    made[graph.input] = Value(Trunk(None, []), Expression("z"), graph.width, axes=graph.axes)
    uses = Counter(name for node in graph.nodes for name in node.input)
    uses[graph.output] += 1
    rows = graph.batch or MOST_ROWS
    for node in graph.nodes:
        where = _where(node)
        ready = all(name in made for name in node.input if name)
        require(ready, f"is damaged: {where} comes before its inputs")
        if node.domain not in _DOMAINS:
            refuse(where, f"it is of the domain {_text(node.domain)}, which is unknown here")
        op = _DOMAINS[node.domain] + node.op_type
        given = [made[name] if name else None for name in node.input]
        shared = uses[node.output[0]] != 1
        attributes = _attributes(node, graph.budget)
        made[node.output[0]] = result = output_of(
            Node(where, op, given, attributes, graph.dtype, shared, graph.budget, graph.batch)
        )
        if isinstance(result, Value):  # the graph is run, and may keep every result
            graph.budget.spend(8 * rows * (result.width or 1), f"{rows} rows of {where}")
    value = made.get(graph.output)
    if not isinstance(value, Value):
        refuse("the graph", f"its output {_text(graph.output)} does not depend on its input")
    return steps_to(value, graph.dtype)


def _names(model: Any) -> Iterator[Any]:
    """Every name that is read; protobuf gives bytes where a name is not UTF-8."""
    graph = model.graph
    for function in model.functions:
        yield from (function.name, function.domain)
    for each in (*graph.initializer, *graph.input, *graph.output):
        yield each.name
    for tensor in graph.initializer:
        yield from (part for entry in tensor.external_data for part in (entry.key, entry.value))
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)


def _only(what: str, values: list[Any]) -> Any:
    if len(values) != 1:
        names = ", ".join(_text(value.name) for value in values[:9])
        refuse("the graph", f"it has {len(values)} {what} ({names}), and one is wanted")
    return values[0]


def _needed(name: str, makers: dict[str, Any]) -> set[str]:
    """All that a tensor is made of, itself among it."""
    wanted, left = {name}, [name]
    while left:
        maker = makers.get(left.pop())
        for part in maker.input if maker is not None else ():
            if part and part not in wanted:
                wanted.add(part)
                left.append(part)
    return wanted


def _shape(entry: Any, *, column: bool) -> tuple[Any, int | None, int | None]:
    """Shape, columns and rows of the input, None where any number will do."""
    kind = entry.type.tensor_type
    where = f"the input {_text(entry.name)}"
    if kind.elem_type not in REAL:
        refuse(where, f"it has data type {kind.elem_type}, and real numbers are wanted")
    if not kind.HasField("shape"):
        return None, None, None
    dims = [dim.dim_value if dim.dim_value > 0 else None for dim in kind.shape.dim]
    return of_input(where, dims, column=column)


def _is_double(entry: Any, nodes: list[Any]) -> bool:
    """Whether the input, and everything on the way, is float64."""
    kinds = [entry.type.tensor_type.elem_type]
    for node in nodes:
        if node.op_type == "Cast":
            kinds += [each.i for each in node.attribute if each.name == "to"]
        if node.domain == "ai.onnx.ml":
            kinds.append(1)
    return all(kind == DOUBLE for kind in kinds if kind in REAL)


def _attributes(node: Any, budget: Budget) -> dict[str, Any]:
    """Numbers, texts and tensors of a node by name; of graphs and the like nothing but the name."""
    found: dict[str, Any] = {}
    for each in node.attribute:
        require(each.name not in found, f"is damaged: {_where(node)} has {_text(each.name)} twice")
        field = _FIELDS.get(each.type)
        value = None if field is None else getattr(each, field)
        found[each.name] = array_of(value, None, budget) if field == "t" else value
    return found


def _where(node: Any) -> str:
    return f"node {_text(node.name or node.output[0])} ({node.op_type[:80]})"


def _text(name: str) -> str:
    return repr(name[:80])

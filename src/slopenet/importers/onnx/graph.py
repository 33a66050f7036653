"""Prunes an ONNX graph to the nodes its output needs, and translates them into steps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import MOST_ROWS, Budget
from slopenet.importers._expression import Expression
from slopenet.importers._steps import Step
from slopenet.importers.onnx.file import DOUBLE, REAL, array_of
from slopenet.importers.onnx.nodes import output_of, steps_to
from slopenet.importers.onnx.value import Node, Trunk, Value
from slopenet.io.contents import require
from slopenet.maps.affine import refuse

_MOST_NODES = 10_000
_MOST_AXES = 8
_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}  # of attributes that are read
_DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml."}


@dataclass(frozen=True, eq=False)
class Graph:
    """The part of a model that its outputs depend on, nodes in order.

    `dtype` is that of the least precise number on the way; `budget` is the memory that the import
    may still take.
    """

    nodes: list[Any]
    weights: dict[str, Floats]
    inputs: list[Entry]
    outputs: list[str]
    dtype: np.dtype[Any]
    budget: Budget

    @property
    def batch(self) -> int | None:
        """Rows of a batch, None where any number will do."""
        return self.inputs[0].rows

    @property
    def is_plain(self) -> bool:
        """Whether there is one input (N, n_1) and one output."""
        if len(self.inputs) != 1 or len(self.outputs) != 1 or self.inputs[0].single:
            return False
        return self.inputs[0].shape is None or len(self.inputs[0].shape) == 2

    def of_a_column(self) -> Graph | None:
        """The same graph, its input one sample, if that is a column (n, 1) of fixed length."""
        (entry, *others) = self.inputs
        match entry.shape:
            case (int(n), 1) if n > 1 and not others:
                return replace(self, inputs=[replace(entry, single=True)])
        return None


@dataclass(frozen=True)
class Entry:
    """An input of a graph: its name, and its shape, None for an axis of any length."""

    name: str
    shape: tuple[int | None, ...] | None
    single: bool = False  # whether all of it is one sample

    @property
    def rows(self) -> int | None:
        """Rows of a batch; a shape of one fixed axis is a single row."""
        if not self.shape:
            return None
        if self.single or (len(self.shape) == 1 and self.shape[0] is not None):
            return 1
        return self.shape[0]

    @property
    def width(self) -> int | None:
        """Columns of a matrix of inputs."""
        return self.shape[1] if self.shape is not None and len(self.shape) == 2 else None

    def shape_of(self, rows: int) -> tuple[int, ...]:
        """The shape of a batch of so many rows."""
        shape = self.shape or ()
        if self.single:
            return tuple(n or 1 for n in shape)
        first = shape[:1] if len(shape) == 1 and shape[0] is not None else (rows,)
        if not shape or any(n is None for n in (*first, *shape[1:])):
            refuse(f"the input {_text(self.name)}", "how many numbers a row has is unknown")
        return tuple(int(n) for n in (*first, *shape[1:]) if n is not None)


def graph_of(
    model: Any,
    folder: Path | None,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> Graph:
    """Return the graph of a ModelProto, weights in files of their own read from `folder`.

    Parameters
    ----------
    model : onnx.ModelProto
    folder : Path, optional
    inputs, outputs : sequence of str, optional
        Names of those that are wanted, in order; by default all, inputs that no output needs left
        out.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If names are double or missing, or the outputs need an input that is not among `inputs`.
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
    entries = _chosen("input", [x for x in graph.input if x.name not in weights], inputs)
    ends = [value.name for value in _chosen("output", list(graph.output), outputs)]
    names = {entry.name for entry in graph.input}
    makers: dict[str, Any] = {}
    for node in graph.node:
        for name in filter(None, node.output):
            taken = name in makers or name in weights or name in names
            require(not taken, f"is damaged: {_text(name)} is made twice")
            makers[name] = node
    wanted = _needed(ends, makers)
    missing = wanted - makers.keys() - weights.keys() - names
    require(not missing, f"is damaged: nothing makes {_text(min(missing, default=''))}")
    left_out = wanted & names - weights.keys() - {entry.name for entry in entries}
    if left_out:
        refuse("the graph", f"its outputs need the input {_text(min(left_out))} too")
    nodes = [node for node in graph.node if not wanted.isdisjoint(node.output)]
    needed = [_entry(entry) for entry in entries if entry.name in wanted or inputs is not None]
    needed = needed or [_entry(entry) for entry in entries[:1]]
    budget = Budget(model.ByteSize())
    for entry in needed:
        size = math.prod(n or 1 for n in entry.shape or ())
        if entry.rows is not None:
            budget.spend(8 * size, f"a batch of {entry.rows} rows")
    if len({entry.rows for entry in needed}) > 1:
        refuse("the graph", "its inputs have batches of different numbers of rows")
    known = {
        name: array_of(weights[name], folder, budget) for name in sorted(wanted & weights.keys())
    }
    kinds = [entry.type.tensor_type.elem_type for entry in entries if entry.name in wanted]
    dtype = np.dtype(np.float64 if _is_double(kinds, nodes) else np.float32)
    return Graph(nodes, known, needed, ends, dtype, budget)


def steps_of_graph(graph: Graph) -> list[Step]:
    """Affine maps and activations from the input to the output.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If a node comes before its inputs, or cannot be part of such a chain.
    """
    (entry,), (end,) = graph.inputs, graph.outputs
    made: dict[str, Value | Floats] = dict(graph.weights)
    made[entry.name] = Value(Trunk(None, []), Expression("z"), entry.width)
    uses = Counter(name for node in graph.nodes for name in node.input)
    uses[end] += 1
    rows = graph.batch or MOST_ROWS
    for node in graph.nodes:
        where = where_of(node)
        if not uses.keys().isdisjoint(node.output[1:]):
            refuse(where, "its second output is used")
        ready = all(name in made for name in node.input if name)
        require(ready, f"is damaged: {where} comes before its inputs")
        op = operation_of(node)
        given = [made[name] if name else None for name in node.input]
        shared = uses[node.output[0]] != 1
        attributes = attributes_of(node, graph.budget)
        made[node.output[0]] = result = output_of(
            Node(where, op, given, attributes, graph.dtype, shared, graph.budget)
        )
        if isinstance(result, Value):  # the graph is run, and may keep every result
            graph.budget.spend(8 * rows * (result.width or 1), f"{rows} rows of {where}")
    value = made.get(end)
    if not isinstance(value, Value):
        refuse("the graph", f"its output {_text(end)} does not depend on its input")
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


def operation_of(node: Any) -> str:
    """Name of an operation, that of its domain before it."""
    if node.domain not in _DOMAINS:
        refuse(where_of(node), f"it is of the domain {_text(node.domain)}, which is unknown here")
    return str(_DOMAINS[node.domain] + node.op_type)


def _chosen(what: str, values: list[Any], names: Sequence[str] | None) -> list[Any]:
    """Inputs or outputs of these names, in this order; all of them without names."""
    by_name = {value.name: value for value in values}
    if names is None:
        if not values:
            refuse("the graph", f"it has no {what}")
        return values
    unknown = [name for name in names if name not in by_name]
    if unknown or not names or len(set(names)) < len(names):
        shown = ", ".join(_text(name) for name in list(by_name)[:9])
        given = ", ".join(_text(str(name)) for name in list(names)[:9])
        raise ValueError(f"{what}s must be different names of {shown}, got {given or 'none'}")
    return [by_name[name] for name in names]


def _needed(names: Sequence[str], makers: dict[str, Any]) -> set[str]:
    """All that some tensors are made of, themselves among it."""
    wanted, left = set(names), list(names)
    while left:
        maker = makers.get(left.pop())
        for part in maker.input if maker is not None else ():
            if part and part not in wanted:
                wanted.add(part)
                left.append(part)
    return wanted


def _entry(entry: Any) -> Entry:
    kind = entry.type.tensor_type
    where = f"the input {_text(entry.name)}"
    if kind.elem_type not in REAL:
        refuse(where, f"it has data type {kind.elem_type}, and real numbers are wanted")
    if not kind.HasField("shape"):
        return Entry(entry.name, None)
    shape = tuple(dim.dim_value if dim.dim_value > 0 else None for dim in kind.shape.dim)
    if not 0 < len(shape) <= _MOST_AXES:
        refuse(where, f"it has {len(shape)} axes")
    return Entry(entry.name, shape)


def _is_double(inputs: list[int], nodes: list[Any]) -> bool:
    """Whether the inputs, and everything on the way, are float64."""
    kinds = list(inputs)
    for node in nodes:
        if node.op_type == "Cast":
            kinds += [each.i for each in node.attribute if each.name == "to"]
        if node.domain == "ai.onnx.ml":
            kinds.append(1)
    return all(kind == DOUBLE for kind in kinds if kind in REAL)


def attributes_of(node: Any, budget: Budget) -> dict[str, Any]:
    """Numbers, texts and tensors of a node by name; of graphs and the like nothing but the name."""
    found: dict[str, Any] = {}
    for each in node.attribute:
        require(
            each.name not in found, f"is damaged: {where_of(node)} has {_text(each.name)} twice"
        )
        field = _FIELDS.get(each.type)
        value = None if field is None else getattr(each, field)
        found[each.name] = array_of(value, None, budget) if field == "t" else value
    return found


def where_of(node: Any) -> str:
    """A node in errors."""
    return f"node {_text(node.name or node.output[0])} ({node.op_type[:80]})"


def _text(name: str) -> str:
    return repr(name[:80])

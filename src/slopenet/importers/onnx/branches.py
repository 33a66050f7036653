"""ONNX graphs with branches, several inputs and outputs, or tensors of more axes than two."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers import _tensor as tensors
from slopenet.importers._graph import Node as GraphNode
from slopenet.importers._graph import Start
from slopenet.importers._options import Options
from slopenet.importers._tensor import Tensor
from slopenet.importers.onnx.graph import Graph, attributes_of, operation_of, where_of
from slopenet.importers.onnx.nodes import held
from slopenet.importers.onnx.rows import results_of
from slopenet.importers.onnx.value import Node
from slopenet.io.contents import require
from slopenet.maps.affine import refuse
from slopenet.network import Network

_ROWS = (3, 2)  # of batches, where a graph takes any


def network_of_branches(graph: Graph, options: Options) -> Network:
    """The network of a graph, evaluated at batches of two sizes where it takes any.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If the graph is damaged, too large, or no network.
    """
    networks = []
    for rows in _ROWS if graph.batch is None else (graph.batch,):
        output, starts, inputs, outputs = _evaluated(graph, rows)
        named = options.named(outputs if len(outputs) > 1 else [], inputs)
        networks.append(named.network_of_graph("the graph", output, starts, graph.budget))
    if any(network != networks[0] for network in networks):
        refuse("the graph", "it computes something else for batches of another size")
    return networks[0]


def _evaluated(
    graph: Graph, rows: int
) -> tuple[GraphNode, list[Start], list[tuple[str, int]], list[tuple[str, int]]]:
    """The output at a batch of so many rows, the inputs, and names and widths of both."""
    made: dict[str, Tensor | Floats | None] = dict(graph.weights)
    starts = []
    for entry in graph.inputs:
        shape = entry.shape_of(rows)
        size = int(np.prod(shape))
        graph.budget.spend(8 * size, f"a batch of {rows} rows")
        starts.append(Start(entry.name, size // rows))
        made[entry.name] = tensors.whole(starts[-1], shape, rows, graph.dtype)
    for each in graph.nodes:
        where = where_of(each)
        ready = all(name in made for name in each.input if name)
        require(ready, f"is damaged: {where} comes before its inputs")
        attributes = attributes_of(each, graph.budget)
        node = Node(where, operation_of(each), [], attributes, graph.dtype, True, graph.budget)
        given = [made[name] if name else None for name in each.input]
        if node.op == "Constant":
            results: Any = [held(node)]
        else:
            results = results_of(node, given, rows, len(each.output))
        for name, result in zip(each.output, results, strict=False):
            if isinstance(result, Tensor):
                graph.budget.spend(8 * result.index.size, f"{rows} rows of {where}")
            made[name] = result
    return _stacked(graph, made, starts, rows)


def _stacked(
    graph: Graph, made: dict[str, Tensor | Floats | None], starts: list[Start], rows: int
) -> tuple[GraphNode, list[Start], list[tuple[str, int]], list[tuple[str, int]]]:
    parts, heads = [], []
    for name in graph.outputs:
        value = made.get(name)
        if not isinstance(value, Tensor):
            refuse("the graph", f"its output {name[:80]!r} does not depend on its input")
        if rows > 1 and (not value.shape or value.shape[0] != rows):
            refuse("the graph", f"its output {name[:80]!r} does not have a row per sample")
        graph.budget.spend(8 * (value.index.size // rows) * value.stem.width, "the outputs")
        parts.append(tensors.settled("the graph", value, rows))
        heads.append((name, value.index.size // rows))
    whole = sum(n for _, n in heads)
    graph.budget.spend(8 * whole**2 if len(parts) > 1 else 0, "the outputs")
    (row,) = tensors.moved(
        "the graph",
        lambda *each: np.concatenate([x.reshape(rows, -1) for x in each], axis=1),
        parts,
        rows,
    )
    tensors.require_order("the graph", row)
    output = tensors.settled("the graph", row, rows).stem.node
    inputs = [(start.name, start.width or 0) for start in starts] if len(starts) > 1 else []
    return output, starts, inputs, heads

"""An ONNX graph run by onnxruntime, or by onnx itself: the reference of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from slopenet._types import Floats
from slopenet.io.contents import ModelFileError

if TYPE_CHECKING:
    from slopenet.importers.onnx.graph import Graph

_SILENT = 4


def runner(model: Any, graph: Graph) -> Callable[[Floats], Floats]:
    """Return the values (N, n_L) of a graph as a function of X (N, n_1).

    Only the nodes that the outputs need are run, not the rest of the file.
    """
    from onnx import helper, numpy_helper

    names = [entry.name for entry in graph.inputs]
    inputs = {value.name: value for value in model.graph.input}
    outputs = {value.name: value for value in model.graph.output}
    inside = helper.make_graph(
        graph.nodes,
        "imported",
        [inputs[name] for name in names],
        [outputs[name] for name in graph.outputs],
        [numpy_helper.from_array(array, name) for name, array in graph.weights.items()],
    )
    alone = helper.make_model(
        inside, opset_imports=list(model.opset_import), ir_version=model.ir_version
    )
    rows = graph.batch or 0

    def values(X: Floats) -> Floats:
        # A graph for batches of `rows` is run on as many as it takes.
        batches = [X]
        if rows:
            padded = np.concatenate([X, np.repeat(X[:1], -len(X) % rows, axis=0)])
            batches = np.split(padded, len(padded) // rows)
        parts = _run(alone, [_inputs(graph, batch) for batch in batches])
        rowed = [[part.reshape(len(batches[0]), -1) for part in each] for each in parts]
        return np.concatenate([np.concatenate(each, axis=1) for each in rowed])[: len(X)]

    return values


def _inputs(graph: Graph, X: Floats) -> dict[str, Floats]:
    """Columns of X as the inputs of a graph, in their shapes."""
    if len(graph.inputs) == 1 and (graph.inputs[0].shape is None or X.shape[1] == 0):
        return {graph.inputs[0].name: X}
    found, at = {}, 0
    for entry in graph.inputs:
        if len(graph.inputs) == 1 and entry.width is None and len(entry.shape or ()) == 2:
            return {entry.name: X}
        shape = entry.shape_of(len(X))
        width = int(np.prod(shape)) // len(X)
        found[entry.name] = np.ascontiguousarray(X[:, at : at + width]).reshape(shape)
        at += width
    return found


def _run(model: Any, batches: list[dict[str, Floats]]) -> list[Any]:
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return [session.run(None, given) for given in batches]
    except Exception:  # absent, or without one of the operations in float64
        return _run_by_reference(model, batches)


def _run_by_reference(model: Any, batches: list[dict[str, Floats]]) -> list[Any]:
    from onnx.reference import ReferenceEvaluator

    try:
        session = ReferenceEvaluator(model)
        return [[np.asarray(x) for x in session.run(None, given)] for given in batches]
    except Exception as error:
        raise ModelFileError(f"is damaged: it cannot be run ({str(error)[:200]!r})") from error

"""An ONNX graph run by onnxruntime, or by onnx itself: the reference of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers.onnx.constant import SAMPLES
from slopenet.io.contents import ModelFileError

if TYPE_CHECKING:
    from slopenet.importers.onnx.graph import Graph

_SILENT = 4


def runner(model: Any, graph: Graph) -> Callable[[Floats], Floats]:
    """Return the values (N, n_L) of a graph as a function of X (N, n_1).

    Only the nodes that the output needs are run, not the rest of the file.
    """
    from onnx import helper, numpy_helper

    entry = next(value for value in model.graph.input if value.name == graph.input)
    inside = helper.make_graph(
        graph.nodes,
        "imported",
        [entry],
        list(model.graph.output),
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
        given = [_in_shape(batch, graph.axes) for batch in batches]
        parts = _run(alone, graph.input, given)
        return np.concatenate([part.reshape(len(batches[0]), -1) for part in parts])[: len(X)]

    return values


def _in_shape(X: Floats, axes: tuple[int, ...] | None) -> Floats:
    return X if axes is None else X.reshape([len(X) if n == SAMPLES else n for n in axes])


def _run(model: Any, name: str, batches: list[Floats]) -> list[Any]:
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return [session.run(None, {name: X})[0] for X in batches]
    except Exception:  # absent, or without one of the operations in float64
        return _run_by_reference(model, name, batches)


def _run_by_reference(model: Any, name: str, batches: list[Floats]) -> list[Any]:
    from onnx.reference import ReferenceEvaluator

    try:
        session = ReferenceEvaluator(model)
        return [np.asarray(session.run(None, {name: X})[0]) for X in batches]
    except Exception as error:
        raise ModelFileError(f"is damaged: it cannot be run ({str(error)[:200]!r})") from error

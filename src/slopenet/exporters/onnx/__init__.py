"""The network as an ONNX graph: y, ∂H/∂x and ∇²H for any number of rows."""

from __future__ import annotations

from typing import Any

from slopenet.exporters._task import OUTPUTS, Arrays, Task, Written
from slopenet.exporters.onnx.graph import Graph, package
from slopenet.exporters.onnx.sweeps import sweeps

# The outputs of a graph, whose input is x alone.
NAMES = {"value": "y", "jacobian": "jacobian", "hessian": "hessian"}


def write(task: Task) -> Written:
    """Write the graph, have onnx check it, and run it with onnxruntime or else onnx itself.

    Raises
    ------
    ImportError
        Without the onnx package.
    """
    graph = Graph(task.dtype)
    results = sweeps(graph, task)
    model = graph.model(task, {NAMES[name]: results[name] for name in task.derivatives})
    package().checker.check_model(model, full_check=True)
    raw: bytes = model.SerializeToString(deterministic=True)
    outputs, run_by = _run(model, raw, task)
    return Written({".onnx": raw}, outputs, run_by)


def _run(model: Any, raw: bytes, task: Task) -> tuple[Arrays, str]:
    names = [NAMES[name] for name in task.derivatives]
    given = {"x": task.inputs["x"]}
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        results, run_by = ReferenceEvaluator(model).run(names, given), "onnx's reference evaluator"
    else:
        loaded = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
        results, run_by = loaded.run(names, given), f"onnxruntime {onnxruntime.__version__}"
    keys = [OUTPUTS[name] for name in task.derivatives]
    return dict(zip(keys, results, strict=True)), run_by

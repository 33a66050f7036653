"""ONNX graphs that tests build node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
reference = pytest.importorskip("onnx.reference", reason="onnx is not installed")
TensorProto, helper, numpy_helper = onnx.TensorProto, onnx.helper, onnx.numpy_helper
RNG = np.random.default_rng(0)
W, V = RNG.normal(size=(5, 3)), RNG.normal(size=(2, 5))
B, C = RNG.normal(size=5), RNG.normal(size=2)
ROW = RNG.uniform(1, 2, 5)
KINDS = {np.float64: TensorProto.DOUBLE, np.float32: TensorProto.FLOAT}
Spelling = Callable[["Graph", str], str]


class Graph:
    """A graph that grows node by node; numbers become constants of its dtype."""

    def __init__(self, dtype: Any = np.float64, shape: Any = ("N", 3)) -> None:
        self.dtype, self.shape = dtype, shape
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}

    def __call__(self, op: str, *inputs: Any, domain: str = "", **attributes: Any) -> str:
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [name], domain=domain, **attributes))
        return name

    def constant(self, x: Any) -> str:
        name = f"w{len(self.weights)}"
        x = np.asarray(x)
        kind = x.dtype if x.dtype.kind in "ib" else self.dtype
        self.weights[name] = numpy_helper.from_array(np.asarray(x, kind), name)
        return name

    def model(self, output: str, *, opset: int = 20) -> Any:
        kind = KINDS[self.dtype]
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("x", kind, self.shape)],
            [helper.make_tensor_value_info(output, kind, None)],
            list(self.weights.values()),
        )
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def between(spelling: Spelling, dtype: Any = np.float64) -> Any:
    """A layer, the spelling, and a layer."""
    g = Graph(dtype)
    z = g("Gemm", "x", W, B, transB=1)
    return g.model(g("Add", g("MatMul", spelling(g, z), V.T), C))


def silu(g: Graph, z: str) -> str:
    return g("Mul", g("Sigmoid", z), z)


def mish(g: Graph, z: str) -> str:
    return g("Mul", z, g("Tanh", g("Softplus", z)))

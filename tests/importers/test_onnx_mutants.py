"""ONNX files with one part changed, as a buggy exporter would, end in a documented error."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from onnx_graphs import RNG, ROW, B, Graph, V, W, helper, mish, numpy_helper

import slopenet as sn
from slopenet.importers._expression import ARITHMETIC
from slopenet.importers.onnx.elementwise import _ACTIVATIONS
from slopenet.importers.onnx.layers import MIXING, UNCHANGED

OPERATIONS = [*MIXING, *UNCHANGED, *ARITHMETIC, *_ACTIVATIONS]
OPERATIONS += ["Clip", "Gelu", "Swish", "Celu", "Selu", "PRelu", "Constant", "Transpose", "Softmax"]
VALUES: list[Any] = [0, -1, 2**40, 0.5, float("nan"), float("inf"), "text", [], [0, -3, 2**40]]
VALUES += [[0.5, 2.0, float("nan")], ["a", "b"], numpy_helper.from_array(np.array([1.0, 2.0]))]


def layers() -> Any:
    """Every operation that mixes numbers, or leaves them as they are."""
    g = Graph(shape=("N", 3))
    z = g("Scaler", "x", domain="ai.onnx.ml", offset=[1.0, 2.0, 3.0], scale=[2.0, 2.0, 1.0])
    z = g("Gemm", z, W, B, transB=1, transA=0, alpha=0.5, beta=2.0)
    z = g("BatchNormalization", z, ROW, B, B, ROW, epsilon=1e-3, training_mode=0)
    z = g("Reshape", g("Flatten", g("Cast", z, to=11), axis=1), np.array([-1, 5]), allowzero=0)
    z = g("Dropout", g("Identity", z), 0.5, np.array(False))
    z = g(
        "Add",
        g("MatMul", z, V.T),
        g("Transpose", g("Unsqueeze", RNG.normal(size=2), [0]), perm=[0, 1]),
    )
    z = g("Squeeze", g("MatMul", z, np.ones((2, 1))), np.array([1]))
    return g.model(g("Unsqueeze", z, np.array([1])))


def activations() -> Any:
    """Activations, with attributes and in parts."""
    g = Graph(np.float32)
    z = g("Gemm", "x", W, B, transB=1)
    z = mish(g, g("Clip", z, 0.0))
    z = g("Selu", z, alpha=1.5, gamma=2.0)
    z = g("Div", g("Sub", g("Mul", z, ROW), B), ROW)
    z = g("Where", g("Greater", z, 0.0), z, g("Mul", z, 0.25))
    z = g("PRelu", g("Celu", g("Gelu", z, approximate="tanh"), alpha=2.0), [0.25])
    return g.model(g("MatMul", z, V.T))


def mutants(model: Any) -> Iterator[Any]:
    """The model with one input, attribute, operation or weight changed."""
    graph = model.graph
    names = ["", "x", "nobody"]
    names += [tensor.name for tensor in graph.initializer]
    names += [node.output[0] for node in graph.node]

    def changed() -> tuple[Any, Any]:
        other = copy.deepcopy(model)
        return other, other.graph

    for i, node in enumerate(graph.node):
        for j in range(len(node.input)):
            for name in names:
                other, inside = changed()
                inside.node[i].input[j] = name
                yield other
            other, inside = changed()
            del inside.node[i].input[j]
            yield other
        for name in names:
            other, inside = changed()
            inside.node[i].input.append(name)
            yield other
        for operation in OPERATIONS:
            other, inside = changed()
            *domain, inside.node[i].op_type = operation.rsplit(".", 1)
            inside.node[i].domain = "".join(domain)
            yield other
        for attribute in ["axes", "min", "max", "value", *(each.name for each in node.attribute)]:
            for value in [None, *VALUES]:
                other, inside = changed()
                kept = [each for each in inside.node[i].attribute if each.name != attribute]
                del inside.node[i].attribute[:]
                inside.node[i].attribute.extend(kept)
                if value is not None:
                    kind = 7 if value == [] else None
                    made = helper.make_attribute(attribute, value, attr_type=kind)
                    inside.node[i].attribute.append(made)
                yield other
    for i, tensor in enumerate(graph.initializer):
        array = numpy_helper.to_array(tensor)
        for array_of in (
            np.transpose,
            np.ravel,
            lambda x: x[..., None],
            lambda x: x[None],
            lambda x: np.append(x, x),
            lambda x: x[:0] if x.ndim else x,
            lambda x: x * np.nan if x.dtype.kind == "f" else x + 2**40,
            lambda x: x * np.inf if x.dtype.kind == "f" else x - 2**40,
            lambda x: x * 1e30,
            np.zeros_like,
            lambda x: x.astype(np.int64),
            lambda x: x.astype(bool),
            lambda x: x.astype(np.float16),
            lambda x: x.astype(np.float32),
            lambda x: x.astype(np.float64),
        ):
            with np.errstate(all="ignore"):
                replaced = numpy_helper.from_array(
                    np.ascontiguousarray(array_of(array)), tensor.name
                )
            other, inside = changed()
            inside.initializer[i].CopyFrom(replaced)
            yield other


@pytest.mark.parametrize("build", [layers, activations])
def test_models_with_one_part_changed_end_in_a_network_or_a_documented_error(build: Any) -> None:
    model = build()
    assert isinstance(sn.from_onnx(model), sn.Network)
    ends = {"network": 0, "ModelFileError": 0, "UnsupportedNetworkError": 0}
    for mutant in islice(mutants(model), 0, None, 5):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                sn.from_onnx(mutant)
                ends["network"] += 1
            except (sn.ModelFileError, sn.UnsupportedNetworkError) as error:
                ends[type(error).__name__] += 1
    assert sum(ends.values()) > 300
    assert min(ends.values()) > 20

"""ONNX graphs with branches, several inputs and outputs, and inputs of any axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import ModelProto, TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnx_graphs import Graph

import slopenet as sn

RNG = np.random.default_rng(0)
W, V, U = (RNG.normal(size=shape) for shape in ((3, 5), (5, 5), (5, 2)))
ROW, B = RNG.uniform(0.1, 1, 5), RNG.normal(size=5)

Spelling = Callable[[Graph, str], str]


def computed(model: ModelProto, X: np.ndarray, names: list[str] | None = None) -> np.ndarray:
    (entry, *_) = model.graph.input
    found = ReferenceEvaluator(model).run(names, {entry.name: X})
    return np.concatenate([np.reshape(each, (len(X), -1)) for each in found], axis=1)


def hidden(g: Graph, x: str) -> str:
    return g("Tanh", g("MatMul", x, W))


BRANCHES: dict[str, Spelling] = {
    "residual": lambda g, h: g("Add", h, g("Tanh", g("MatMul", h, V))),
    "concat": lambda g, h: g("Concat", h, g("Sin", g("MatMul", h, V)), axis=1),
    "slice": lambda g, h: g("Slice", h, np.array([1]), np.array([9]), np.array([1]), np.array([2])),
    "backwards": lambda g, h: g("Slice", h, np.array([-1]), np.array([-9]), np.array([1]),
                                np.array([-1])),
    "gather": lambda g, h: g("Gather", h, np.array([3, 0, 3]), axis=1),
    "one column": lambda g, h: g("Gather", h, np.array(2), axis=1),
    "pad": lambda g, h: g("Pad", h, np.array([0, 1, 0, 2]), 0.5),
    "transposed": lambda g, h: g("Transpose", g("MatMul", V, g("Transpose", h, perm=[1, 0]))),
    "clip": lambda g, h: g("Clip", h, -0.3, 0.4),
    "upper limit": lambda g, h: g("Clip", h, "", 0.4),
    "relu6": lambda g, h: g("Min", g("Relu", h), 0.2),
    "hard sigmoid": lambda g, h: g("HardSigmoid", h, alpha=0.5, beta=0.25),
    "largest": lambda g, h: g("Max", h, ROW - 0.5),
    "larger branch": lambda g, h: g("Max", h, g("MatMul", h, V)),
    "prelu": lambda g, h: g("PRelu", h, ROW),
    "input skip": lambda g, h: g("Add", g("MatMul", h, V), g("MatMul", "x", W)),
    "mean": lambda g, h: g("ReduceMean", h, np.array([1]), keepdims=1),
    "centred": lambda g, h: g("Sub", h, g("ReduceMean", h, np.array([1]), keepdims=1)),
    "sum of three": lambda g, h: g("Sum", h, g("Cos", h), g("MatMul", h, V)),
    "reshaped": lambda g, h: g("Reshape", g("MatMul", g("Reshape", h, np.array([-1, 1])),
                                             np.array([[2.0, 3.0]])), np.array([-1, 10])),
    "ones": lambda g, h: g("Concat", h, g("Add", g("Mul", h, 0.0), 1.0), axis=-1),
    "dynamic shape": lambda g, h: g("Reshape", g("Unsqueeze", h, np.array([1])), g(
        "Concat", g("Unsqueeze", g("Gather", g("Shape", h), np.array(0)), np.array([0])),
        np.array([-1]), axis=0)),
}  # fmt: skip


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_have_the_values_of_the_graph(name: str) -> None:
    g = Graph()
    model = g.model(BRANCHES[name](g, hidden(g, "x")))
    net = sn.from_onnx(model)
    X = RNG.normal(size=(20, 3))
    wanted = computed(model, X)
    assert np.abs(net(X) - wanted).max() < 1e-12 * max(1, np.abs(wanted).max())


def test_parts_of_a_split_and_several_outputs() -> None:
    g = Graph()
    h = hidden(g, "x")
    g.nodes.append(helper.make_node("Split", [h], ["a", "b"], axis=1, num_outputs=2))
    model = g.model(g("Softplus", "b"))
    model.graph.output.append(helper.make_tensor_value_info("a", TensorProto.DOUBLE, None))
    end = model.graph.output[0].name
    net = sn.from_onnx(model)
    assert net.sizes == (3, 5, 5)
    assert net.output_names == (f"{end}_1", f"{end}_2", "a_1", "a_2", "a_3")
    X = RNG.normal(size=(20, 3))
    assert np.allclose(net(X), computed(model, X), rtol=1e-13)
    only = sn.from_onnx(model, outputs=["a"])
    assert np.allclose(only(X), computed(model, X, ["a"]), rtol=1e-13)
    turned = sn.from_onnx(model, outputs=["a", end])
    assert np.allclose(turned(X), computed(model, X, ["a", end]), rtol=1e-13)
    for outputs in (["c"], [], ["a", "a"]):
        with pytest.raises(ValueError, match="outputs must be different names of"):
            sn.from_onnx(model, outputs=outputs)


def two_inputs() -> ModelProto:
    g = Graph()
    h = g("Tanh", g("MatMul", g("Concat", "x", "u", axis=1), V))
    model = g.model(g("MatMul", h, U))
    model.graph.input.append(helper.make_tensor_value_info("u", TensorProto.DOUBLE, ["N", 2]))
    model.graph.input.append(helper.make_tensor_value_info("idle", TensorProto.DOUBLE, ["N", 4]))
    return model


def test_several_inputs_are_columns_in_their_order() -> None:
    model = two_inputs()
    X = RNG.normal(size=(20, 5))
    right = np.tanh(X @ V) @ U
    net = sn.from_onnx(model)
    assert net.input_names == ("x_1", "x_2", "x_3", "u_1", "u_2")
    assert np.allclose(net(X), right, rtol=1e-12)
    turned = sn.from_onnx(model, inputs=["u", "x"])
    assert np.allclose(turned(X[:, [3, 4, 0, 1, 2]]), right, rtol=1e-12)
    with pytest.raises(sn.UnsupportedNetworkError, match="its outputs need the input 'u' too"):
        sn.from_onnx(model, inputs=["x"])


@pytest.mark.parametrize(
    ("shape", "feed"),
    [
        ((1, 1, 1, 3), (1, 1, 1, 3)),
        ((1, 3), (1, 3)),
        ((3,), (3,)),
        (("N", 1, 3), (-1, 1, 3)),
        ((2, 3), (2, 3)),
        (("N", 3, 1), (-1, 3, 1)),
    ],
)
def test_inputs_of_any_axes(shape: Any, feed: tuple[int, ...]) -> None:
    g = Graph(shape=shape)
    flat = g("Flatten", "x") if len(shape) > 1 else g("Unsqueeze", "x", np.array([0]))
    model = g.model(g("MatMul", hidden(g, flat), U))
    net = sn.from_onnx(model)
    assert net.sizes == (3, 5, 2)
    X = RNG.normal(size=(4, 3))
    assert np.allclose(net(X), np.tanh(X @ W) @ U, rtol=1e-13)


@pytest.mark.parametrize(
    ("spelling", "sentence"),
    [
        (lambda g, h: g("Mul", h, g("MatMul", h, V)), "two branches"),
        (lambda g, h: g("MatMul", h, g("Transpose", h)), "multiplies|computed from the input"),
        (lambda g, h: g("Sub", h, g("ReduceMean", h, np.array([0]), keepdims=1)), "mixes the rows"),
        (
            lambda g, h: g("Tanh", g("Softmax", g("Concat", h, h, axis=1))),
            "softmax must be the end",
        ),
        (lambda g, h: g("Gather", h, np.array([9]), axis=1), "its inputs do not fit|no Gather"),
        (lambda g, h: g("Concat", h, h, axis=0), "does not have a row per sample"),
        (
            lambda g, h: g("Pad", h, np.array([0, 1, 0, 2]), mode="edge"),
            r"\(Pad\): it does something else than to add constants",
        ),
        (lambda g, h: g("Reshape", h, np.array([2, -1])), "shape|mixes|row per sample|do not fit"),
    ],
)
def test_what_no_network_is_is_refused_by_node(spelling: Spelling, sentence: str) -> None:
    g = Graph()
    model = g.model(spelling(g, hidden(g, "x")))
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_onnx(model)


def test_a_file_of_slopenet_with_derivatives_has_its_values(tmp_path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net = sn.Network.random((3, 8, 2), rng=0)
    net.export(tmp_path / "net.onnx")
    again = sn.load(tmp_path / "net.onnx", outputs=["y"])
    X = RNG.normal(size=(9, 3))
    assert np.allclose(again(X), net(X), rtol=1e-13)

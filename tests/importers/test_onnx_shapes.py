"""ONNX graphs whose tensors are not (N, n): the same chain of layers, or refused by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx_graphs import RNG, B, C, Graph, V, W

import slopenet as sn

MEAN = RNG.normal(size=3)
X = RNG.normal(size=(6, 3))
WANTED = np.maximum((X - MEAN) @ W.T + B, 0) @ V.T + C


def layers(g: Graph, x: str) -> str:
    """The layers by MatMul and Add."""
    z = g("Add", g("MatMul", x, W.T), B)
    return g("Add", g("MatMul", g("Relu", z), V.T), C)


def tensordot(g: Graph, x: str, weights: np.ndarray) -> str:
    """A product of the last axis, as tf2onnx writes Keras' Dense on more than two axes."""
    shape = g("Cast", g("Shape", x), to=6)
    free, last = g("Gather", shape, np.array([0, 1]), axis=0), g("Gather", shape, np.array([2]))
    rows = g("Unsqueeze", g("ReduceProd", free, keepdims=0), np.array([0]))
    columns = g("Unsqueeze", g("ReduceProd", last, keepdims=0), np.array([0]))
    wanted = g("Cast", g("Concat", rows, columns, axis=0), to=7)
    product = g("MatMul", g("Reshape", g("Transpose", x, perm=[0, 1, 2]), wanted), weights)
    size = g("Cast", np.array([weights.shape[1]]), to=6)
    return g("Reshape", product, g("Cast", g("Concat", free, size, axis=0), to=7))


def tf2onnx(g: Graph) -> str:
    z = g("Add", tensordot(g, g("Sub", "x", MEAN), W.T), B)
    return g("Add", tensordot(g, g("Relu", z), V.T), C)


def kept_batch(g: Graph) -> str:
    """torch's x.reshape(x.shape[0], -1) around x.reshape(-1, n)."""
    n = g("Unsqueeze", g("Gather", g("Shape", "x"), np.array(0)), np.array([0]))
    flat = g("Reshape", g("Sub", "x", MEAN), np.array([-1, 3]))
    z = g("Reshape", g("Add", g("MatMul", flat, W.T), B), g("Concat", n, np.array([-1]), axis=0))
    back = g("Slice", g("Shape", z), np.array([0]), np.array([1]), np.array([0]))
    z = g("Reshape", g("Relu", z), g("Concat", back, np.array([5]), axis=0))
    return g("Add", g("MatMul", z, V.T), C)


def columns(g: Graph) -> str:
    """W x, with the samples as columns (n, 1)."""
    z = g("Add", g("MatMul", W, g("Sub", "x", MEAN[:, None])), B[:, None])
    return g("Add", g("MatMul", V, g("Relu", z)), C[:, None])


SHAPES: dict[str, tuple[Any, Callable[[Graph], str]]] = {
    "1 1 1 n, Flatten": (
        [1, 1, 1, 3], lambda g: layers(g, g("Flatten", g("Sub", "x", MEAN.reshape(1, 1, 1, 3)))),
    ),
    "1 1 1 n": ([1, 1, 1, 3], lambda g: layers(g, g("Sub", "x", MEAN))),
    "n": ([3], lambda g: layers(g, g("Sub", "x", MEAN))),
    "n, as a column": (
        [3], lambda g: g("Add", g("MatMul", V, g("Relu", g("Add", g("MatMul", W,
                       g("Sub", "x", MEAN)), B))), C),
    ),
    "N 1 n": (["N", 1, 3], lambda g: layers(g, g("Sub", "x", MEAN))),
    "N 1 n, Squeeze": (
        ["N", 1, 3], lambda g: layers(g, g("Squeeze", g("Sub", "x", MEAN), np.array([1]))),
    ),
    "1 n 1, Flatten": (
        [1, 3, 1], lambda g: layers(g, g("Flatten", g("Sub", "x", MEAN[:, None]))),
    ),
    "N n 1, Transpose": (
        ["N", 3, 1],
        lambda g: layers(g, g("Transpose", g("Sub", "x", MEAN[:, None]), perm=[0, 2, 1])),
    ),
    "N n 1 1, Reshape": (
        ["N", 3, 1, 1], lambda g: layers(g, g("Sub", g("Reshape", "x", np.array([0, -1])), MEAN)),
    ),
    "N n, Unsqueeze": (
        ["N", 3], lambda g: layers(g, g("Unsqueeze", g("Sub", "x", MEAN), np.array([1]))),
    ),
    "4 samples of 1 n": ([4, 1, 3], lambda g: layers(g, g("Sub", "x", MEAN))),
    "N n 1, columns": (["N", 3, 1], columns),
    "n 1, one column": ([3, 1], columns),
    "Tensordot": (["N", 1, 3], tf2onnx),
    "Tensordot of 1 1 n": ([1, 1, 3], tf2onnx),
    "Reshape by Shape": (["N", 3], kept_batch),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_inputs_of_any_number_of_axes_are_the_same_network(case: str) -> None:
    shape, build = SHAPES[case]
    g = Graph(shape=shape)
    net = sn.from_onnx(g.model(build(g)))
    assert net.sizes == (3, 5, 2)
    np.testing.assert_allclose(net(X), WANTED, rtol=1e-12, atol=1e-12)


def test_images_are_read_in_the_order_of_their_numbers() -> None:
    g = Graph(shape=("N", 1, 4, 2))
    weights = RNG.normal(size=(8, 2))
    scale = RNG.uniform(1, 2, (4, 2))
    net = sn.from_onnx(g.model(g("MatMul", g("Flatten", g("Div", "x", scale)), weights)))
    x = RNG.normal(size=(5, 4, 2))
    np.testing.assert_allclose(net(x.reshape(5, 8)), (x / scale).reshape(5, 8) @ weights)


@pytest.mark.parametrize("seed", range(10))
def test_changed_sizes_and_axes_are_never_another_network(seed: int) -> None:
    """Every graph whose shapes were changed at random is refused, or gives onnxruntime's values."""
    rng = np.random.default_rng(seed)
    for shape, build in SHAPES.values():
        g = Graph(shape=list(shape))
        model = g.model(build(g))
        for _ in range(2):
            node = model.graph.node[rng.integers(len(model.graph.node))]
            for each in node.attribute:
                each.i += int(rng.integers(-2, 3))
            whole = [w for w in model.graph.initializer if w.data_type == 7]
            if whole:
                weight = whole[rng.integers(len(whole))]
                sizes = np.frombuffer(weight.raw_data, np.int64) + rng.integers(-2, 3)
                weight.raw_data = sizes.tobytes()
        try:
            net = sn.from_onnx(model)  # compares the network with the graph
        except (sn.UnsupportedNetworkError, sn.ModelFileError):
            continue
        assert net.sizes[0] == 3

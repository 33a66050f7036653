"""ONNX graphs that are not a chain of layers are refused by node."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_graphs import (
    RNG,
    ROW,
    B,
    Graph,
    Spelling,
    W,
    between,
    numpy_helper,
)

import slopenet as sn

TENSOR = numpy_helper.from_array(np.ones(2))


@pytest.mark.parametrize(
    ("spelling", "sentence"),
    [
        (lambda g, z: g("Softmax", z), r"node 't1' \(Softmax\): softmax must be the end of the"),
        (lambda g, z: g("Softmax", z, axis=0), "its axis is not that of the columns"),
        (lambda g, z: g("HardSwish", z), r"\(HardSwish\): slopenet has no HardSwish"),
        (lambda g, z: g("Conv", z, np.ones((1, 1, 3))), r"\(Conv\): slopenet has no Conv"),
        (lambda g, z: g("Einsum", z, np.eye(5), equation="ni,ij->nj"), "slopenet has no Einsum"),
        (lambda g, z: g("LayerNormalization", z, ROW), "slopenet has no LayerNormalization"),
        (lambda g, z: g("LSTM", z, np.ones((1, 8, 5)), np.ones((1, 8, 2))), "has no LSTM"),
        (lambda g, z: g("Sqrt", z), r"\(Sqrt\): Sqrt here belongs to no activation"),
        (lambda g, z: g("Erf", z), "Erf here belongs to no"),
        (lambda g, z: g("Mul", z, z), "Mul here belongs to no"),
        (lambda g, z: g("Mul", g("Sigmoid", g("Mul", z, ROW)), z), "two branches"),
        (lambda g, z: g("Div", ROW, z), "Div with constants of each column is not an affine map"),
        (lambda g, z: g("Add", z, RNG.normal(size=(4, 5))), r"shape \(4, 5\) is not a row"),
        (lambda g, z: g("Add", z, np.ones(4)), "for 4 numbers, and 5 come in"),
        (lambda g, z: g("MatMul", z, np.eye(4)), "it takes 4 numbers, and 5 come in"),
        (lambda g, z: g("Gemm", z, np.eye(5), transA=1), "the transposed batch"),
        (lambda g, z: g("MatMul", np.eye(5), z), "first input is a constant"),
        (lambda g, z: g("Reshape", z, np.array([5, -1])), r"the shape \(5, -1\)"),
        (lambda g, z: g("Transpose", z), "slopenet has no Transpose"),
        (lambda g, z: g("Cast", z, to=7), "casts to no real numbers"),
        (lambda g, z: g("Flatten", z, axis=0), "flattens the samples"),
        (lambda g, z: g("Dropout", z, 0.5, np.array(True)), "training mode"),
        (
            lambda g, z: g("BatchNormalization", z, ROW, B, B, ROW, training_mode=1),
            "training mode",
        ),
        (lambda g, z: g("Gelu", z, domain="com.microsoft"), "the domain 'com.microsoft'"),
        (lambda g, z: g("Add", z, g("ConstantOfShape", np.array([10**12]))), "ConstantOfShape of"),
        (lambda g, z: g("Add", z, g("Add", ROW, np.ones((9, 1)))), "constants that grow"),
        (lambda g, z: g("Div", z, np.zeros(5)), "is not an affine map"),
        (lambda g, z: g("Mul", z, ""), r"\(Mul\): one of its inputs is absent"),
        (lambda g, z: g("Add", z, g("Mul", B, "")), "one of its constants is absent"),
        (lambda g, z: g("Add", z, g("Cast", B)), "its constants do not fit"),
        (
            lambda g, z: g("BatchNormalization", z, ROW, B[:3], B, ROW),
            r"the shapes \(5,\), \(3,\), \(5,\), \(5,\); one for all is wanted",
        ),
        (lambda g, z: g("Gemm", z, np.eye(5), transA=TENSOR), "transA is not a whole number"),
        (lambda g, z: g("Gelu", z, approximate=TENSOR), "its approximate is not a text"),
        (lambda g, z: g("LeakyRelu", z, alpha="text"), "alpha is not a finite number"),
        (lambda g, z: g("Elu", z, alpha=float("nan")), "alpha is not a finite number"),
        (lambda g, z: g("Scaler", z, scale="a", domain="ai.onnx.ml"), "scale is not a row of"),
    ],
)
def test_graphs_that_are_not_a_chain_of_layers_are_refused_by_node(
    spelling: Spelling, sentence: str
) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_onnx(between(spelling))


def test_graphs_of_another_form_are_refused() -> None:
    g = Graph(shape=("N", 4))
    with pytest.raises(sn.UnsupportedNetworkError, match="takes 3 numbers, and 4 come in"):
        sn.from_onnx(g.model(g("MatMul", "x", W.T)))
    g = Graph()
    g("Tanh", "x")
    with pytest.raises(sn.UnsupportedNetworkError, match="does not depend on its input"):
        sn.from_onnx(g.model(g("Identity", B)))


def test_limits_of_clip_that_are_absent() -> None:
    for limits in ((0.0, ""), (0.0, np.inf), (0.0,)):
        net = sn.from_onnx(between(lambda g, z, limits=limits: g("Clip", z, *limits)))
        assert net.activations == ("relu", "identity")

"""ONNX graphs: every spelling of activations and affine maps is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_graphs import (
    RNG,
    ROW,
    B,
    Graph,
    Spelling,
    V,
    W,
    between,
    mish,
    numpy_helper,
    onnx,
    reference,
    silu,
)

import slopenet as sn


def gelu(g: Graph, z: str) -> str:
    return g("Mul", g("Mul", z, 0.5), g("Add", 1.0, g("Erf", g("Mul", z, 0.5**0.5))))


def gelu_tanh(g: Graph, z: str) -> str:
    cubic = g("Add", z, g("Mul", 0.044715, g("Pow", z, 3.0)))
    inner = g("Mul", cubic, np.sqrt(2 / np.pi))
    return g("Mul", 0.5, g("Mul", z, g("Add", 1.0, g("Tanh", inner))))


def softplus(g: Graph, z: str) -> str:
    return g("Log", g("Add", g("Exp", z), 1.0))


def softplus_of_torch(g: Graph, z: str) -> str:
    scaled = g("Mul", z, 0.5)
    return g("Where", g("Greater", scaled, 20.0), z, g("Div", g("Softplus", scaled), 0.5))


def sigmoid(g: Graph, z: str) -> str:
    return g("Reciprocal", g("Add", g("Exp", g("Neg", z)), 1.0))


def gaussian(g: Graph, z: str) -> str:
    return g("Exp", g("Neg", g("Mul", z, z)))


def quick_gelu(g: Graph, z: str) -> str:
    return g("Mul", z, g("Sigmoid", g("Mul", z, 1.702)))


SPELLINGS: dict[str, tuple[Spelling, list[Any]]] = {
    "silu": (silu, ["silu"]),
    "gelu": (gelu, ["gelu"]),
    "gelu_tanh": (gelu_tanh, ["gelu_tanh"]),
    "mish": (mish, ["mish"]),
    "softplus": (softplus, ["softplus"]),
    "softplus of torch": (softplus_of_torch, [("softplus", 0.5)]),
    "sigmoid": (sigmoid, ["sigmoid"]),
    "gaussian": (gaussian, ["gaussian"]),
    "quick gelu": (quick_gelu, ["silu"]),
    "softsign": (lambda g, z: g("Div", z, g("Add", 1.0, g("Abs", z))), ["softsign"]),
    "relu": (lambda g, z: g("Max", z, 0.0), ["relu"]),
    "clip": (lambda g, z: g("Clip", z, 0.0), ["relu"]),
    "leaky": (lambda g, z: g("Max", z, g("Mul", z, 0.25)), [("leaky_relu", 0.25)]),
    "tanh of sigmoid": (
        lambda g, z: g("Sub", g("Mul", g("Sigmoid", g("Mul", z, 2.0)), 2.0), 1.0),
        ["tanh"],
    ),
    "LeakyRelu": (lambda g, z: g("LeakyRelu", z, alpha=0.2), [("leaky_relu", 0.2)]),
    "PRelu": (lambda g, z: g("PRelu", z, [0.25]), [("leaky_relu", 0.25)]),
    "Elu": (lambda g, z: g("Elu", z, alpha=1.5), [("elu", 1.5)]),
    "Selu": (lambda g, z: g("Selu", z), ["selu"]),
    "Selu of its own": (lambda g, z: g("Selu", z, alpha=1.5, gamma=2.0), [("elu", 1.5)]),
    "Celu": (lambda g, z: g("Celu", z, alpha=2.0), ["elu"]),
    "Sin": (lambda g, z: g("Sin", z), ["sin"]),
    "Exp": (lambda g, z: g("Exp", z), ["exp"]),
    "Exp of its own": (lambda g, z: g("Reciprocal", g("Exp", g("Neg", z))), ["exp"]),
    "Log": (lambda g, z: g("Log", g("Add", z, 30.0)), ["log"]),
    "two": (lambda g, z: silu(g, g("Tanh", g("Sub", 1.0, z))), ["tanh", "silu"]),
    "scaled": (lambda g, z: g("Div", mish(g, g("Add", z, 0.5)), 4.0), ["mish"]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SPELLINGS)
def test_every_onnx_spelling_of_an_activation(name: str, dtype: Any) -> None:
    spelling, activations = SPELLINGS[name]
    model = between(spelling, dtype)
    said: list[Any] = []
    net = sn.from_onnx(model, report=said.append)
    assert list(net.activations) == [*activations, "identity"]
    assert net.dtype == dtype
    X = RNG.normal(size=(30, 3)).astype(dtype)
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    # erf, elu, selu and leaky_relu are float32 in onnx.reference, or have float32 parameters
    limit = (
        1e-6 if dtype == np.float32 or name.startswith(("gelu", "Selu", "Celu", "Le")) else 1e-12
    )
    assert np.abs(net(X) - wanted).max() <= limit * np.abs(wanted).max()


AFFINE: dict[str, Spelling] = {
    "batch normalisation": lambda g, z: g("BatchNormalization", z, ROW, B, B, ROW, epsilon=2**-10),
    "a row": lambda g, z: g("Div", g("Sub", z, B), ROW),
    "a matrix of one row": lambda g, z: g("Add", g("Mul", ROW[None], z), B[None]),
    "from a row": lambda g, z: g("Sub", B, z),
    "folded constants": lambda g, z: g("Div", z, g("Max", g("Sqrt", ROW), 1e-7)),
    "nothing": lambda g, z: g("Dropout", g("Flatten", g("Identity", g("Cast", z, to=11)))),
    "reshaped": lambda g, z: g("Reshape", z, np.array([-1, 5])),
    "Gemm of all": lambda g, z: g("Gemm", z, RNG.normal(size=(5, 5)), B, alpha=0.5, beta=2.0),
    "a node of constants": lambda g, z: g("Add", z, g("Transpose", g("Unsqueeze", B, [1]))),
    "constant node": lambda g, z: g(
        "Add", z, g("Constant", value=numpy_helper.from_array(np.array([0.5])))
    ),
}


@pytest.mark.parametrize("name", AFFINE)
def test_every_affine_map_of_onnx_folds(name: str) -> None:
    model = between(lambda g, z: g("Tanh", AFFINE[name](g, z)))
    net = sn.from_onnx(model)
    assert net.sizes == (3, 5, 2)
    X = RNG.normal(size=(30, 3))
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    assert np.allclose(net(X), wanted, rtol=1e-12, atol=1e-12)


def test_a_row_of_factors_that_was_moved_into_an_activation() -> None:
    """tf2onnx makes z (sigmoid(z) ∘ γ) of silu and the batch normalisation behind it."""
    for order in (0, 1):

        def spelling(g: Graph, z: str, order: int = order) -> str:
            parts = [z, g("Mul", g("Sigmoid", z), ROW)]
            return g("Add", g("Mul", parts[order], parts[1 - order]), B)

        model = between(spelling)
        net = sn.from_onnx(model)
        assert net.activations == ("silu", "identity")
        X = RNG.normal(size=(30, 3))
        wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
        assert np.allclose(net(X), wanted, rtol=1e-12, atol=1e-12)


def test_a_scaler_of_scikit_learn_and_a_column_that_loses_its_axis() -> None:
    g = Graph(np.float32)
    x = g("Scaler", "x", domain="ai.onnx.ml", offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 4.0])
    y = g("MatMul", g("Tanh", g("MatMul", x, W.T)), V.T[:, :1])
    model = g.model(g("Mul", g("Squeeze", y, [1]), 2.0))
    net = sn.from_onnx(model, dtype="float64")
    X = RNG.normal(size=(9, 3)).astype(np.float32)
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    assert np.allclose(net(X)[:, 0], wanted, rtol=1e-5, atol=1e-5)


def test_a_fixed_batch_and_nodes_that_nobody_needs() -> None:
    g = Graph(shape=(4, 3))
    g("NoSuchOperation", "x")
    net = sn.from_onnx(g.model(g("Tanh", g("MatMul", "x", W.T))))
    assert net.activations == ("tanh",)


def test_names_come_back_from_an_exported_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "net.onnx"
    net = sn.Network.random((2, 3, 1), rng=0, input_names=["T", "p"], output_names=["ρ"])
    net.export(path, derivatives=["value"])
    assert sn.load(path) == net
    assert sn.load(path, input_names=["a", "b"]).input_names == ("a", "b")
    for text in ("[1, 2]", '["T"]', '["T", "T"]', "{}", "[", "[" * 100_000, "3", '"Tp"'):
        model = onnx.load(path)
        next(p for p in model.metadata_props if p.key == "input_names").value = text
        assert sn.from_onnx(model).input_names is None


def test_from_onnx_without_onnx_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['onnx'] = None; import slopenet\n"
        "try: slopenet.from_onnx('x.onnx')\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "from_onnx needs onnx: pip install 'slopenet[onnx]'\n"


def test_limits_of_clip_keep_their_digits_in_float32(tmp_path: Path) -> None:
    net = sn.Network.random((2, 3, 1), hidden=("clip", -0.3, 0.7), rng=0, dtype=np.float32)
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    assert sn.load(tmp_path / "net.onnx") == net

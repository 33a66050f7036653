"""tanh_shrink, soft_shrink and their kind from torch, Keras and ONNX: equal, or refused alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet.importers._expression import Expression, compose
from slopenet.importers._piecewise import pieces

RNG = np.random.default_rng(0)
W, B, V = RNG.normal(size=(3, 7)), RNG.normal(size=7), RNG.normal(size=(7, 2))
X = RNG.normal(size=(50, 3))
Scalar = Callable[[np.ndarray], np.ndarray]


def soft(limit: float) -> tuple[Scalar, Scalar]:
    """Value and slope of soft shrinkage."""
    return (
        lambda z: np.sign(z) * np.maximum(np.abs(z) - limit, 0),
        lambda z: (np.abs(z) > limit).astype(float),
    )


TANH: tuple[Scalar, Scalar] = (lambda z: z - np.tanh(z), lambda z: np.tanh(z) ** 2)
LINE: tuple[Scalar, Scalar] = (lambda z: z, np.ones_like)
SPARSE: tuple[Scalar, Scalar] = (
    lambda z: np.clip(0.5 * (z + 1), 0, 1),
    lambda z: 0.5 * (np.abs(z) < 1),
)
ABOVE: tuple[Scalar, Scalar] = (lambda z: np.maximum(z, 0.25), lambda z: (z > 0.25).astype(float))


def agrees(net: sn.Network, closed: tuple[Scalar, Scalar], limit: float = 1e-13) -> None:
    """Value and Jacobian of the network are those of a layer, the function and a layer."""
    value, slope = closed
    z = X @ W + B
    Y, J = value(z) @ V, np.einsum("nj,ij,jk->nki", slope(z), W, V)
    assert np.abs(net(X) - Y).max() <= limit * np.abs(Y).max()
    assert np.abs(net.jacobian(X) - J).max() <= limit * np.abs(J).max()


def in_torch(name: str, *settings: float) -> Any:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    first, last = torch.nn.Linear(3, 7), torch.nn.Linear(7, 2, bias=False)
    module = torch.nn.Sequential(first, getattr(torch.nn, name)(*settings), last).double()
    with torch.no_grad():
        for parameter, numbers in ((first.weight, W.T), (first.bias, B), (last.weight, V.T)):
            parameter.copy_(torch.tensor(numbers))
    return module


@pytest.mark.parametrize(
    ("module", "closed"),
    [
        (("Tanhshrink",), TANH),
        (("Softshrink",), soft(0.5)),
        (("Softshrink", 0.75), soft(0.75)),
        (("Hardshrink", 0.0), LINE),
        (("Threshold", 0.25, 0.25), ABOVE),
    ],
)
def test_modules_of_torch(module: Any, closed: Any) -> None:
    made = in_torch(*module)
    net = sn.from_torch(made)
    agrees(net, closed)
    import torch

    J = torch.func.vmap(torch.func.jacrev(made))(torch.tensor(X)).detach().numpy()
    assert np.abs(net.jacobian(X) - J).max() < 1e-13 * np.abs(J).max()


def keras_with_jax() -> Any:
    pytest.importorskip("jax", reason="JAX is not installed")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    return pytest.importorskip("keras", reason="Keras is not installed")


def in_keras(name: str, *settings: float) -> Any:
    pytest.importorskip("h5py", reason="h5py is not installed")
    keras = keras_with_jax()
    if not hasattr(keras.activations, name):
        pytest.skip(f"this Keras has no {name}")
    x = keras.Input((3,), dtype="float64")
    first = keras.layers.Dense(7, None if settings else name, dtype="float64")
    last = keras.layers.Dense(2, use_bias=False, dtype="float64")
    h = first(x)
    model = keras.Model(x, last(getattr(keras.ops, name)(h, *settings) if settings else h))
    first.set_weights([W, B])
    last.set_weights([V])
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("function", "closed"),
    [
        (("tanh_shrink",), TANH),
        (("soft_shrink",), soft(0.5)),
        (("soft_shrink", 0.75), soft(0.75)),
        (("hard_shrink", 0.0), LINE),
        (("sparse_sigmoid",), SPARSE),
        (("threshold", 0.25, 0.25), ABOVE),
    ],
)
def test_functions_of_keras(function: Any, closed: Any, tmp_path: Path) -> None:
    model = in_keras(*function)
    model.save(tmp_path / "net.keras")
    model.save(tmp_path / "net.h5")
    wanted = np.asarray(model(X))
    for net in (sn.from_keras(model), *map(sn.load, (tmp_path / "net.keras", tmp_path / "net.h5"))):
        agrees(net, closed, 1e-6 if net.dtype == np.float32 else 1e-13)
        assert np.abs(net(X) - wanted).max() < 1e-6 * np.abs(wanted).max()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("function", "settings"),
    [
        ("elu", [0.5]),
        ("celu", [0.5]),
        ("celu", [1.0]),
        ("leaky_relu", [0.1]),
        ("gelu", [True]),
        ("gelu", [False]),
    ],
)
def test_settings_of_functions_of_keras_are_read(
    function: str, settings: Any, tmp_path: Path
) -> None:
    model = in_keras(function, *settings)
    model.save(tmp_path / "net.keras")
    wanted = np.asarray(model(X))
    for net in (sn.from_keras(model), sn.load(tmp_path / "net.keras")):
        assert np.abs(net(X) - wanted).max() < 1e-6 * np.abs(wanted).max()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (("hard_shrink",), "hard shrinkage jumps at -0.5 and 0.5, and has no derivative there"),
        (("threshold", 0.1, 0.2), "its threshold jumps from 0.2 to 0.1"),
        (("hard_silu",), "slopenet has no activation like 'hard_silu': it is a parabola"),
        (("squareplus",), "'squareplus': it is the square root of a square"),
        (("sparse_plus",), "'sparse_plus': it is a parabola between -1 and 1"),
        (("soft_shrink", -1.0), "the limit of soft shrinkage must be at least 0, got -1"),
    ],
)
def test_functions_of_keras_that_no_network_has(
    function: Any, sentence: str, tmp_path: Path
) -> None:
    model = in_keras(*function)
    model.save(tmp_path / "net.keras")
    for load in (lambda: sn.from_keras(model), lambda: sn.load(tmp_path / "net.keras")):
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            load()


@pytest.mark.filterwarnings("ignore")
def test_a_threshold_by_name_has_no_settings() -> None:
    keras = keras_with_jax()
    if not hasattr(keras.activations, "threshold"):
        pytest.skip("this Keras has no threshold")
    layers = [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Activation("threshold")]
    with pytest.raises(sn.UnsupportedNetworkError, match="threshold needs a limit and a value"):
        sn.from_keras(keras.Sequential(layers))


def in_onnx(op: str, **settings: float) -> Any:
    onnx_graphs = pytest.importorskip("onnx_graphs", reason="onnx is not installed")
    g = onnx_graphs.Graph()
    z = g("Add", g("MatMul", "x", W), B)
    return g.model(g("MatMul", g(op, z, **settings), V))


@pytest.mark.parametrize(
    ("node", "settings", "closed"),
    [
        ("Shrink", {"bias": 0.5}, soft(0.5)),
        ("Shrink", {"bias": 0.75, "lambd": 0.75}, soft(0.75)),
        ("Shrink", {"lambd": 0.0}, LINE),
        ("ThresholdedRelu", {"alpha": 0.0}, (lambda z: np.maximum(z, 0), lambda z: z > 0)),
    ],
)
def test_nodes_of_onnx(node: str, settings: Any, closed: Any) -> None:
    agrees(sn.from_onnx(in_onnx(node, **settings)), closed)


@pytest.mark.parametrize(
    ("node", "settings", "sentence"),
    [
        ("Shrink", {}, r"node 't2' \(Shrink\): hard shrinkage jumps at -0.5 and 0.5"),
        ("Shrink", {"bias": 0.5, "lambd": 1.0}, "its bias and its lambd are equal, got 0.5, 1"),
        ("Shrink", {"bias": -1.0, "lambd": -1.0}, "must be at least 0, got -1"),
        ("Shrink", {"bias": float("nan")}, "its bias is not a finite number"),
        ("ThresholdedRelu", {}, "its threshold jumps from 0 to 1"),
        ("HardSwish", {}, "slopenet has no HardSwish, which is a parabola in the middle"),
    ],
)
def test_nodes_of_onnx_that_no_network_has(node: str, settings: Any, sentence: str) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_onnx(in_onnx(node, **settings))


def by_where(g: Any, z: str) -> str:
    """Soft shrinkage as torch's TorchScript exporter writes it."""
    above = g("Where", g("Greater", z, 0.75), g("Sub", z, 0.75), 0.0)
    return str(g("Add", above, g("Where", g("Less", z, -0.75), g("Add", z, 0.75), 0.0)))


def by_sign(g: Any, z: str) -> str:
    """Soft shrinkage as torch's newer exporter writes it."""
    nearer = g("Sub", z, g("Mul", g("Sign", z), 0.75))
    return str(g("Where", g("Greater", g("Abs", z), 0.75), nearer, g("Mul", z, 0.0)))


def a_roof(g: Any, z: str) -> str:
    """max(0, 1/2 - |z|/4) with a slope beyond 3."""
    roof = g("Max", g("Sub", 0.5, g("Div", g("Abs", z), 4.0)), 0.0)
    return str(g("Where", g("Greater", z, 3.0), g("Mul", g("Sub", z, 3.0), 2.0), roof))


ROOF: tuple[Scalar, Scalar] = (
    lambda z: np.maximum(0.5 - np.abs(z) / 4, 0) + 2 * np.maximum(z - 3, 0),
    lambda z: -np.sign(z) / 4 * (np.abs(z) < 2) + 2.0 * (z > 3),
)


@pytest.mark.parametrize(
    ("spelling", "closed"), [(by_where, soft(0.75)), (by_sign, soft(0.75)), (a_roof, ROOF)]
)
def test_straight_pieces_by_comparisons(spelling: Any, closed: Any) -> None:
    onnx_graphs = pytest.importorskip("onnx_graphs", reason="onnx is not installed")
    g = onnx_graphs.Graph()
    z = g("Add", g("MatMul", "x", W), B)
    agrees(sn.from_onnx(g.model(g("MatMul", spelling(g, z), V))), closed)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda g, z: g("Where", g("Greater", g("Abs", z), 0.5), z, 0.0),
        lambda g, z: g("Where", g("Greater", z, 0.5), g("Sub", z, 0.5 + 1e-6), 0.0),
        lambda g, z: g("Where", g("Greater", z, 0.5), g("Mul", z, z), 0.25),
        lambda g, z: g("Sign", z),
    ],
)
def test_jumps_and_parabolas_by_comparisons_are_refused(spelling: Any) -> None:
    onnx_graphs = pytest.importorskip("onnx_graphs", reason="onnx is not installed")
    g = onnx_graphs.Graph()
    z = g("Add", g("MatMul", "x", W), B)
    with pytest.raises(sn.UnsupportedNetworkError, match="belongs to no activation"):
        sn.from_onnx(g.model(g("MatMul", spelling(g, z), V)))


def test_a_bump_between_the_constants_of_a_function_is_seen() -> None:
    z = Expression("z")
    bump = compose("f", "Sub", compose("f", "Mul", z, 4.0), 12.0)
    roof = compose("f", "Max", compose("f", "Sub", 0.4, compose("f", "Abs", bump)), 0.0)
    ramp = compose("f", "Where", compose("f", "Greater", z, 0.0), z, 0.0)
    double = np.dtype(np.float64)
    assert pieces(ramp, z, double) == (0.0, 0.0, [(0.0, 1.0)])
    assert pieces(compose("f", "Add", ramp, roof), z, double) is None

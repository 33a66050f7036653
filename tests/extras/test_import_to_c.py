"""An import from any source goes out as C, with the source's own values and slopes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from exported import EVERYTHING, compilers, library, results

import slopenet as sn

RNG = np.random.default_rng(0)
UNITS, MEANS = np.array([1, 10, 100, 0.1]), np.array([300, 0, 5, 1])
X = RNG.normal(size=(30, 4)) * UNITS + MEANS

Source: TypeAlias = tuple[sn.Network, Callable[[np.ndarray], Any]]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """scikit-learn has not converged; exporters warn of future changes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def from_sklearn() -> Source:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn import compose, decomposition, neural_network, pipeline, preprocessing

    mlp = neural_network.MLPRegressor(
        hidden_layer_sizes=(9, 7), activation="tanh", max_iter=20, random_state=0
    )
    model = compose.TransformedTargetRegressor(
        pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(3), mlp),
        transformer=preprocessing.MinMaxScaler(),
    )
    model.fit(X, np.c_[X[:, 0] * X[:, 1], X[:, 2] - 1e3])
    return sn.from_sklearn(model), model.predict


def torch_module(activation: str) -> Any:
    """A module in eval mode, float64, whose first layer is not saturated at X."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(0)
    nn = torch.nn
    module = nn.Sequential(
        nn.BatchNorm1d(4),
        nn.Linear(4, 9),
        getattr(nn, activation)(),
        nn.BatchNorm1d(9),
        nn.Linear(9, 2),
    ).double()
    for _ in range(100):
        module(torch.from_numpy(X))
    return module.eval()


def from_torch() -> Source:
    module = torch_module("GELU")
    import torch

    return sn.from_torch(module), lambda x: module(torch.from_numpy(x)).detach().numpy()


def from_onnx(folder: Path) -> Source:
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    module = torch_module("Tanh")  # onnxruntime has no Erf in float64
    import onnxruntime
    import torch

    path = folder / "source.onnx"
    given = {"input_names": ["x"], "dynamic_axes": {"x": {0: "N"}}, "dynamo": False}
    torch.onnx.export(module, torch.from_numpy(X), path, opset_version=17, **given)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return sn.load(path), lambda x: session.run(None, {"x": x})[0]


def from_jax() -> Source:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    W = [RNG.normal(size=(9, 4)) / UNITS, RNG.normal(size=(2, 9))]
    b = [-W[0] @ MEANS, RNG.normal(size=2)]

    def predict(x: np.ndarray) -> Any:
        return np.asarray(jax.nn.silu(x @ W[0].T + b[0]) @ W[1].T + b[1])

    return sn.from_jax(list(zip(W, b, strict=True)), "silu"), predict


def from_keras() -> Source:
    pytest.importorskip("jax", reason="jax is not installed")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="keras is not installed")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    normalisation = layers.Normalization()
    normalisation.adapt(X)
    hidden = layers.Dense(9, activation="softplus")
    model = keras.Sequential([layers.Input((4,)), normalisation, hidden, layers.Dense(2)])
    net = sn.from_keras(model, dtype="float64")
    return net, lambda x: keras.ops.convert_to_numpy(model(x.astype(np.float32)))


SOURCES = {"sklearn": from_sklearn, "torch": from_torch, "jax": from_jax, "keras": from_keras}
# Of the largest entry, for values and for slopes by differences. Keras is of float32, and so is the
# ε of batch normalisation in an ONNX file, which onnxruntime takes as it stands.
LIMITS = {"keras": (1e-5, 1e-3), "onnx": (1e-10, 1e-8)}
STEPS = {"keras": 0.1}


def slopes(predict: Callable[[np.ndarray], Any], h: float) -> np.ndarray:
    """∂y_k/∂x_i at X in units of y over units of x, by central differences of fourth order."""

    def central(h: float) -> np.ndarray:
        moved = [predict(X + d) - predict(X - d) for d in np.diag(h * UNITS)]
        return np.stack(moved, axis=-1).astype(np.float64) / (2 * h)

    return (4 * central(h / 2) - central(h)) / 3


@pytest.mark.skipif(not compilers(), reason="no C compiler is installed")
@pytest.mark.parametrize("name", [*SOURCES, "onnx"])
def test_c_has_the_values_and_slopes_of_the_source(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    if name == "jax":
        request.getfixturevalue("jax_library")  # in float64
    net, predict = from_onnx(tmp_path) if name == "onnx" else SOURCES[name]()
    path = tmp_path / f"net_{name}.c"
    assert net.export(path, derivatives=EVERYTHING).passed
    command = next(iter(compilers().values()))
    got = results(library(path, command, "-std=c99", "-O2"), path.stem, net, X)
    H, J = predict(X), slopes(predict, STEPS.get(name, 2e-3))
    values, derivatives = LIMITS.get(name, (1e-12, 1e-8))
    assert np.abs(got["y"] - H).max() <= values * np.abs(H).max()
    assert np.abs(got["J"] * UNITS - J).max() <= derivatives * np.abs(J).max()

"""ONNX files of torch, Keras and skl2onnx come in with the values of their source."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.activations import TABLE

onnx = pytest.importorskip("onnx", reason="onnx is not installed")


@pytest.fixture
def quiet() -> Iterator[None]:
    """Exporters warn of future changes, and log."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def far(got: np.ndarray, wanted: Any) -> float:
    wanted = np.asarray(wanted)
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


TORCH = {
    "sigmoid": ("Sigmoid",),
    "tanh": ("Tanh",),
    "relu": ("ReLU",),
    "leaky_relu": ("LeakyReLU", 0.2),
    "prelu": ("PReLU",),
    "elu": ("ELU", 1.7),
    "celu": ("CELU", 2.0),
    "selu": ("SELU",),
    "softplus": ("Softplus",),
    "softplus beta": ("Softplus", 0.5),  # the dynamo exporter rounds it to float32
    "logsigmoid": ("LogSigmoid",),
    "silu": ("SiLU",),
    "gelu": ("GELU",),
    "gelu_tanh": ("GELU", "tanh"),
    "mish": ("Mish",),
    "softsign": ("Softsign",),
    "relu6": ("ReLU6",),
    "hardtanh": ("Hardtanh", -0.5, 1.25),
    "hardsigmoid": ("Hardsigmoid",),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("dynamo", [False, True], ids=["TorchScript", "dynamo"])
@pytest.mark.parametrize("name", TORCH)
def test_onnx_exports_of_torch(tmp_path: Path, name: str, dynamo: bool) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if dynamo:
        pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    torch.manual_seed(0)
    nn = torch.nn
    kind, *parameters = TORCH[name]
    module = nn.Sequential(
        nn.BatchNorm1d(4),
        nn.Linear(4, 9),
        nn.BatchNorm1d(9),
        getattr(nn, kind)(*parameters),
        nn.Dropout(),
        nn.Linear(9, 3),
    ).double()
    module(3 * torch.randn(100, 4).double() + 1)
    module.eval()
    path = tmp_path / "net.onnx"
    X = torch.randn(5, 4).double()
    settings = {} if dynamo else {"opset_version": 17, "dynamic_axes": {"x": {0: "N"}}}
    torch.onnx.export(module, X, path, dynamo=dynamo, input_names=["x"], verbose=False, **settings)
    net = sn.from_onnx(path)
    assert net.sizes == (4, 9, 3)
    assert net.dtype == np.float64
    assert far(net(X.numpy()), module(X).detach()) < 1e-12
    jacobian = torch.autograd.functional.jacobian(lambda x: module(x).sum(0), X)
    # torch rounds the slope 1/6 of Hardsigmoid to float32
    limit = 1e-7 if name == "hardsigmoid" else 1e-10
    assert far(net.jacobian(X.numpy()).transpose(1, 0, 2), jacobian) < limit


@pytest.mark.usefixtures("quiet")
def test_weights_next_to_the_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    nn = torch.nn
    module = nn.Sequential(nn.Linear(40, 90), nn.Tanh(), nn.Linear(90, 3))
    path = tmp_path / "net.onnx"
    torch.onnx.export(
        module, torch.randn(2, 40), path, dynamo=True, external_data=True, verbose=False
    )
    weights = tmp_path / "net.onnx.data"
    assert weights.exists()
    assert sn.from_onnx(path) == sn.from_torch(module)
    weights.rename(tmp_path / "elsewhere")
    with pytest.raises(sn.ModelFileError, match="No such file"):
        sn.from_onnx(path)
    weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(sn.ModelFileError, match="reached by a link"):
        sn.from_onnx(path)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("scaler", ["StandardScaler", "MinMaxScaler", "RobustScaler"])
def test_onnx_exports_of_skl2onnx(tmp_path: Path, scaler: str, outputs: int, dtype: type) -> None:
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    from sklearn import decomposition, neural_network, pipeline, preprocessing

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)) * [1, 10, 30, 0.1, 3] + [30, 0, 5, 1, 2]
    Y = np.c_[X[:, 0] * X[:, 1], X[:, 2]][:, :outputs]
    model = pipeline.make_pipeline(
        getattr(preprocessing, scaler)(),
        decomposition.PCA(3, whiten=True),
        neural_network.MLPRegressor(
            hidden_layer_sizes=(7, 4), activation="tanh", max_iter=3, random_state=0
        ),
    ).fit(X, Y if outputs > 1 else Y[:, 0])
    path = tmp_path / "net.onnx"
    path.write_bytes(skl2onnx.to_onnx(model, X[:1].astype(dtype)).SerializeToString())
    net = sn.from_onnx(path)
    assert net.sizes == (5, 7, 4, outputs)
    assert net.dtype == dtype
    wanted = model.predict(X).reshape(len(X), -1)
    assert far(net(X), wanted) < (1e-12 if dtype == np.float64 else 1e-5)
    if dtype == np.float64:
        assert far(net.jacobian(X), sn.from_sklearn(model).jacobian(X)) < 1e-12


OWN = [*(name for name in TABLE if name != "identity"), ("softplus", 2.0), ("elu", 0.5)]
OWN += [("leaky_relu", 0.2), ("softplus", 0.3)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", OWN, ids=str)
def test_values_that_slopenet_exports_come_back_to_the_bit(
    tmp_path: Path, activation: Any, dtype: type
) -> None:
    net = random_network((3, 5, 4, 2), activation, output="identity", dtype=dtype)
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    assert sn.load(tmp_path / "net.onnx") == net


@pytest.mark.parametrize("head", ["softmax", "log_softmax"])
def test_networks_with_a_softmax_round_trip(tmp_path: Path, head: Any) -> None:
    net = sn.Network.random((3, 5, 4), output=head, rng=0)
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    assert sn.load(tmp_path / "net.onnx") == net


def test_cos_and_clip_round_trip(tmp_path: Path) -> None:
    net = sn.Network.random((3, 5, 4), hidden="cos", output=("clip", -0.25, 2), rng=0)
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    assert sn.load(tmp_path / "net.onnx") == net

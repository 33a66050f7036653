"""Scalers next to a network of torch, Keras or ONNX: derivatives in raw units."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

RNG = np.random.default_rng(0)
X = RNG.uniform([290, 0.1, 0], [310, 0.5, 40], (30, 3))
MEAN, STD = X.mean(0), X.std(0)
LOW, HIGH = np.array([800.0, 1e4]), np.array([1000.0, 2e4])
SCALINGS: dict[str, Any] = {
    "input_scaling": (MEAN, STD),
    "output_scaling": {"low": LOW, "high": HIGH, "to": (-1, 1)},
}


def module() -> Any:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)).double().eval()


def raw_jacobian(module: Any) -> np.ndarray:
    import torch

    def raw(x: Any) -> Any:
        scaled = module(((x - torch.tensor(MEAN)) / torch.tensor(STD))[None])[0]
        return torch.tensor(LOW) + (scaled + 1) / 2 * torch.tensor(HIGH - LOW)

    return torch.func.vmap(torch.func.jacrev(raw))(torch.tensor(X)).detach().numpy()


def test_torch() -> None:
    own = module()
    net = sn.from_torch(own, **SCALINGS, input_names=["T", "p", "v"], output_names=["a", "b"])
    assert (net.input_names, net.output_names) == (("T", "p", "v"), ("a", "b"))
    right = raw_jacobian(own)
    assert np.abs(net.jacobian(X) - right).max() < 1e-13 * np.abs(right).max()


def test_onnx(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    own = module()
    sn.from_torch(own, output_names=["a", "b"]).export(tmp_path / "n.onnx", derivatives=["value"])
    net = sn.load(tmp_path / "n.onnx", **SCALINGS)
    assert net.output_names == ("a", "b")
    right = raw_jacobian(own)
    assert np.abs(net.jacobian(X) - right).max() < 1e-13 * np.abs(right).max()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras(tmp_path: Path) -> None:
    pytest.importorskip("jax", reason="JAX is not installed")
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(2)]
    )
    model.save(tmp_path / "net.keras")
    wanted = LOW + (keras.ops.convert_to_numpy(model((X - MEAN) / STD)) + 1) / 2 * (HIGH - LOW)
    for net in (
        sn.from_keras(model, **SCALINGS, dtype="float64"),
        sn.load(tmp_path / "net.keras", **SCALINGS, dtype="float64"),
    ):
        assert np.allclose(net(X), wanted, rtol=1e-6)

"""Functional models of Keras with branches, several inputs and outputs, in memory and in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

pytest.importorskip("jax", reason="JAX is not installed")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="Keras is not installed")
pytest.importorskip("h5py", reason="h5py is not installed")
L = keras.layers
X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded() -> None:
    keras.utils.set_random_seed(0)


def residual() -> Any:
    x = keras.Input((4,), name="x")
    h = L.Dense(8, "tanh")(x)
    for _ in range(2):
        h = L.Add()([h, L.Dense(8, "softplus")(h)])
    return keras.Model(x, L.Dense(1)(h))


def merging() -> Any:
    x = keras.Input((4,), name="x")
    a, b = L.Dense(6, "tanh")(x), L.Dense(6, "sigmoid")(x)
    parts = [L.Subtract()([a, b]), L.Average()([a, b]), L.Maximum()([a, b]), L.Minimum()([b, a]), x]
    return keras.Model(x, L.Dense(2)(L.Concatenate()(parts)))


def prelu() -> Any:
    layer = L.PReLU(alpha_initializer="uniform")
    return keras.Sequential([keras.Input((4,)), L.Dense(6), layer, L.Dense(1)])


def nested() -> Any:
    x = keras.Input((4,), name="x")
    inner = keras.Model(x, L.Concatenate()([L.Dense(3, "relu")(x), x]))
    y = keras.Input((4,), name="y")
    return keras.Model(y, L.Dense(2)(inner(L.Dense(4, "tanh")(y))))


def heads() -> Any:
    x = keras.Input((4,), name="x")
    h = L.Dense(8, "tanh")(x)
    outputs = [L.Dense(1, name="mean")(h), L.Dense(2, "softplus", name="spread")(h)]
    return keras.Model(x, outputs)


def inputs() -> Any:
    a, b, idle = (keras.Input((n,), name=name) for name, n in (("a", 1), ("b", 3), ("idle", 2)))
    h = L.Dense(8, "tanh")(L.Concatenate()([b, a]))
    return keras.Model([a, b, idle], [L.Dense(1, name="y")(h), L.Dense(1, name="z")(idle)])


def both(model: Any, folder: Path, **settings: Any) -> list[sn.Network]:
    """The network of a model in memory, and those of its files."""
    nets = [sn.from_keras(model, **settings)]
    for name in ("net.keras", "net.h5"):
        model.save(folder / name)
        nets.append(sn.load(folder / name, **settings))
    return nets


def computed(model: Any, *given: np.ndarray) -> np.ndarray:
    found = keras.tree.flatten(model(list(given) if len(given) > 1 else given[0], training=False))
    return np.concatenate([keras.ops.convert_to_numpy(each) for each in found], axis=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [residual, merging, prelu, nested, heads])
def test_branches_have_the_values_of_keras(make: Any, tmp_path: Path) -> None:
    model = make()
    wanted = computed(model, X)
    for net in both(model, tmp_path, dtype="float64"):
        assert np.abs(net(X) - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.filterwarnings("ignore")
def test_heads_have_their_names_and_may_be_chosen(tmp_path: Path) -> None:
    model = heads()
    wanted = computed(model, X)
    for net in both(model, tmp_path):
        assert net.output_names == ("mean", "spread_1", "spread_2")
    for net in both(model, tmp_path, outputs=["spread"]):
        assert np.allclose(net(X), wanted[:, 1:], rtol=1e-5)
    with pytest.raises(ValueError, match="outputs must be different names of mean, spread, got a"):
        sn.from_keras(model, outputs=["a"])


@pytest.mark.filterwarnings("ignore")
def test_inputs_that_no_output_needs_are_ignored(tmp_path: Path) -> None:
    model = inputs()
    wanted = computed(model, X[:, :1], X[:, 1:], X[:, :2])[:, :1]
    for net in both(model, tmp_path, outputs=["y"]):
        assert net.input_names == ("a", "b_1", "b_2", "b_3")
        assert np.allclose(net(X), wanted, rtol=1e-4, atol=1e-6)
    for net in both(model, tmp_path, outputs=["y"], inputs=["b", "a"]):
        assert np.allclose(net(X[:, [1, 2, 3, 0]]), wanted, rtol=1e-4, atol=1e-6)
    with pytest.raises(sn.UnsupportedNetworkError, match="its outputs need the input 'b' too"):
        sn.from_keras(model, outputs=["y"], inputs=["a"])


@pytest.mark.filterwarnings("ignore")
def test_a_product_of_branches_is_refused_by_name(tmp_path: Path) -> None:
    x = keras.Input((4,))
    parts = [L.Dense(4)(x), L.Dense(4, "sigmoid")(x)]
    model = keras.Model(x, L.Multiply(name="gate")(parts))
    model.save(tmp_path / "net.keras")
    for source in (sn.from_keras, None):
        with pytest.raises(
            sn.UnsupportedNetworkError, match=r"layer 'gate' \(Multiply\): 2 branch"
        ):
            source(model) if source else sn.load(tmp_path / "net.keras")


@pytest.mark.filterwarnings("ignore")
def test_functions_of_two_branches(tmp_path: Path) -> None:
    x = keras.Input((4,))
    h = L.Dense(4, "tanh")(x)
    ends = keras.ops.maximum(h, x) - keras.ops.minimum(h, x)
    model = keras.Model(x, keras.ops.concatenate([ends, keras.ops.add(h, x)], axis=-1))
    wanted = computed(model, X)
    for net in both(model, tmp_path, dtype="float64"):
        assert np.abs(net(X) - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.filterwarnings("ignore")
def test_an_average_with_weights_is_refused(tmp_path: Path) -> None:
    x = keras.Input((4,))
    mean = keras.ops.average(x, axis=-1, weights=L.Dense(4, "softplus")(x))
    model = keras.Model(x, mean)
    for name in ("net.keras", "net.h5"):
        model.save(tmp_path / name)
        with pytest.raises(sn.UnsupportedNetworkError, match=r"\(Average\): 2 branches meet in it"):
            sn.load(tmp_path / name)


@pytest.mark.filterwarnings("ignore")
def test_a_normalisation_of_all_columns_together(tmp_path: Path) -> None:
    layer = L.Normalization(axis=None)
    layer.adapt(3 + 2 * X)
    model = keras.Sequential([keras.Input((4,)), layer, L.Dense(2)])
    wanted = computed(model, X)
    for net in both(model, tmp_path):
        assert np.abs(net(X) - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.filterwarnings("ignore")
def test_values_and_numbers(tmp_path: Path) -> None:
    x = keras.Input((4,))
    h = 1 - 2 * L.Dense(6, "tanh")(-x / 4)
    model = keras.Model(x, keras.ops.concatenate([h * 0.5 + 3, x - 1], axis=-1))
    wanted = computed(model, X)
    for net in both(model, tmp_path, dtype="float64"):
        assert np.abs(net(X) - wanted).max() < 1e-5 * np.abs(wanted).max()
    model = keras.Model(x, 1 / L.Dense(2, "softplus")(x))
    with pytest.raises(sn.UnsupportedNetworkError, match="Divide"):
        sn.from_keras(model)

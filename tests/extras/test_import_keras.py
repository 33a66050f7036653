"""Keras' networks come in, from memory, .keras and .h5 files, and from its own ONNX export."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

pytest.importorskip("jax", reason="jax is not installed")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras", reason="keras is not installed")
L = keras.layers
X = np.random.default_rng(0).uniform(5, 9, (20, 4))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def double(jax_library: Any) -> Iterator[None]:
    """Keras in float64."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(before)


def far(got: np.ndarray, wanted: Any) -> float:
    wanted = keras.ops.convert_to_numpy(wanted)
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def stack(*first: Any) -> Any:
    keras.utils.set_random_seed(0)
    normalisation = L.Normalization()
    normalisation.adapt(X)
    return keras.Sequential(
        [
            L.Input((4,)),
            *(first or [normalisation]),
            L.Dense(9, activation="silu"),
            L.BatchNormalization(),
            L.Dropout(0.3),
            L.Dense(8),
            L.LeakyReLU(0.3),
            L.Rescaling(2.0, -1.0),
            L.Dense(7, activation="softplus", use_bias=False),
            L.Dense(1),
            L.Rescaling(3.0, 100.0),
        ]
    )


@pytest.mark.usefixtures("double")
def test_values_and_derivatives_in_float64() -> None:
    if keras.backend.backend() != "jax":
        pytest.skip("the derivatives here are those of JAX")
    import jax

    model = stack()
    net = sn.from_keras(model)
    assert net.sizes == (4, 9, 8, 7, 1)
    assert net.dtype == np.float64
    # Keras itself computes parts of it in float32; the next test has the digits.
    assert far(net(X), model(X)) < 1e-6
    jacobian = jax.vmap(jax.jacobian(lambda x: model(x[None])[0]))(X)
    assert far(net.jacobian(X), jacobian) < 1e-5


@pytest.mark.usefixtures("double")
def test_normalisation_in_all_digits() -> None:
    """With Keras' own weights, in NumPy, and slopes by the complex step."""
    normalisation = L.Normalization()
    normalisation.adapt(X)
    first, last = L.Dense(9, activation="tanh"), L.Dense(2)
    net = sn.from_keras(keras.Sequential([L.Input((4,)), normalisation, first, last]))
    weights = (normalisation.mean, normalisation.variance, *first.weights, *last.weights)
    mean, variance, W2, b2, W3, b3 = (keras.ops.convert_to_numpy(w) for w in weights)
    assert W2.dtype == np.float64

    def own(x: np.ndarray) -> np.ndarray:
        return np.tanh((x - mean) / np.sqrt(variance) @ W2 + b2) @ W3 + b3

    assert np.abs(net(X) - own(X)).max() < 1e-12 * np.abs(own(X)).max()
    step = 1e-30
    columns = [own(X + 1j * step * np.eye(4)[i]).imag / step for i in range(4)]
    slopes = np.stack(columns, axis=2)
    assert np.abs(net.jacobian(X) - slopes).max() < 1e-10 * np.abs(slopes).max()


@pytest.mark.parametrize(
    "name",
    [
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "softplus",
        "silu",
        "gelu",
        "mish",
        "softsign",
        "exponential",
        "linear",
        "log_sigmoid",
        "hard_sigmoid",
        "hard_tanh",
    ],
)
def test_every_activation(name: str) -> None:
    x = keras.Input((4,))
    hidden = L.Activation(name)(L.Dense(5, name="first")(x))
    model = keras.Model(x, L.Dense(2, activation=name)(hidden))
    net = sn.from_keras(model)
    assert net.dtype == np.float32
    near = X / 20 if name == "exponential" else X  # the exp of an exp soon overflows
    assert far(net(near), model(near)) < 1e-5


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_files(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    model = stack()
    path = tmp_path / f"net{suffix}"
    model.save(path)
    assert sn.load(path) == sn.from_keras(path) == sn.from_keras(model)


def functional() -> Any:
    """A model with a model inside, functions of keras.ops, and a layer that is used twice."""
    keras.utils.set_random_seed(1)
    inner = keras.Sequential(
        [keras.Input((4,)), L.Dense(5, activation="elu"), L.BatchNormalization(), L.Dense(3)]
    )
    twice = L.Dense(3, activation=keras.activations.silu, name="twice")
    x = keras.Input((4,))
    a = keras.ops.tanh(inner(L.Normalization(mean=7.0, variance=4.0)(x)))
    a = twice(L.Activation("log_sigmoid")(twice(a)))
    a = L.PReLU(alpha_initializer="ones")(L.ELU(0.5)(L.ReLU(negative_slope=0.25)(a)))
    a = L.Rescaling(2.0, [1.0, 2.0, 3.0])(L.Flatten()(L.GaussianNoise(0.1)(a)))
    return keras.Model(x, L.Dense(2, use_bias=False)(L.LeakyReLU(0.3)(a)))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_has_the_values_that_keras_itself_computes(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    model = functional()
    for layer in model.layers:  # statistics that are not those of a new layer
        for weight in layer.weights:
            if "variance" in weight.name or "mean" in weight.name:
                weight.assign(np.random.default_rng(2).uniform(1, 2, weight.shape))
    path = tmp_path / f"net{suffix}"
    model.save(path)
    said: list[Any] = []
    net = sn.load(path, report=said.append)
    assert far(net(X), model(X)) < 1e-5
    assert said[0].difference < 1e-5


@pytest.mark.parametrize("name", ["net.weights.h5", "net.h5"])
def test_weights_alone_go_to_from_state_dict(tmp_path: Path, name: str) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    layers = [L.Dense(n, activation="tanh", name=f"dense_{n}") for n in (9, 10, 11)]
    model = keras.Sequential([L.Input((4,)), *layers, L.Dense(2, name="dense_12")])
    path = tmp_path / name
    if name == "net.weights.h5":
        model.save_weights(path)
    else:
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    with pytest.raises(sn.ModelFileError, match=r"sn\.from_state_dict\(file, activation\)"):
        sn.load(path)
    with h5py.File(path) as file:
        net = sn.from_state_dict(file, "tanh")
    assert net == sn.from_keras(model)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_damaged_keras_file_is_refused(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = tmp_path / f"net{suffix}"
    stack().save(path)
    raw = path.read_bytes()
    for end in np.linspace(16, len(raw) - 1, 20).astype(int):
        path.write_bytes(raw[:end])
        with pytest.raises(sn.ModelFileError):
            sn.load(path)
    with pytest.raises(FileNotFoundError):
        sn.from_keras(tmp_path / f"nothing{suffix}")


# The writer of the file: torch's exporter, or tf2onnx, which needs TensorFlow.
EXPORTERS = {"torch": ["torch", "onnxscript"], "tensorflow": ["tensorflow", "tf2onnx"]}


@pytest.mark.parametrize("backend", EXPORTERS)
def test_onnx_exports_of_keras(tmp_path: Path, backend: str) -> None:
    for package in (*EXPORTERS[backend], "onnx", "h5py"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    # Through TensorFlow the numbers of a Normalization are lost: they become inputs of the graph.
    model = stack(L.Rescaling(0.5, -3.0)) if backend == "tensorflow" else stack()
    model.save(tmp_path / "net.keras")
    code = (
        "import keras\n"
        "model = keras.saving.load_model('net.keras')\n"
        "model(keras.ops.zeros((1, 4)))\n"
        "model.export('net.onnx', format='onnx', verbose=False)\n"
    )
    environment = os.environ | {"KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    net, own = sn.load(tmp_path / "net.onnx"), sn.from_keras(model)
    assert net.activations == own.activations
    assert far(net(X), own(X)) < 1e-5
    assert far(net.jacobian(X), own.jacobian(X)) < 1e-5


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    model = keras.Sequential([L.Input((4,)), L.Dense(3), L.Lambda(lambda x: x + 1)])
    path = tmp_path / "net.keras"
    model.save(path)
    with pytest.raises(sn.UnsupportedNetworkError, match=r"layer 'lambda\w*' \(Lambda\): it is"):
        sn.load(path)


def branches() -> Any:
    x = keras.Input((4,))
    a = L.Dense(4)(x)
    return keras.Model(x, L.Multiply(name="product")([x, a]))


def test_an_unsupported_keras_layer_is_refused_by_name() -> None:
    def dense(*more: Any) -> Any:
        return keras.Sequential([L.Input((4,)), L.Dense(3), *more])

    for model, sentence in (
        (branches(), r"layer 'product' \(Multiply\): 2 branches meet"),
        (dense(L.Softmax(), L.Dense(2)), r"\(Softmax\): softmax must be the end of the network"),
        (dense(L.LayerNormalization()), r"\(LayerNormalization\): it is neither a dense layer"),
        (dense(L.ReLU(max_value=6, threshold=1)), r"\(ReLU\): it jumps at its threshold 1"),
        (dense(L.Activation("hard_swish")), "slopenet has no activation like"),
        (dense(L.Activation("glu")), "no activation like"),
        (keras.Sequential([L.Dense(3)]), "it has no weights yet"),
    ):
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            sn.from_keras(model)
    with pytest.raises(TypeError, match="must be a Keras model or a path, got int"):
        sn.from_keras(3)


@pytest.mark.parametrize("layer", [L.ReLU(max_value=0.75), L.Activation("relu6")])
def test_a_relu_that_is_cut_off(layer: Any, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([L.Input((4,)), L.Dense(9), layer, L.Dense(2)])
    net = sn.from_keras(model)
    assert net.activations[0][:2] == ("clip", 0.0)
    assert far(net(X), model(X)) < 1e-5
    model.save(tmp_path / "net.keras")
    assert sn.load(tmp_path / "net.keras") == net


def test_a_relu_with_a_slope_and_a_limit(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    layer = L.ReLU(max_value=0.5, negative_slope=0.25)
    model = keras.Sequential([L.Input((4,)), L.Dense(9), layer, L.Dense(2)])
    net = sn.from_keras(model)
    assert net.activations == (("leaky_relu", 0.25), "relu", "identity")
    assert far(net(X), model(X)) < 1e-5
    model.save(tmp_path / "net.keras")
    assert sn.load(tmp_path / "net.keras") == net


def test_a_lambda_in_memory_is_recognised_by_its_values() -> None:
    def model(function: Any) -> Any:
        keras.utils.set_random_seed(0)
        return keras.Sequential([L.Input((4,)), L.Dense(9), L.Lambda(function), L.Dense(2)])

    net = sn.from_keras(model(keras.ops.sin))
    assert net.activations == ("sin", "identity")
    assert far(net(X), model(keras.ops.sin)(X)) < 1e-5
    for function in (keras.ops.square, lambda z: z[:, ::-1], lambda z: z - z[:, :1]):
        with pytest.raises(sn.UnsupportedNetworkError):
            sn.from_keras(model(function))


@pytest.mark.parametrize(
    "last",
    [
        [L.Dense(3, activation="softmax")],
        [L.Dense(3), L.Softmax()],
        [L.Dense(3), L.Activation("log_softmax")],
    ],
    ids=["dense", "layer", "log"],
)
def test_classifiers(last: list[Any], tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([L.Input((4,)), L.Dense(6, activation="tanh"), *last])
    net = sn.from_keras(model)
    assert net.activations[-1] == (
        "log_softmax" if isinstance(last[-1], L.Activation) else "softmax"
    )
    assert far(net(X), model(X)) < 1e-5
    model.save(tmp_path / "net.keras")
    assert sn.load(tmp_path / "net.keras") == net

"""Models of Keras that are trained in place by Levenberg-Marquardt."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import slopenet as sn

os.environ.setdefault("KERAS_BACKEND", "jax")
keras: Any = pytest.importorskip("keras", reason="keras is not installed")
from slopenet.adapters.keras import fit_module  # noqa: E402

# Keras with JAX, of arrays of NumPy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
L = keras.layers
X = np.random.default_rng(0).uniform(-1, 1, (50, 2))
Y = np.sin(2 * X[:, 0]) * X[:, 1]
T = np.stack([2 * np.cos(2 * X[:, 0]) * X[:, 1], np.sin(2 * X[:, 0])], axis=1)


@pytest.fixture(autouse=True)
def seeded(jax_library: Any) -> Iterator[None]:
    """Keras' own first weights, and its usual dtype afterwards."""
    del jax_library
    before = keras.config.floatx()
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_floatx(before)
    keras.config.set_dtype_policy(before)


def model(*between: Any) -> Any:
    middle = between or (
        L.Dense(8, activation="tanh"),
        L.Dropout(0.5),
        L.Dense(6),
        L.Activation("silu"),
    )
    return keras.Sequential([L.Input((2,)), *middle, L.Dense(1)])


def functional() -> Any:
    x = keras.Input((2,))
    hidden = keras.ops.tanh(L.Dense(8)(x))
    inner = keras.Sequential([L.Input((8,)), L.Dense(6, activation="softplus")])
    return keras.Model(x, L.Dense(1)(inner(hidden)))


def weights(net: Any) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(each)) for each in net.weights]


def values(net: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(net(X, training=False)))


@pytest.mark.parametrize(
    ("make", "slopes", "dtype", "atol"),
    [(model, None, "float32", 1e-5), (functional, T, "float64", 1e-6)],
)
def test_a_model_gives_the_values_that_are_reported(
    make: Any, slopes: np.ndarray | None, dtype: str, atol: float
) -> None:
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    net = make()
    fit = fit_module(net, X, Y, slopes, rng=0, epochs=60)
    np.testing.assert_allclose(values(net), fit.network(X), atol=atol)
    assert np.sqrt(np.mean((values(net)[:, 0] - Y) ** 2)) < 0.02 * Y.std()
    assert fit.network == sn.from_keras(net)
    assert fit.network.dtype == dtype
    assert fit.network.card is not None
    assert (fit.network.std(X[:2]) > 0).all()
    assert len(fit.ensemble.networks) == 1


def test_training_starts_from_the_models_own_weights_and_goes_on() -> None:
    net = model()
    before = sn.from_keras(net, dtype=np.float64)
    seen = []
    fit_module(
        *(net, X, Y),
        method="sgd",
        learning_rate=1e-9,
        epochs=1,
        rng=0,
        callback=lambda state: seen.append(state.network),
    )
    np.testing.assert_allclose(seen[0](X), before(X), atol=1e-6)
    tensors = [keras.ops.convert_to_tensor(each) for each in (X, Y, T)]
    fit_module(net, *tensors, rng=0, epochs=5)
    rough = np.abs(values(net)[:, 0] - Y).max()
    fit_module(net, *tensors, rng=0, epochs=100)
    assert np.abs(values(net)[:, 0] - Y).max() < rough / 2


def test_constraints_hold_in_the_model() -> None:
    net = model(L.Dense(6, activation="tanh"))
    fit = fit_module(net, X, X[:, 0] + 0.3 * Y, rng=0, monotone={"x1": 1}, epochs=60)
    assert fit.violations == ()
    assert sn.from_keras(net).jacobian(X)[:, 0, 0].min() > 0


def frozen() -> Any:
    layer = L.Dense(8, activation="tanh")
    layer.trainable = False
    return model(layer)


def shared() -> Any:
    layer = L.Dense(2, activation="tanh")
    return model(layer, layer)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: model(L.Dense(8), L.BatchNormalization()), r"BatchNormalization\).*another layer"),
        (lambda: model(L.Rescaling(2.0), L.Dense(8, "tanh")), r"Rescaling\).*another layer"),
        (lambda: model(L.Dense(8, "tanh", use_bias=False)), r"Dense\).*no bias"),
        (lambda: model(L.Dense(8)), "2 Dense are 1 layers"),
        (lambda: model(L.Dense(8, "log_sigmoid")), r"Dense\).*becomes a part of it"),
        (frozen, r"Dense\).*frozen"),
        (shared, r"Dense\).*in two places"),
    ],
)
def test_a_model_that_cannot_be_written_back_is_refused_by_name(make: Any, message: str) -> None:
    net = make()
    before = weights(net)
    with pytest.raises(sn.UnsupportedNetworkError, match=message):
        fit_module(net, X, Y)
    assert all(np.array_equal(*pair) for pair in zip(before, weights(net), strict=True))


def test_an_error_leaves_the_model_as_it_was(monkeypatch: Any) -> None:
    net = model()
    before = weights(net)
    with pytest.raises(ValueError, match="kriging"):
        fit_module(net, X, Y, method="kriging")
    real = sn.from_keras

    def from_keras(given: Any, **settings: Any) -> sn.Network:
        if "input_names" in settings:  # the look at the trained model
            raise sn.UnsupportedNetworkError("other values")
        return real(given, **settings)

    monkeypatch.setattr("slopenet.adapters.keras.from_keras", from_keras)
    with pytest.raises(sn.UnsupportedNetworkError, match="other values"):
        fit_module(net, X, Y, epochs=2)
    assert all(np.array_equal(*pair) for pair in zip(before, weights(net), strict=True))

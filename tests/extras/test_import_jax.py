"""Networks of JAX come in with the values and derivatives that JAX gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy


@pytest.fixture
def double(jax_library: Any) -> None:
    """JAX in float64."""


def far(got: np.ndarray, wanted: Any) -> float:
    return float(np.abs(got - np.asarray(wanted)).max() / np.abs(np.asarray(wanted)).max())


ACTIVATIONS = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "gelu_tanh": jax.nn.gelu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "mish": jax.nn.mish,
    "sin": jnp.sin,
    "gaussian": lambda x: jnp.exp(-x * x),
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "leaky_relu": jax.nn.leaky_relu,
    "softsign": jax.nn.soft_sign,
    "sigmoid": jax.nn.sigmoid,
    "identity": lambda x: x,
}


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_module_of_equinox(name: str) -> None:
    eqx = pytest.importorskip("equinox", reason="equinox is not installed")
    module = eqx.nn.MLP(3, 2, 7, 2, activation=ACTIVATIONS[name], key=jax.random.key(0))
    said: list[Any] = []
    net = sn.from_jax(module, report=said.append)
    assert said[0].difference < 1e-12
    assert net.activations[0] == name
    X = np.random.default_rng(0).normal(size=(10, 3))
    assert far(net(X), jax.vmap(module)(X)) < 1e-12
    assert far(net.jacobian(X), jax.vmap(jax.jacobian(module))(X)) < 1e-10


def test_float32_and_a_sequence_of_layers() -> None:
    eqx = pytest.importorskip("equinox", reason="equinox is not installed")
    keys = jax.random.split(jax.random.key(0))
    layers = [
        eqx.nn.Linear(3, 5, key=keys[0], dtype=jnp.float32),
        eqx.nn.Lambda(jax.nn.gelu),
        eqx.nn.Dropout(0.5),
        eqx.nn.Linear(5, 2, use_bias=False, key=keys[1], dtype=jnp.float32),
    ]
    net = sn.from_jax(eqx.nn.Sequential(layers))
    assert net.dtype == np.float32
    assert net.activations == ("gelu_tanh", "identity")


def test_equinox_modules_that_slopenet_does_not_have_are_refused() -> None:
    eqx = pytest.importorskip("equinox", reason="equinox is not installed")
    key = jax.random.key(0)
    for module, sentence in (
        (
            eqx.nn.MLP(3, 2, 7, 1, activation=jax.nn.squareplus, key=key),
            "module.activation: slopenet",
        ),
        (eqx.nn.Sequential([eqx.nn.LayerNorm(3)]), r"layers\[0\] \(LayerNorm\): it is none"),
        (eqx.nn.MLP("scalar", 2, 7, 1, key=key), "takes or gives a scalar"),
    ):
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            sn.from_jax(module)


def test_params_of_flax() -> None:
    linen = pytest.importorskip("flax.linen", reason="flax is not installed")

    class Module(linen.Module):
        @linen.compact
        def __call__(self, x: Any) -> Any:
            for _ in range(11):
                x = linen.tanh(linen.Dense(4)(x))
            return linen.Dense(2)(x)

    X = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    params = Module().init(jax.random.key(0), X)
    net = sn.from_jax(params, "tanh")
    assert net.sizes == (3, *(4,) * 11, 2)
    assert far(net(X), Module().apply(params, X)) < 1e-5


def test_state_of_nnx() -> None:
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")

    class Module(nnx.Module):
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.one, self.two = nnx.Linear(3, 4, rngs=rngs), nnx.Linear(4, 2, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return self.two(jnp.tanh(self.one(x)))

    X = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    module = Module()
    for state in (nnx.state(module), nnx.to_pure_dict(nnx.state(module))):
        assert far(sn.from_jax(state, "tanh")(X), module(X)) < 1e-5


@pytest.mark.parametrize("skip", [False, True])
def test_a_module_of_flax_nnx_is_compared_with_its_weights(*, skip: bool) -> None:
    """A forward with a skip connection has the same weights, and is refused."""
    nnx = pytest.importorskip("flax.nnx", reason="flax is not installed")

    class Net(nnx.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.first = nnx.Linear(3, 3, rngs=rngs)
            self.last = nnx.Linear(3, 2, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            a = jax.numpy.tanh(self.first(x))
            return self.last(a + x if skip else a)

    module = Net()
    if skip:
        with pytest.raises(sn.UnsupportedNetworkError, match=r"differ.*pass inputs="):
            sn.from_jax(module, "tanh")
        assert sn.from_jax(module, inputs=3).sizes == (3, 6, 2)
        return
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(sn.from_jax(module, "tanh")(X), module(X), atol=1e-6)

"""JAX transforms a network as a pure function, and its derivatives are exact, in the tails too."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from networks import ACTIVATIONS, EVERYWHERE, in_domain, network_of_runs, points, random_network
from oracle.activations import SIGMA
from oracle.number_types import MpmathNumbers

import slopenet as sn
from slopenet.activations import ActivationSpec, normalise, sigma

jax: Any = pytest.importorskip("jax", reason="jax is not installed")
from slopenet.adapters import jax as adapter  # noqa: E402

SIZES = [(4, 9, 7, 1), (3, 8, 5)]
TAILS = np.array([0.0, 1e-9, 0.1, 1, 5, 8.5, 15, 30, 37, 100, 700, 1e3, 1e6, 1e100])
TAILS = np.concatenate([-TAILS, TAILS])
SMALLEST = 1e-300  # below it JAX flushes to 0


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def close(got: Any, wanted: np.ndarray, tolerance: float) -> None:
    got = np.asarray(got)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("sizes", "activation"), [(SIZES[i % 2], a) for i, a in enumerate(ACTIVATIONS)], ids=str
)
def test_values_jacobian_and_hessian_are_the_networks(
    sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    """Also at inputs of 30, where most units are saturated."""
    net = random_network(sizes, activation, output="identity")
    H = adapter.function(net)

    @jax.jit
    def everything(X: Any) -> Any:
        ways = (H, jax.jacrev(H), jax.jacfwd(H), jax.hessian(H))
        return H(X), *(jax.vmap(way)(X) for way in ways)

    for scale in (1.0, 30.0) if activation in EVERYWHERE else (1.0,):
        X = scale * points(5, net)
        J, curved = net.jacobian(X), net.hessian(X)
        # sin of a large z has the rounding of z
        more = 30 if activation == "sin" else 1
        *first, bent = everything(X)
        for got, wanted in zip(first, (net(X), net(X), J, J), strict=True):
            close(got, wanted, 1e-13 * more)
        close(bent, curved, 1e-12 * more)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_tails_keep_their_digits_under_grad(activation: ActivationSpec) -> None:
    """Each entry of σ' and σ'', relative to itself; none is NaN."""
    z = in_domain(activation, TAILS[np.abs(TAILS) < 1e6] if activation == "sin" else TAILS)
    if activation == "log":
        z = z[z > 1e-100]  # 1/z² is finite
    spec = normalise(activation)
    slope = jax.grad(adapter._sigma(spec, 0))
    for order, function in ((1, slope), (2, jax.grad(slope))):
        got, wanted = np.asarray(jax.jit(jax.vmap(function))(z)), sigma(spec, z, order)
        assert np.isfinite(got).all()
        assert (np.abs(got - wanted) <= 1e-13 * np.abs(wanted) + SMALLEST).all()


def test_grad_of_a_loss_through_a_batch() -> None:
    net = random_network((3, 8, 2), "softplus")
    X, H = points(6, net), adapter.function(net)
    loss = jax.jit(jax.grad(lambda X: 0.5 * (H(X) ** 2).sum()))
    close(loss(X), net.vjp(X, net(X)), 1e-13)


def test_float32_stays_float32() -> None:
    net = random_network((3, 8, 2), "gelu")
    X = points(6, net).astype(np.float32)
    J = jax.vmap(jax.jacrev(adapter.function(net)))(X)
    assert J.dtype == np.float32
    close(J, net.jacobian(X), 1e-5)


def test_wrong_arguments_of_a_jax_function_are_a_clear_error() -> None:
    H = adapter.function(random_network((3, 8, 2)))
    with pytest.raises(TypeError, match="network must be a Network"):
        adapter.function(None)
    with pytest.raises(ValueError, match=r"x must have shape \(..., 3\), got \(4,\)"):
        jax.jit(H)(np.ones(4))
    with pytest.raises(TypeError, match="x has dtype int64; a real floating dtype is wanted"):
        H(np.ones(3, int))


@pytest.mark.parametrize("seed", range(2))
def test_networks_of_runs(seed: int) -> None:
    net = network_of_runs(seed)
    H, X = adapter.function(net), points(5, net)
    close(jax.jit(H)(X), net(X), 1e-13)
    close(jax.vmap(jax.jacrev(H))(X), net.jacobian(X), 1e-13)
    close(jax.vmap(jax.hessian(H))(X), net.hessian(X), 1e-12)


@pytest.mark.parametrize("head", ["softmax", "log_softmax"])
def test_networks_with_a_softmax(head: Any) -> None:
    net = sn.Network.random((3, 8, 5), output=head, rng=0)
    H, X = adapter.function(net), points(5, net)
    close(jax.jit(H)(X), net(X), 1e-13)
    close(jax.vmap(jax.jacrev(H))(X), net.jacobian(X), 1e-13)
    close(jax.vmap(jax.hessian(H))(X), net.hessian(X), 1e-12)


@pytest.mark.parametrize(
    ("name", "z"),
    [
        ("silu", -709.0), ("silu", -712.0), ("mish", -708.6), ("mish", -712.0), ("selu", -708.5),
        (("elu", 1e5), -718.0), ("tanh", -354.5), ("tanh", 354.3), ("gaussian", 26.65),
        ("gelu", -37.62), ("gelu", -37.5), ("gelu_tanh", -21.53),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_product_with_an_exponential_that_jax_flushes_keeps_its_digits(
    name: ActivationSpec, z: float, order: int
) -> None:
    """exp is subnormal there, and 0 on JAX; the product with z or a constant is a normal number."""
    spec = normalise(name)
    with mpmath.workdps(50):
        exact = SIGMA[spec.name](MpmathNumbers(mpmath.mp), mpmath.mpf(z), *spec.parameters)[order]
    got = float(jax.jit(lambda z: sigma(spec, z, order))(jax.numpy.asarray(z)))
    assert got == pytest.approx(float(exact), rel=4e-13, abs=3e-308)


def test_third_derivatives_stay_finite_everywhere() -> None:
    for name in ("silu", "mish", "gelu", "gelu_tanh", "gaussian", "tanh", "selu", "elu"):
        spec = normalise(name)
        third = jax.vmap(jax.grad(lambda z, spec=spec: sigma(spec, z, 2)))
        assert np.isfinite(np.asarray(third(jax.numpy.asarray(TAILS)))).all(), name


def test_the_function_pickles() -> None:
    net = random_network((3, 8, 2))
    again = pickle.loads(pickle.dumps(adapter.function(net)))
    X = points(4, net)
    np.testing.assert_array_equal(jax.jit(again)(X), jax.jit(adapter.function(net))(X))

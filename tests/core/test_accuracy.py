"""Core and reference against 50 digits: H, every δ, ∂C/∂W, ∂C/∂b, ∂H/∂x and every ∂a[l]/∂x."""

from collections.abc import Iterator

import numpy as np
import oracle
import pytest
from networks import ACTIVATIONS, points, random_network

import slopenet as sn
from slopenet import derivation

SMALL = [(1, 1), (3, 2), (2, 2, 3, 2), (4, 9, 1), (2, 7, 5, 9)]
LARGE = [(17, 300, 1), (5, 64, 128, 33, 7, 90, 3), (3, 2, 150, 40, 12, 8)]


def by_core(net: sn.Network, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each quantity of one point from the core; ∂a[l]/∂x is the Jacobian of a shorter net."""
    result = sn.backprop(net, x, y)
    yield from ((f"delta {i}", d) for i, d in enumerate(result.delta))
    yield from ((f"dW {i}", d) for i, d in enumerate(result.dW))
    yield from ((f"db {i}", d) for i, d in enumerate(result.db))
    for i in range(len(net.weights)):
        shorter = sn.Network(net.weights[: i + 1], net.biases[: i + 1], net.activations[: i + 1])
        a, A = shorter.value_and_jacobian(x)
        yield f"a {i}", a
        yield f"da_dx {i}", A
    tiled = net.jacobian(np.stack([x] * 50))  # the other layout, whole tiles
    yield f"da_dx {len(net.weights) - 1}", tiled[37]


def by_reference(net: sn.Network, x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    record = net.derivation(x, y)
    for name, quantity in (
        ("z", record.z),
        ("a", record.a),
        ("D", record.D),
        ("da_dx", record.partial_products),
        ("delta", record.delta),
        ("dW", record.dW),
    ):
        assert quantity is not None
        yield from ((f"{name} {i}", q) for i, q in enumerate(quantity))
    yield f"da_dx {len(net.weights) - 1}", derivation.dH_dx(net.chain(), record.D)


def assert_exact(net: sn.Network, x: np.ndarray, y: np.ndarray, *, saturated: bool = False) -> None:
    arguments = net.weights, net.biases, list(net.activations), x, y
    exact = oracle.evaluate(*arguments)
    moved = oracle.sensitivity(*arguments, exact=exact) if saturated else None
    for source in (by_core, by_reference):
        for label, got in source(net, x, y):
            name, index = label.split()
            want = getattr(exact, name)[int(index)]
            bound = 1e-13 * np.abs(want).max()
            if moved is not None:
                bound = bound + 8 * getattr(moved, name)[int(index)] + 1e-300
            assert (np.abs(got - want) <= bound).all(), (source.__name__, label, net)


def target(net: sn.Network) -> np.ndarray:
    return np.random.default_rng(2).normal(size=net.sizes[-1])


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_random_networks_agree_with_50_digits(activation: sn.ActivationSpec) -> None:
    for seed, sizes in enumerate(SMALL):
        net = random_network(sizes, activation, seed=seed)
        assert_exact(net, points(1, net, seed)[0], target(net))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("sizes", LARGE, ids=str)
def test_wide_and_deep_networks_agree_with_50_digits(
    sizes: tuple[int, ...], activation: sn.ActivationSpec
) -> None:
    net = random_network(sizes, activation, seed=3)
    assert_exact(net, points(1, net, 4)[0], target(net))


def test_six_layers_of_300_agree_with_50_digits() -> None:
    net = random_network((300,) * 6 + (2,), "tanh", seed=5)
    assert_exact(net, points(1, net, 6)[0], target(net))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("scale", [5.0, 30.0])
def test_saturated_networks_agree_to_the_effect_of_one_ulp_of_the_input(
    activation: sn.ActivationSpec, scale: float
) -> None:
    for seed, sizes in enumerate([(3, 8, 2), (4, 12, 9, 1), (2, 5, 6, 7, 3)]):
        net = random_network(sizes, activation, scale=scale, seed=seed)
        assert_exact(net, scale * points(1, net, seed)[0], target(net), saturated=True)


def test_a_linear_network_has_the_product_of_its_weights() -> None:
    net = random_network((5, 8, 6, 3), "identity")
    product = net.weights[2] @ net.weights[1] @ net.weights[0]
    for J in net.jacobian(points(30, net)):
        np.testing.assert_allclose(J, product, rtol=1e-13, atol=1e-14)

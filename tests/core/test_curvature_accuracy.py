"""Core and reference against 50 digits: ∇²H_k, its products with v and u, and ΔH_k."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from curvatures import by_core, by_reference
from networks import ACTIVATIONS, points, random_network

import slopenet as sn

# 1 to 6 layers
DEPTHS = [
    (3, 2),
    (4, 9, 1),
    (2, 2, 3, 2),
    (3, 7, 5, 4, 9),
    (2, 20, 6, 3, 8, 2),
    (4, 12, 9, 3, 5, 7, 2),
]
EACH = pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)

Results = dict[str, np.ndarray]


def by_core_in_a_batch(net: sn.Network, x: np.ndarray, v: np.ndarray, u: np.ndarray) -> Results:
    """The other layout, whole tiles."""
    return {name: many[37] for name, many in by_core(net, np.stack([x] * 50), v, u).items()}


def assert_exact(net: sn.Network, x: np.ndarray, *, saturated: bool = False) -> None:
    """To 1e-12 of the largest entry; if saturated, also to the change from one ulp of the input."""
    arguments = net.weights, net.biases, list(net.activations), x
    exact = oracle.evaluate(*arguments, second=True)
    hessian, trace = exact.hessian, exact.laplacian
    allowed = np.full_like(hessian, 1e-12 * np.abs(hessian).max())
    allowed_of_trace = np.maximum(allowed[:, 0, 0], 1e-12 * np.abs(trace).max())
    if saturated:
        moved = oracle.sensitivity(*arguments, exact=exact)
        allowed += 8 * moved.hessian + 1e-300
        allowed_of_trace += 8 * moved.laplacian + 1e-300
    rng = np.random.default_rng(2)
    v, u = rng.normal(size=net.sizes[0]), rng.normal(size=net.sizes[-1])
    wanted = {
        "hessian": (hessian, allowed),
        "hvp": (hessian @ v, allowed @ np.abs(v)),
        "weighted_hessian": (
            np.einsum("kij,k->ij", hessian, u),
            np.einsum("kij,k->ij", allowed, np.abs(u)),
        ),
        "laplacian": (trace, allowed_of_trace),
    }
    for source in (by_core, by_core_in_a_batch, by_reference):
        for name, got in source(net, x, v, u).items():
            want, bound = wanted[name]
            assert (np.abs(got - want) <= bound).all(), (source.__name__, name, net)


@EACH
@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
def test_networks_of_one_to_six_layers_agree_with_50_digits(
    sizes: tuple[int, ...], activation: sn.ActivationSpec
) -> None:
    net = random_network(sizes, activation, seed=len(sizes))
    assert_exact(net, points(1, net, len(sizes))[0])


@pytest.mark.parametrize("activation", ["tanh", "gelu", "mish", "sin", "softsign"])
@pytest.mark.parametrize("sizes", [(17, 300, 1), (5, 64, 128, 33, 7, 90, 3)], ids=str)
def test_wide_networks_agree_with_50_digits(sizes: tuple[int, ...], activation: str) -> None:
    net = random_network(sizes, activation, seed=3)
    assert_exact(net, points(1, net, 4)[0])


@EACH
@pytest.mark.parametrize("scale", [5.0, 30.0])
def test_saturated_networks_agree_to_the_effect_of_one_ulp_of_the_input(
    activation: sn.ActivationSpec, scale: float
) -> None:
    for seed, sizes in enumerate([(3, 8, 2), (4, 12, 9, 1), (2, 5, 6, 7, 3)]):
        net = random_network(sizes, activation, scale=scale, seed=seed)
        assert_exact(net, scale * points(1, net, seed)[0], saturated=True)

"""Backpropagation of values and slopes by the core: against the reference and the complex step."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, SHAPES, points, random_network

import slopenet as sn
from slopenet import derivation
from slopenet.activations import ActivationSpec
from slopenet.parameters import flatten, unflatten

STEP = 1e-30


def problem(net: sn.Network, n: int = 29) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, y and slopes of which a quarter is missing, one row whole."""
    rng = np.random.default_rng(5)
    X = points(n, net)
    y = rng.normal(size=(n, net.sizes[-1]))
    dydx = rng.normal(size=(n, net.sizes[-1], net.sizes[0]))
    dydx[rng.random(dydx.shape) < 0.25] = np.nan
    dydx[3] = np.nan
    return X, y, dydx


def mean_cost(chain: derivation.Chain, X: Any, y: Any, dydx: Any, weight: Any) -> Any:
    """f(θ) from forward and ∂H/∂x alone; θ may be complex."""
    sweep = derivation.forward(chain, X)
    J = derivation.partial_products(chain, derivation.D(chain, sweep))[-1]
    r = np.where(np.isnan(dydx), 0, J - np.nan_to_num(dydx))
    return np.mean(
        0.5 * np.sum((sweep.a[-1] - y) ** 2, axis=1) + 0.5 * np.sum(weight * r**2, axis=(1, 2))
    )


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "sin", ("softplus", 0.6)])
@pytest.mark.parametrize(
    "sizes", [(4, 7, 5, 2), (3, 6, 4, 3), (2, 5, 6, 4), (5, 8, 1), (1, 4, 3), (3, 2)]
)
def test_gradient_of_values_and_slopes_agrees_with_the_complex_step(
    sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    """n_L < n_1, n_L = n_1 and n_L > n_1, with missing slopes, to 1e-10 (in fact 1e-13)."""
    net = random_network(sizes, activation)
    X, y, dydx = problem(net)
    weight = np.random.default_rng(1).uniform(0.2, 2, size=dydx.shape[1:])
    result = sn.backprop(net, X, y, dydx, slope_weight=weight)
    assert result.cost == pytest.approx(mean_cost(net.chain(), X, y, dydx, weight), rel=1e-13)
    theta = flatten(net.weights, net.biases)
    gradient = np.empty_like(theta)
    for j in range(theta.size):
        moved = theta.astype(complex)
        moved[j] += STEP * 1j
        W, b = unflatten(moved, sizes)
        chain = derivation.Chain(W, b, net.chain().activations)
        gradient[j] = mean_cost(chain, X, y, dydx, weight).imag / STEP
    got = flatten(result.dW, result.db)
    assert np.abs(got - gradient).max() <= 1e-13 * np.abs(gradient).max()


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_core_agrees_with_the_reference(sizes: tuple[int, ...], activation: ActivationSpec) -> None:
    net = random_network(sizes, activation)
    X, y, dydx = problem(net)
    result = sn.backprop(net, X, y, dydx)
    chain = net.chain()
    H, J = net.value_and_jacobian(X)
    r = np.where(np.isnan(dydx), 0, J - np.nan_to_num(dydx))
    want = derivation.cotangent_gradient(chain, X, H - y, r)
    cost = derivation.cost(H, y) + derivation.slope_cost(J, dydx, 1.0)
    assert result.cost == pytest.approx(cost.mean(), rel=1e-12)
    pairs = [
        *zip(result.delta, want.delta, strict=True),
        *zip(result.dW, [w.mean(axis=0) for w in want.dW], strict=True),
        *zip(result.db, [b.mean(axis=0) for b in want.db], strict=True),
    ]
    for got, exact in pairs:
        assert np.abs(got - exact).max() <= 1e-12 * max(np.abs(exact).max(), 1e-3)


def test_many_directions_are_taken_in_blocks() -> None:
    """Directions that do not fit the cache together give the same gradient."""
    for sizes in ((60, 300, 50), (50, 300, 60)):
        net = random_network(sizes, "tanh")
        X, y, dydx = problem(net, 5)
        result = sn.backprop(net, X, y, dydx)
        H, J = net.value_and_jacobian(X)
        r = np.where(np.isnan(dydx), 0, J - np.nan_to_num(dydx))
        want = derivation.cotangent_gradient(net.chain(), X, H - y, r)
        for got, exact in zip(result.dW, want.dW, strict=True):
            mean = exact.mean(axis=0)
            assert np.abs(got - mean).max() <= 1e-13 * np.abs(mean).max()


def test_given_cotangents_on_value_and_jacobian() -> None:
    """The core takes any cotangent (N, n_L, n_1) on ∂H/∂x, on a flat θ."""
    for sizes in ((4, 9, 3), (3, 9, 5)):
        net = random_network(sizes, "silu")
        X = points(31, net)
        rng = np.random.default_rng(0)
        a_bar, r = rng.normal(size=(31, sizes[-1])), rng.normal(size=(31, sizes[-1], sizes[0]))
        core = net.core_copy()
        _, _, theta, delta = core.backprop(
            core.task(X, a_bar, r, given=True), want_theta=True, want_delta=True, threads=1
        )
        want = derivation.cotangent_gradient(net.chain(), X, a_bar, r)
        summed = flatten([w.sum(axis=0) for w in want.dW], [b.sum(axis=0) for b in want.db])
        assert np.abs(theta - summed).max() <= 1e-12 * np.abs(summed).max()
        for got, exact in zip(delta, want.delta, strict=True):
            assert np.abs(got - exact).max() <= 1e-12 * np.abs(exact).max()


def test_float32_agrees_with_float64_to_its_own_precision() -> None:
    net = random_network((3, 8, 2), "tanh")
    X, y, dydx = problem(net)
    narrow = sn.Network(net.weights, net.biases, "tanh", dtype=np.float32)
    a, b = sn.backprop(net, X, y, dydx), sn.backprop(narrow, X, y, dydx)
    for wide, slim in zip(a.dW, b.dW, strict=True):
        assert slim.dtype == np.float32
        np.testing.assert_allclose(slim, wide, rtol=1e-4, atol=1e-6)


def test_each_sample_may_have_its_own_slope_weights() -> None:
    """Weights of 0 are missing slopes; a sample of weight λ counts λ times."""
    net = random_network((3, 6, 2), "tanh")
    X, y, dydx = problem(net)
    weight = np.random.default_rng(2).uniform(0.5, 2, dydx.shape)
    gaps = np.isnan(dydx)
    some = sn.backprop(net, X, y, dydx, slope_weight=weight)
    filled = np.where(gaps, 7.0, dydx)
    same = sn.backprop(net, X, y, filled, slope_weight=np.where(gaps, 0.0, weight))
    assert same.cost == pytest.approx(some.cost, rel=1e-14)
    each = [
        sn.backprop(net, *rows, slope_weight=w).dW[0]
        for *rows, w in zip(X, y, dydx, weight, strict=True)
    ]
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(some.dW[0], mean, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(same.dW[0], mean, rtol=1e-11, atol=1e-14)


def test_a_single_point_drops_the_n() -> None:
    net = random_network((3, 4, 2), "tanh")
    x, y = points(1, net)[0], np.array([0.5, -1.0])
    single, batch = sn.backprop(net, x, y), sn.backprop(net, x[None], y[None])
    assert [d.shape for d in single.delta] == [(4,), (2,)]
    for a, b in zip(single.delta, batch.delta, strict=True):
        np.testing.assert_array_equal(a, b[0])
    record = net.derivation(x, y)
    assert record.delta is not None
    for a, b in zip(single.delta, record.delta, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-16)


def test_gradient_step_lowers_the_cost() -> None:
    net = random_network((2, 6, 1), "tanh", output="identity")
    X, y, dydx = problem(net)
    result = sn.backprop(net, X, y, dydx)
    weights = [w - 1e-4 * g for w, g in zip(net.weights, result.dW, strict=True)]
    biases = [b - 1e-4 * g for b, g in zip(net.biases, result.db, strict=True)]
    moved = sn.Network(weights, biases, net.activations)
    norm = sum(float((g**2).sum()) for g in result.dW + result.db)
    fall = result.cost - sn.backprop(moved, X, y, dydx).cost
    assert fall == pytest.approx(1e-4 * norm, rel=1e-2)


def test_sizes_of_the_result_are_those_of_the_network() -> None:
    net = random_network((4, 6, 5, 3))
    X, y, _ = problem(net)
    result = sn.backprop(net, X, y)
    assert [d.shape for d in result.delta] == [(29, 6), (29, 5), (29, 3)]
    assert [w.shape for w in result.dW] == [(n, m) for m, n in pairwise(net.sizes)]
    assert [b.shape for b in result.db] == [(6,), (5,), (3,)]


def test_padding_never_spoils_a_gradient() -> None:
    """A network that overflows at x = 0 but not at its samples, for every fill of the last tile."""
    weights = [[[-1.0]], [[1e10]], [[1.0]]]
    net = sn.Network(weights, [[1e300], [0.0], [0.0]], ["relu", "relu", "identity"])
    for n in (1, 5, 12, 23, 24, 25, 50):
        result = sn.backprop(net, np.full((n, 1), 2e300), np.ones((n, 1)))
        assert all(np.isfinite(g).all() for g in result.dW + result.db)

"""Layers whose units have different activations: the witnesses, blocks, the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from curvatures import by_core, by_reference
from networks import EVERYWHERE, network_of_runs, points
from same_bits import assert_same, everything

import slopenet as sn
from slopenet import _core, derivation
from slopenet.activations import Runs

SEEDS = pytest.mark.parametrize("seed", range(12))
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
SMOOTH = ["tanh", "identity", ("softplus", 0.6), "sin"]


def units(net: sn.Network) -> list[list[Any]]:
    """The activation of each unit of each layer, for the oracle."""
    return [
        [(each.name, *each.parameters) for each, count in layer.runs(n) for _ in range(count)]
        for layer, n in zip(net.chain().activations, net.sizes[1:], strict=True)
    ]


def difference(got: Any, wanted: Any) -> float:
    """The largest difference, over the largest entry."""
    return float(np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-300))


def test_the_networks_have_runs() -> None:
    layers = [each for seed in range(12) for each in network_of_runs(seed).chain().activations]
    assert sum(isinstance(each, Runs) for each in layers) > 10
    assert sum(not isinstance(each, Runs) for each in layers) > 5


@DTYPES
@SEEDS
def test_core_agrees_with_the_reference(seed: int, dtype: Any) -> None:
    net = network_of_runs(seed, dtype=dtype)
    X = points(53, net)
    rng = np.random.default_rng(5)
    v = rng.normal(size=X.shape).astype(dtype)
    u = rng.normal(size=(len(X), net.sizes[-1])).astype(dtype)
    chain = network_of_runs(seed).chain() if dtype == np.float64 else net.chain()
    sweep = derivation.forward(chain, X)
    D = derivation.D(chain, sweep)
    bound = 2e-13 if dtype == np.float64 else 2e-4
    assert difference(net(X), sweep.a[-1]) < bound
    assert difference(net.jacobian(X), derivation.dH_dx(chain, D)) < bound
    assert difference(net.jvp(X, v), derivation.jvp(chain, D, v)) < bound
    assert difference(net.vjp(X, u), derivation.vjp(chain, D, u)) < bound
    wanted = by_reference(net, X, v, u)
    largest = np.abs(wanted["hessian"]).max()
    for name, got in by_core(net, X, v, u).items():
        scale = max(largest, np.abs(wanted[name]).max(), 1e-300)
        assert np.abs(got - wanted[name]).max() <= bound * scale, name


@SEEDS
def test_core_agrees_with_fifty_digits(seed: int) -> None:
    net = network_of_runs(seed)
    X = points(3, net)
    H, J, hessians = net.value_jacobian_hessian(X)
    y = np.random.default_rng(2).normal(size=net.sizes[-1])
    for i, x in enumerate(X):
        exact = oracle.evaluate(net.weights, net.biases, units(net), x, y, second=True)
        assert difference(H[i], exact.H) < 1e-13
        assert difference(J[i], exact.jacobian) < 1e-13
        assert difference(hessians[i], exact.hessian) < 1e-12
        gradient = sn.backprop(net, x[None], y[None])
        for got, wanted in zip(gradient.dW, exact.dW, strict=True):
            assert difference(got, wanted) < 1e-12


@SEEDS
def test_every_derivative_passes_the_complex_step(seed: int) -> None:
    net = network_of_runs(seed)
    assert sn.check_derivatives(net, points(7, net)).passed


@DTYPES
@SEEDS
def test_alone_in_a_batch_and_on_threads_the_bits_are_the_same(seed: int, dtype: Any) -> None:
    net = network_of_runs(seed, dtype=dtype)
    X = points(61, net)
    batch = everything(net, X, threads=1)
    assert_same(everything(net, X, threads=2), batch)
    for i in (0, 30, 60):
        assert_same(everything(net, X[i]), [a[i] for a in batch])
    assert_same(everything(net, X[20:27]), [a[20:27] for a in batch])


@DTYPES
@pytest.mark.parametrize("first", EVERYWHERE, ids=str)
def test_a_network_of_blocks_has_the_bits_of_each_block(
    first: sn.ActivationSpec, dtype: Any
) -> None:
    """Two networks side by side are one with runs; the products only add zeros."""
    rng = np.random.default_rng(3)
    blocks, activations = [(3, 7, 2), (3, 6, 3)], [first, "tanh"]
    parts = [
        sn.Network.random(sizes, hidden=spec, output=spec, rng=rng, dtype=dtype)
        for sizes, spec in zip(blocks, activations, strict=True)
    ]
    W = np.zeros((5, 13))
    W[:2, :7], W[2:, 7:] = parts[0].weights[1], parts[1].weights[1]
    together = sn.Network(
        [np.concatenate([part.weights[0] for part in parts]), W],
        [np.concatenate([part.biases[i] for part in parts]) for i in range(2)],
        [[*[first] * 7, *["tanh"] * 6], [*[first] * 2, *["tanh"] * 3]],
        dtype=dtype,
    )
    X = points(29, together)
    for rows in (X, X[0]):
        for name in ("__call__", "jacobian", "laplacian", "hessian"):
            axis = 0 if rows.ndim == 1 else 1
            wanted = np.concatenate([getattr(part, name)(rows) for part in parts], axis=axis)
            assert np.array_equal(getattr(together, name)(rows), wanted), name


def test_a_run_of_one_activation_has_the_bits_of_the_plain_layer() -> None:
    net = sn.Network.random((3, 9, 2), rng=0)
    runs = sn.Network(net.weights, net.biases, [[("tanh", 4), "tanh", ("tanh", 4)], "identity"])
    assert runs == net
    assert runs.activations == ("tanh", "identity")
    theta = np.concatenate([a.ravel() for a in (net.weights[0], net.biases[0])])
    parts = tuple((("tanh", 0.0), n) for n in (2, 3, 4))
    split = _core.Model64((3, 9), [parts], theta)
    whole = _core.Model64((3, 9), [("tanh", 0.0)], theta)
    X = points(40, net)
    for rows in (X, X[:1]):
        assert_same(
            list(split.value_jacobian_hessian(rows, None, 1)),
            list(whole.value_jacobian_hessian(rows, None, 1)),
        )


def test_only_runs_with_a_second_derivative_count() -> None:
    """Units of the identity that overflow do not reach the Hessian of the others."""
    W = [np.array([[1e200], [1.0]]), np.array([[0.0, 1.0]])]
    net = sn.Network(W, [np.zeros(2), np.zeros(1)], [["identity", "tanh"], "identity"])
    X = np.full((20, 1), 0.3)
    alone = sn.Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["tanh", "identity"])
    for rows in (X, X[0]):
        assert np.array_equal(net.hessian(rows), alone.hessian(rows))
        assert np.array_equal(net.laplacian(rows), alone.laplacian(rows))


@pytest.mark.parametrize(
    "runs",
    [(), ((("tanh", 0.0), 3),), ((("tanh", 0.0), 2), (("sin", 0.0), 3)), ((("tanh", 0.0), 0),) * 2],
)
def test_the_core_takes_only_runs_of_all_rows(runs: Any) -> None:
    with pytest.raises(ValueError, match="runs"):
        _core.Model64((2, 4), [runs], np.zeros(12))


@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam"])
def test_training_keeps_runs_and_learns(method: sn.MethodName) -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (80, 2))
    y = np.stack([np.sin(2 * X[:, 0]) + X[:, 1], np.exp(X[:, 0])], axis=1)
    dydx = np.zeros((80, 2, 2))
    dydx[:, 0, 0], dydx[:, 0, 1], dydx[:, 1, 0] = 2 * np.cos(2 * X[:, 0]), 1, np.exp(X[:, 0])
    start = sn.Network.random(
        (2, 12, 2),
        hidden=[[("tanh", 7), ("identity", 2), ("sin", 3)]],
        output=["identity", "softplus"],
        rng=1,
    )
    for slopes in (None, dydx):
        found = sn.fit(X, y, slopes, start=start, method=method, epochs=60, rng=0)
        assert found.network.activations == start.activations
        before = np.mean((start(X) - y) ** 2)
        assert np.mean((found.network(X) - y) ** 2) < 0.1 * before


@SEEDS
def test_gradients_with_slopes_are_those_of_the_reference(seed: int) -> None:
    net = network_of_runs(seed, specs=SMOOTH)
    X = points(9, net)
    rng = np.random.default_rng(4)
    y, r = rng.normal(size=(9, net.sizes[-1])), rng.normal(size=(9, net.sizes[-1], net.sizes[0]))
    H, J = net.value_and_jacobian(X)
    got = sn.backprop(net, X, H - y, dydx=J - r)
    wanted = derivation.cotangent_gradient(net.chain(), X, y, r)
    for name in ("delta", "dW", "db"):
        for a, b in zip(getattr(got, name), getattr(wanted, name), strict=True):
            mean = b if name == "delta" else b.mean(axis=0)
            assert difference(a, mean) < 1e-12

"""The compiled loop of single-sample descent takes the paper's steps."""

import numpy as np
import pytest
from networks import EVERYWHERE, random_network

import slopenet as sn
from slopenet import derivation
from slopenet.activations import ActivationSpec


def by_equations(
    net: sn.Network, X: np.ndarray, y: np.ndarray, order: np.ndarray, rate: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """W[l] ← W[l] - η δ[l] a[l-1]ᵀ, b[l] ← b[l] - η δ[l], step by step in NumPy."""
    W, b = [w.copy() for w in net.weights], [v.copy() for v in net.biases]
    for i in order:
        chain = derivation.Chain(W, b, net.chain().activations)
        sweep = derivation.forward(chain, X[i])
        delta = derivation.delta(chain, sweep, y[i])
        W = [w - rate * g for w, g in zip(W, derivation.dC_dW(delta, sweep), strict=True)]
        b = [v - rate * d for v, d in zip(b, delta, strict=True)]
    return W, b


@pytest.mark.parametrize("activation", [*EVERYWHERE, "exp"], ids=str)  # steps leave that of log
@pytest.mark.parametrize("sizes", [(2, 2, 3, 2), (3, 17, 9, 1), (1, 1)], ids=str)
def test_steps_are_those_of_the_equations(
    sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    net = random_network(sizes, activation, scale=0.5)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, sizes[0])), rng.normal(size=(7, sizes[-1]))
    steps, rate = 60, 0.05
    result = sn.sgd(net, X, y, steps=steps, learning_rate=rate, rng=3, record_every=steps)
    order = np.random.default_rng(3).integers(7, size=steps, dtype=np.int32)
    W, b = by_equations(net, X, y, order, rate)
    for got, want in zip((*result.network.weights, *result.network.biases), W + b, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13)


def test_costs_are_means_over_the_samples_at_the_recorded_steps() -> None:
    net = random_network((2, 4, 1), "sigmoid")
    X = np.random.default_rng(0).normal(size=(9, 2))
    y = X[:, :1] > 0
    result = sn.sgd(net, X, y, steps=25, rng=0, record_every=10)
    np.testing.assert_array_equal(result.steps, [0, 10, 20, 25])
    assert result.costs[0] == pytest.approx(sn.backprop(net, X, y).cost)
    assert result.costs[-1] == pytest.approx(sn.backprop(result.network, X, y).cost)


def test_a_learning_rate_schedule_sees_the_step_numbers() -> None:
    net = random_network((2, 4, 1), "sigmoid")
    X = np.random.default_rng(0).normal(size=(9, 2))
    seen: list[np.ndarray] = []

    def rate(step: np.ndarray) -> np.ndarray:
        seen.append(step)
        return 0.1 / step

    sn.sgd(net, X, X[:, :1], steps=25, learning_rate=rate, rng=0, record_every=10)
    np.testing.assert_array_equal(np.concatenate(seen), np.arange(1, 26))


def test_divergence_names_the_step() -> None:
    net = random_network((2, 8, 1), "relu", output="identity")
    X = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(FloatingPointError, match="by step 100: lower the learning rate"):
        sn.sgd(net, X, X[:, :1], steps=1000, learning_rate=1e3, rng=0, record_every=100)

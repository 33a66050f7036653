"""Plain weights of JAX, which need no JAX."""

from __future__ import annotations

import pytest
from networks import random_network

import slopenet as sn


def test_pairs_come_in_whichever_way_they_lie() -> None:
    net = random_network((3, 5, 5, 2), "silu", output="tanh")
    pairs = list(zip(net.weights, net.biases, strict=True))
    assert sn.from_jax(pairs, "silu", "tanh") == net
    assert sn.from_jax([(W.T, b) for W, b in pairs], "silu", "tanh") == net


def test_a_tree_of_kernels() -> None:
    net = random_network((3, 5, 2), "sin", output="identity")
    layers = {
        f"Dense_{i}": {"kernel": W.T, "bias": b}
        for i, (W, b) in enumerate(zip(net.weights, net.biases, strict=True))
    }
    assert sn.from_jax({"params": layers}, "sin") == net
    assert sn.from_jax(layers, "sin") == net


def test_wrong_arguments_of_from_jax_are_named() -> None:
    net = random_network((3, 5, 2))
    pairs = list(zip(net.weights, net.biases, strict=True))
    with pytest.raises(ValueError, match=r"activation must be given.*from_jax\(params, 'tanh'\)"):
        sn.from_jax(pairs)
    with pytest.raises(
        TypeError, match="must be a function with inputs=, a module of Equinox or Flax nnx, params"
    ):
        sn.from_jax(3, "tanh")
    with pytest.raises(TypeError, match=r"model\[0\] must be a pair \(W, b\)"):
        sn.from_jax([3], "tanh")
    with pytest.raises(sn.UnsupportedNetworkError, match=r"layer 0: W \(5,\) and b"):
        sn.from_jax([(net.biases[0], net.biases[0])], "tanh")
    with pytest.raises(sn.UnsupportedNetworkError, match="layer 1: it takes 5 numbers, and 2"):
        sn.from_jax([pairs[1], pairs[1]], "tanh")

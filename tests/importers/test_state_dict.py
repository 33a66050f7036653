"""Weights by name become layers in the order of their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import random_network

import slopenet as sn


def named(net: sn.Network, prefix: str = "net.{}") -> dict[str, Any]:
    """Names as torch gives them: every second number, an activation between two layers."""
    tensors = {}
    for i, (W, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        tensors |= {f"{prefix.format(2 * i)}.{k}": x for k, x in (("weight", W), ("bias", b))}
    return tensors


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_same_network_comes_back(dtype: type) -> None:
    net = random_network((3, 7, 5, 2), "silu", output="identity", dtype=dtype)
    assert sn.from_state_dict(named(net), "silu") == net


def test_ten_comes_after_two_whatever_the_order_of_the_names() -> None:
    net = random_network((2,) + (3,) * 12 + (1,), "tanh", output="sigmoid")
    shuffled = dict(sorted(named(net, "{}").items()))
    assert sn.from_state_dict(shuffled, "tanh", "sigmoid") == net


def test_names_without_numbers_keep_their_order() -> None:
    net = random_network((2, 4, 3), ("elu", 0.5), output="identity")
    (W, V), (b, c) = net.weights, net.biases
    tensors = {"inner.weight": W, "inner.bias": b, "a.out.kernel": V.T, "a.out.bias": c}
    assert sn.from_state_dict(tensors, ("elu", 0.5)) == net


def test_a_bias_may_be_absent_and_each_layer_have_its_activation() -> None:
    net = random_network((2, 4, 3, 1))
    tensors = {k: x for k, x in named(net).items() if k != "net.2.bias"}
    got = sn.from_state_dict(tensors, ["sin", ("softplus", 2.0)], dtype="float32")
    assert got.activations == ("sin", ("softplus", 2.0), "identity")
    assert got.dtype == np.float32
    assert not got.biases[1].any()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"net.0.running_mean": np.ones(4)}, "tensor 'net.0.running_mean': names must end"),
        ({"net.0.weight": np.ones(4)}, "layer 'net.0': its weights have shape"),
        ({"net.0.kernel": np.ones((2, 4))}, "layer 'net.0': it has weight and bias and kernel"),
        ({"net.1.bias": np.ones(4)}, "layer 'net.1': it has bias, not one weight"),
        ({"net.2.weight": np.ones((3, 5))}, "layer 'net.2': it takes 5 numbers, and 4 come"),
        ({"net.0.weight": np.full((4, 2), np.inf)}, "layer 'net.0': its numbers are not all"),
    ],
)
def test_a_layer_that_is_not_dense_is_refused_by_name(
    change: dict[str, Any], sentence: str
) -> None:
    tensors = named(random_network((2, 4, 3))) | change
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_state_dict(tensors, "tanh")


def test_wrong_arguments_of_from_state_dict_are_named() -> None:
    tensors = named(random_network((2, 4, 3)))
    with pytest.raises(TypeError, match="tensors must map names to arrays, got 3"):
        sn.from_state_dict(3, "tanh")
    with pytest.raises(ValueError, match="one for each of 1 hidden layers, got 2"):
        sn.from_state_dict(tensors, ["tanh", "tanh"])
    with pytest.raises(ValueError, match="unknown activation 'tan'"):
        sn.from_state_dict(tensors, "tan")
    with pytest.raises(ValueError, match="unknown activation 'tan'"):
        sn.from_state_dict(tensors, "tanh", "tan")
    with pytest.raises(ValueError, match="tensors is empty"):
        sn.from_state_dict({}, "tanh")
    with pytest.raises(ValueError, match="dtype must be float64 or float32"):
        sn.from_state_dict(tensors, "tanh", dtype="int8")

"""Names of weights in the dialects of haiku, stax, NumPy files and lists of mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from networks import random_network

import slopenet as sn

NET = random_network((3, 7, 5, 2), "tanh", output="identity")
PAIRS = list(zip(NET.weights, NET.biases, strict=True))
DIALECTS: dict[str, Callable[[], sn.Network]] = {
    "haiku": lambda: sn.from_jax(
        {f"mlp/~/linear_{i}": {"w": W.T, "b": b} for i, (W, b) in enumerate(PAIRS)}, "tanh"
    ),
    "stax": lambda: sn.from_jax(
        [x for W, b in PAIRS for x in ((W.T, b), ())], "tanh"
    ),
    "list of w, b": lambda: sn.from_jax([{"w": W.T, "b": b} for W, b in PAIRS], "tanh"),
    "list of w, b, transposed": lambda: sn.from_jax([{"w": W, "b": b} for W, b in PAIRS], "tanh"),
    "list of kernels": lambda: sn.from_jax([{"kernel": W.T, "bias": b} for W, b in PAIRS], "tanh"),
    "W0, b0": lambda: sn.from_state_dict(
        {f"{k}{i}": x for i, (W, b) in enumerate(PAIRS) for k, x in (("W", W.T), ("b", b))}, "tanh"
    ),
    "all W, then all b": lambda: sn.from_state_dict(
        {f"W_{i}": W for i, (W, _) in enumerate(PAIRS)} | {f"b_{i}": b for i, (_, b) in
                                                           enumerate(PAIRS)}, "tanh"
    ),
    "weights1, biases1": lambda: sn.from_state_dict(
        {f"{k}{i + 1}": x for i, (W, b) in enumerate(PAIRS)
         for k, x in (("weights", W.T), ("biases", b))}, "tanh"
    ),
    "net/W1": lambda: sn.from_state_dict(
        {f"net/{k}{i}": x for i, (W, b) in enumerate(PAIRS) for k, x in (("W", W.T), ("b", b))},
        "tanh",
    ),
    "h5py": lambda: sn.from_state_dict(
        {f"dense_{i}/dense_{i}/{k}:0": x for i, (W, b) in enumerate(PAIRS)
         for k, x in (("kernel", W.T), ("bias", b))}, "tanh"
    ),
    "layer_0/weight": lambda: sn.from_state_dict(
        {f"efe/layer_{i}/{k}": x for i, (W, b) in enumerate(PAIRS)
         for k, x in (("weight", W), ("bias", b))}, "tanh"
    ),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_network_comes_from_every_dialect(dialect: str) -> None:
    assert DIALECTS[dialect]() == NET


def square() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {f"W{i}": rng.normal(size=(4, 4)) for i in range(2)} | {"b0": np.zeros(4)}


def test_weights_that_fit_both_ways_are_refused_but_those_of_haiku() -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=r"layer .0.: its w fits as .* as do all"):
        sn.from_state_dict(square(), "tanh")
    params = {f"mlp/~/linear_{i}": {"w": square()[f"W{i}"], "b": np.ones(4)} for i in range(2)}
    assert np.array_equal(sn.from_jax(params, "tanh").weights[0], square()["W0"].T)


def test_weights_that_fit_no_way_say_the_shapes() -> None:
    tensors = {"W0": np.ones((3, 5)), "b0": np.ones(5), "W1": np.ones((4, 2)), "b1": np.ones(2)}
    with pytest.raises(sn.UnsupportedNetworkError, match="layer '1': it takes 4 numbers, and 5"):
        sn.from_state_dict(tensors, "tanh")


def test_mixed_lists_and_double_names_are_errors() -> None:
    with pytest.raises(TypeError, match="model has mappings and, at 1, tuple"):
        sn.from_jax([{"w": PAIRS[0][0], "b": PAIRS[0][1]}, PAIRS[1]], "tanh")
    with pytest.raises(sn.UnsupportedNetworkError, match="it has two bias"):
        sn.from_state_dict(
            {"a.w": np.ones((2, 3)), "a.b": np.ones(2), "a.bias": np.ones(2)}, "tanh"
        )
    both = {"a.w": np.ones((2, 3)), "a.weight": np.ones((2, 3)), "a.b": np.ones(2)}
    with pytest.raises(sn.UnsupportedNetworkError, match="it has a w and a weight"):
        sn.from_state_dict(both, "tanh")

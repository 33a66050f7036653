"""Layers that do not make a network are named, before a large one takes memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from public_functions import fit

import slopenet as sn

TWO_LAYERS = ([np.ones((3, 2)), np.ones((1, 3))], [np.zeros(3), np.zeros(1)])
BAD_NETWORKS: dict[str, tuple[tuple[Any, Any, Any], str]] = {
    "no weights": (
        ([], [], "tanh"),
        "must have one entry per layer, of 1 to 256 layers, got 0 and 0",
    ),
    "None": ((None, [], "tanh"), "weights must be a sequence with one entry per layer, got None"),
    "too deep": (
        ([[[1.0]]] * 257, [[1.0]] * 257, "tanh"),
        "of 1 to 256 layers, got 257 and 257",
    ),
    "a bias short": ((TWO_LAYERS[0], TWO_LAYERS[1][:1], "tanh"), "got 2 and 1"),
    "a vector as weights": (([[1.0]], [[1.0]], "tanh"), r"weights\[0\] must be a matrix .* \(1,\)"),
    "no columns": (([np.ones((2, 0))], [[1, 1]], "tanh"), r"weights\[0\] must be .* got \(2, 0\)"),
    "a matrix as biases": (([[[1.0]]], [[[1.0]]], "tanh"), r"biases\[0\] must be a vector"),
    "biases too long": (([[[1.0]]], [[1.0, 2.0]], "tanh"), r"biases\[0\] must have shape \(1,\)"),
    "no chain": (
        ([np.ones((3, 2)), np.ones((1, 2))], TWO_LAYERS[1], "tanh"),
        r"weights\[1\] must have 3 columns, as many as weights\[0\] has rows, got shape \(1, 2\)",
    ),
    "NaN": (([[[1.0, np.nan]]], [[1.0]], "tanh"), r"weights\[0\]\[0, 1\] is nan; every entry"),
    "infinite": (([[[1.0]]], [[-np.inf]], "tanh"), r"biases\[0\]\[0\] is -inf; every entry"),
    "ragged": (([[[1.0], [1.0, 2.0]]], [[1.0]], "tanh"), r"weights\[0\] is ragged"),
    "complex": (([[[1j]]], [[1.0]], "tanh"), r"weights\[0\] has dtype complex128"),
    "unknown activation": ((*TWO_LAYERS, "tan"), "unknown activation 'tan'; choose one of"),
    "no activation": ((*TWO_LAYERS, None), "activations must be a sequence .* got None"),
    "a number": ((*TWO_LAYERS, [5, 5]), "an activation is a name or a pair .* got 5"),
    "three activations": ((*TWO_LAYERS, ["tanh"] * 3), "one for each of 2 layers .* got 3"),
    "a parameter too many": ((*TWO_LAYERS, ("tanh", 2.0)), "'tanh' has no parameter, got 2.0"),
    "a parameter of NaN": ((*TWO_LAYERS, ("elu", np.nan)), "alpha of 'elu' must be finite"),
    "a negative beta": ((*TWO_LAYERS, ("softplus", -1)), "beta of 'softplus' must be positive"),
}


@pytest.mark.parametrize("case", BAD_NETWORKS)
def test_a_network_that_cannot_be_says_why(case: str) -> None:
    given, message = BAD_NETWORKS[case]
    with pytest.raises((ValueError, TypeError), match=message):
        sn.Network(*given)


@pytest.mark.parametrize("dtype", ["int", "foo", np.float16, np.longdouble, ">f8", 5])
def test_only_two_dtypes_are_computed_in(dtype: Any) -> None:
    if np.dtype(np.longdouble) == np.float64 and dtype is np.longdouble:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(ValueError, match=r"^dtype must be float64 or float32, got "):
        sn.Network(*TWO_LAYERS, "tanh", dtype=dtype)


@pytest.mark.parametrize(
    "sizes", [None, 5, "ab", (2, 0), (2, -1), (2, 1.5), (2, np.nan), (2, True)]
)
def test_random_takes_whole_sizes_only(sizes: Any) -> None:
    with pytest.raises(ValueError, match=r"^sizes must be whole numbers of at least 1, got "):
        sn.Network.random(sizes)


def test_a_network_too_large_to_build_is_refused_before_it_takes_memory() -> None:
    with pytest.raises(ValueError, match=r"parameters; 2147483648 are the most$"):
        sn.Network.random((10**9, 10**9))
    with pytest.raises(ValueError, match=r"^sizes gives a network of 1 layers"):
        sn.Network.random((2,))
    with pytest.raises(ValueError, match=r"^hidden gives a network of 302 layers"):
        fit(hidden=(4,) * 300)

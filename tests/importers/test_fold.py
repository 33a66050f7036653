"""Affine maps and activations become the layers that they are, and nothing larger."""

from __future__ import annotations

import numpy as np
import pytest

from slopenet.importers._fold import network_of
from slopenet.importers._steps import Step, sigma
from slopenet.maps.affine import Affine, UnsupportedNetworkError, affine, scaling

RNG = np.random.default_rng(0)


def matrix(m: int, n: int) -> Affine:
    return affine(f"{m}x{n}", RNG.normal(size=(m, n)), RNG.normal(size=m))


def apply(steps: list[Step], X: np.ndarray) -> np.ndarray:
    for step in steps:
        if not isinstance(step, Affine):
            X = np.tanh(X)
        else:
            X = (X @ step.A.T if step.A.ndim == 2 else X * step.A) + step.c
    return X


TANH = sigma("tanh", "tanh")
DIAGONAL = scaling("scaler", RNG.normal(size=3), RNG.uniform(1, 2, 3))
NUMBER = affine("number", 2.5, -0.5)
SHIFT = affine("shift", 1.0, RNG.normal(size=3))


@pytest.mark.parametrize(
    ("steps", "sizes"),
    [
        ([matrix(3, 2)], (2, 3)),
        ([DIAGONAL, matrix(4, 3), TANH, matrix(2, 4)], (3, 4, 2)),
        ([NUMBER, matrix(3, 2), DIAGONAL, TANH, SHIFT, matrix(2, 3), NUMBER], (2, 3, 2)),
        ([matrix(3, 3), SHIFT, DIAGONAL, NUMBER, matrix(2, 3)], (3, 2)),
        ([matrix(3, 2), TANH, TANH], (2, 3, 3)),
        ([NUMBER, SHIFT, TANH, NUMBER], (3, 3, 3)),
        ([DIAGONAL, NUMBER, matrix(3, 3), TANH, DIAGONAL], (3, 3, 3)),
        ([matrix(2, 9), matrix(9, 2)], (2, 2)),
    ],
)
def test_runs_of_affine_maps_are_one_layer(steps: list[Step], sizes: tuple[int, ...]) -> None:
    if sizes == (2, 2):
        steps = steps[::-1]
    net = network_of("test", steps)
    assert net.sizes == sizes
    X = RNG.normal(size=(20, sizes[0]))
    assert np.allclose(net(X), apply(steps, X), rtol=1e-14, atol=1e-14)


def test_identity_activations_do_not_keep_layers_apart() -> None:
    steps = [matrix(3, 2), sigma("id", "identity"), matrix(2, 3)]
    net = network_of("test", steps)
    assert net.sizes == (2, 2)
    assert net.activations == ("identity",)


def test_a_narrow_place_stays_narrow() -> None:
    net = network_of("test", [matrix(2, 90), matrix(80, 2), TANH])
    assert net.sizes == (90, 2, 80)
    assert net.activations == ("identity", "tanh")
    assert network_of("test", [matrix(2, 50), matrix(40, 2), TANH]).sizes == (50, 40)


def test_the_dtype_is_that_of_the_matrices_unless_one_is_asked_for() -> None:
    W = RNG.normal(size=(2, 3)).astype(np.float32)
    steps = [scaling("scaler", [1.0, 2, 3], [3.0, 2, 1]), affine("layer", W)]
    assert network_of("test", steps).dtype == np.float32
    wide = network_of("test", steps, dtype="float64")
    assert wide.dtype == np.float64
    assert np.allclose(wide.weights[0], W / np.array([3.0, 2, 1]), rtol=1e-15)
    assert np.array_equal(network_of("test", [affine("layer", W)]).weights[0], W)
    half = affine("half", W.astype(np.float16))
    assert network_of("test", [half]).dtype == np.float32
    assert network_of("test", [matrix(3, 2), affine("layer", W)]).dtype == np.float64


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (list, "test: it has no weights"),
        (lambda: [NUMBER, TANH], "test: it has no weights"),
        (lambda: [matrix(3, 2), matrix(1, 4)], "1x4: it takes 4 numbers, and 3 come"),
        (lambda: [matrix(4, 2), TANH, DIAGONAL], "scaler: it takes 3 numbers, and 4 come"),
        (lambda: [matrix(2, 2)] + [TANH] * 300, "test: 300 layers are too many"),
        (lambda: [affine("vector", 1.0, np.zeros(5000)), TANH], "vector: a layer without weights"),
        (lambda: [affine("big", [[1e300]]), affine("too", [[1e300]])], "too: its weights are too"),
        (lambda: [affine("nan", [[np.nan]])], "nan: its numbers are not all finite"),
        (lambda: [affine("text", [["a"]])], "text: its numbers must be real, got dtype"),
        (lambda: [affine("3-D", np.ones((1, 2, 3)))], r"3-D: weights \(1, 2, 3\)"),
        (lambda: [affine("b", np.ones((3, 2)), np.ones(2))], r"b: weights \(3, 2\) and offsets"),
        (lambda: [affine("none", np.ones((0, 2)))], r"none: weights \(0, 2\)"),
        (lambda: [sigma("act", "relu6")], "act: unknown activation 'relu6'"),
        (lambda: [sigma("act", ("softplus", -1.0))], "act: beta of 'softplus' must be positive"),
        (lambda: [scaling("flat", 0.0, [1.0, 0.0])], "flat: it divides by zero"),
    ],
)
def test_steps_that_make_no_network_are_refused_by_name(steps, sentence: str) -> None:
    with pytest.raises(UnsupportedNetworkError, match=f"^{sentence}"):
        network_of("test", steps())


def test_weights_that_float32_cannot_hold_are_refused() -> None:
    steps = [affine("big", np.float32([[1e30]])), affine("too", np.float32([[1e30]]))]
    with pytest.raises(UnsupportedNetworkError, match="too large for float32"):
        network_of("test", steps)
    assert network_of("test", steps, dtype="float64").weights[0] == pytest.approx(1e60)

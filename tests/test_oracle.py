"""The oracle's networks agree with textbook sums, with differences and with known networks."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import oracle
import pytest
from mpmath import mp
from textbook import NAMES, PARAMETERS, TEXTBOOK, assert_same, network

# Activations for any z: weights are drawn without a thought of the domain of the logarithm.
ANYWHERE = [name for name in NAMES if name != "log"]


@pytest.mark.parametrize("scale", [1.0, 40.0])
@pytest.mark.parametrize("name", ANYWHERE)
def test_both_libraries_agree_on_networks(name: str, scale: float) -> None:
    weights, biases, x, y = network((3, 5, 1, 4, 2), scale)
    activations = [(name, *PARAMETERS.get(name, ()))] * 4
    arguments = (weights, biases, activations, x, y)
    one = oracle.evaluate(*arguments, second=True, library="flint")
    assert_same(one, oracle.evaluate(*arguments, second=True, library="mpmath"))
    assert [d.shape for d in one.d2a_dx2] == [(5, 3, 3), (1, 3, 3), (4, 3, 3), (2, 3, 3)]
    assert one.hessian is one.d2a_dx2[-1]
    assert one.laplacian is one.laplacians[-1]
    assert [d.shape for d in one.da_dx] == [(5, 3), (1, 3), (4, 3), (2, 3)]
    assert [d.shape for d in one.dW] == [W.shape for W in weights]
    assert one.jacobian is one.da_dx[-1]
    assert one.H is one.a[-1]


def textbook_layers(
    theta: list[Any], sizes: tuple[int, ...], activations: list[str], x: list[Any]
) -> list[list[Any]]:
    """Go through the layers, every one a list of sums over a flat theta (W, b, W, b, ...)."""
    rest = iter(theta)
    layers, a = [], x
    for (m, n), name in zip(pairwise(sizes), activations, strict=True):
        W = [[next(rest) for _ in range(m)] for _ in range(n)]
        z = [sum(w * v for w, v in zip(row, a, strict=True)) + next(rest) for row in W]
        a = [TEXTBOOK[name](value, *PARAMETERS.get(name, ())) for value in z]
        layers.append(a)
    return layers


@pytest.mark.parametrize("shift", range(0, 16, 3))
def test_derivatives_are_those_of_textbook_sums(shift: int) -> None:
    """Differences at fifty digits of the cost and of every layer, in every W, b and x."""
    sizes, names = (2, 3, 2, 2), (ANYWHERE * 2)[shift : shift + 3]
    weights, biases, x, y = network(sizes, seed=shift)
    activations = [(name, *PARAMETERS.get(name, ())) for name in names]
    exact = oracle.evaluate(weights, biases, activations, x, y)
    pairs = zip(weights, biases, strict=True)
    flat = [value for W, b in pairs for value in (*W.ravel(), *b)]

    def difference(f: Callable[[list[Any], list[Any]], Any], i: int) -> float:
        """∂f/∂(component i of x and theta)."""
        at = [mpmath.mpf(float(value)) for value in (*x, *flat)]

        def along(t: Any) -> Any:
            point = [*at[:i], t, *at[i + 1 :]]
            return f(point[2:], point[:2])

        return float(mp.diff(along, at[i]))

    def cost(theta: list[Any], point: list[Any]) -> Any:
        H = textbook_layers(theta, sizes, names, point)[-1]
        return sum((h - float(t)) ** 2 for h, t in zip(H, y, strict=True)) / 2

    def component(layer: int, j: int) -> Callable[[list[Any], list[Any]], Any]:
        return lambda theta, point: textbook_layers(theta, sizes, names, point)[layer][j]

    with mpmath.workdps(oracle.DIGITS):
        for layer, da_dx in enumerate(exact.da_dx):
            for j, i in np.ndindex(da_dx.shape):
                want = difference(component(layer, j), i)
                assert da_dx[j, i] == pytest.approx(want, rel=1e-15, abs=0)
        gradient = np.concatenate(
            [np.append(dW.ravel(), db) for dW, db in zip(exact.dW, exact.db, strict=True)]
        )
        for i, got in enumerate(gradient):
            assert got == pytest.approx(difference(cost, i + 2), rel=1e-15, abs=0)
    for delta, db in zip(exact.delta, exact.db, strict=True):
        assert np.array_equal(delta, db)


@pytest.mark.parametrize("shift", range(0, 16, 3))
def test_second_derivatives_are_those_of_textbook_sums(shift: int) -> None:
    """Second differences at fifty digits of every layer, in every pair of inputs."""
    sizes, names = (2, 3, 2, 2), (ANYWHERE * 2)[shift : shift + 3]
    weights, biases, x, _ = network(sizes, seed=shift)
    activations = [(name, *PARAMETERS.get(name, ())) for name in names]
    exact = oracle.evaluate(weights, biases, activations, x, second=True)
    pairs = zip(weights, biases, strict=True)
    theta = [mpmath.mpf(float(value)) for W, b in pairs for value in (*W.ravel(), *b)]

    def difference(layer: int, j: int, pair: tuple[int, int]) -> Any:
        def f(*point: Any) -> Any:
            return textbook_layers(theta, sizes, names, list(point))[layer][j]

        orders = (pair.count(0), pair.count(1))
        return mp.diff(f, tuple(mpmath.mpf(float(value)) for value in x), orders)

    with mpmath.workdps(oracle.DIGITS):
        for layer, d2a_dx2 in enumerate(exact.d2a_dx2):
            for j, i, k in np.ndindex(d2a_dx2.shape):
                want = difference(layer, j, (i, k))
                assert d2a_dx2[j, i, k] == pytest.approx(float(want), rel=1e-15, abs=1e-40)
            for j, laplacian in enumerate(exact.laplacians[layer]):
                want = difference(layer, j, (0, 0)) + difference(layer, j, (1, 1))
                assert laplacian == pytest.approx(float(want), rel=1e-15, abs=1e-40)


def test_linear_network_gives_the_product_of_its_weights() -> None:
    weights, biases, x, _ = network((4, 3, 5, 2))
    exact = oracle.evaluate(weights, biases, "identity", x)
    fractions = np.vectorize(Fraction, otypes=[object])
    product = fractions(np.eye(4))
    for W, da_dx in zip(weights, exact.da_dx, strict=True):
        product = fractions(W) @ product
        assert np.array_equal(da_dx, product.astype(float))
    assert exact.delta == exact.dW == exact.db == exact.d2a_dx2 == exact.laplacians == ()


def test_subnormal_slopes_are_rounded_once() -> None:
    z = np.linspace(-372.3, -350, 50)
    exact = oracle.evaluate([np.eye(50)], [np.zeros(50)], "tanh", z)
    for zj, D in zip(z, exact.D[0], strict=True):
        assert 0 < D < 1e-300
        with mpmath.workdps(400):
            true = mp.sech(mpmath.mpf(zj)) ** 2
            assert abs(true - mpmath.mpf(D)) <= max(mp.ldexp(1, -1075), true * mp.ldexp(1, -53))
    assert oracle.evaluate([np.eye(1)], [np.zeros(1)], "tanh", np.array([373.5])).D[0] == 0


def test_sums_that_cancel_are_zero() -> None:
    """Two sums that cancel to the last digit: in ∂H/∂x, and in a z exactly at the kink."""
    weights = [np.array([[0.7], [-0.7]]), np.array([[1.0, 1.0]]), np.ones((1, 1))]
    biases = [np.array([0.1, -0.1]), np.zeros(1), np.zeros(1)]
    exact = oracle.evaluate(weights, biases, ["tanh", "softsign", "relu"], np.array([0.3]))
    assert exact.da_dx[1][0, 0] == 0
    assert exact.z[1] == exact.z[2] == 0
    assert exact.D[1] == 1
    assert exact.D[2] == 0


def test_float32_counts_as_the_numbers_it_holds() -> None:
    weights, biases, x, y = network((2, 3, 2))
    single = [array.astype(np.float32) for array in (*weights, *biases, x)]
    double = [array.astype(np.float64) for array in single]
    one, other = (
        oracle.evaluate(arrays[:2], arrays[2:4], "tanh", arrays[4], y)
        for arrays in (single, double)
    )
    assert_same(one, other)
    coarse, fine = (
        oracle.sensitivity(arrays[:2], arrays[2:4], "tanh", arrays[4], y)
        for arrays in (single, double)
    )
    assert 1e7 < np.max(coarse.jacobian) / np.max(fine.jacobian) < 1e10


def test_sensitivity_of_a_line_is_a_sum_of_ulps() -> None:
    """H = w x + b moves by at most |x| ulp(w) + |w| ulp(x) + ulp(b), and some draw comes near."""
    w, x, b = 3.0, 700.0, 5.0
    arguments = ([np.array([[w]])], [np.array([b])], "identity", np.array([x]), np.array([0.0]))
    change = oracle.sensitivity(*arguments, draws=16)
    largest = x * np.spacing(w) + w * np.spacing(x) + np.spacing(b)
    assert 0.5 * largest < change.H[0] < 1.5 * largest
    assert change.jacobian[0, 0] == np.spacing(w)
    assert change.D[0] == 0


def test_sensitivity_sees_the_exponent_of_a_tail() -> None:
    """σ' of the sigmoid at z = -700 is exp(z): its relative change is the absolute change of z."""
    arguments = ([np.array([[700.0]])], [np.zeros(1)], "sigmoid", np.array([-1.0]))
    exact = oracle.evaluate(*arguments)
    change = oracle.sensitivity(*arguments, exact=exact, draws=16)
    relative = change.D[0][0] / exact.D[0][0]
    assert relative == pytest.approx(np.spacing(700.0) + 700 * np.spacing(1.0), rel=0.01)
    again = oracle.sensitivity(*arguments, draws=16)
    assert change.D[0][0] == again.D[0][0]

"""The oracle itself is right: by textbook definitions, by differences and by known networks."""

from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import oracle
import pytest
from mpmath import mp

PARAMETERS = {"leaky_relu": (0.2,), "elu": (1.7,), "softplus": (0.3,)}

# As the definitions stand in a textbook, whatever digits they lose.
SELU = Fraction("1.0507009873554804934193349852946")
SELU_ALPHA = Fraction("1.6732632423543772848170429916717")


def real(number: Fraction) -> Any:
    return mpmath.mpf(number.numerator) / number.denominator


TEXTBOOK: dict[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
    "tanh": lambda z: (mp.exp(z) - mp.exp(-z)) / (mp.exp(z) + mp.exp(-z)),
    "relu": lambda z: max(z, mp.zero),
    "leaky_relu": lambda z, slope: z if z > 0 else slope * z,
    "elu": lambda z, alpha: z if z > 0 else alpha * (mp.exp(z) - 1),
    "selu": lambda z: real(SELU) * (z if z > 0 else real(SELU_ALPHA) * (mp.exp(z) - 1)),
    "softplus": lambda z, beta: mp.log(1 + mp.exp(beta * z)) / beta,
    "silu": lambda z: z / (1 + mp.exp(-z)),
    "gelu": lambda z: z * (1 + mp.erf(z / mp.sqrt(2))) / 2,
    "gelu_tanh": lambda z: (
        z / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)))
    ),
    "mish": lambda z: z * mp.tanh(mp.log(1 + mp.exp(z))),
    "softsign": lambda z: z / (1 + abs(z)),
    "sin": mp.sin,
    "gaussian": lambda z: mp.exp(-z * z),
}
NAMES = sorted(TEXTBOOK)


def network(
    sizes: tuple[int, ...], scale: float = 1.0, seed: int = 0
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    weights = [scale * rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    biases = [scale * rng.normal(size=n) for n in sizes[1:]]
    return weights, biases, scale * rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])


def assert_same(one: oracle.Exact, other: oracle.Exact) -> None:
    """Each of them was rounded once: at most the last bit of a subnormal may be another."""
    for field in fields(oracle.Exact):
        for a, b in zip(getattr(one, field.name), getattr(other, field.name), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=2e-16, atol=5e-324)


def test_table_has_every_activation() -> None:
    assert set(NAMES) <= set(oracle.SIGMA)
    assert len(NAMES) == 15


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_sigma_is_the_textbook_function_and_its_derivatives(name: str, order: int) -> None:
    parameters = PARAMETERS.get(name, ())
    points = [1e-12, 0.1, 0.7, 1.2784645427610738, 2.3993572805154277, 5.0, 15.0, 30.0]
    for z in [sign * point for point in points for sign in (1, -1)]:
        got = oracle.sigma(name, parameters, z, order)
        with mpmath.workdps(1000):
            want = mp.diff(lambda t: TEXTBOOK[name](t, *parameters), mpmath.mpf(z), order)
            # A second difference of a line is not quite zero.
            assert abs(got - want) <= abs(want) * mpmath.mpf(10) ** -49 + mpmath.mpf(10) ** -950


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"gelu_tanh"}))
def test_sigma_keeps_its_digits_far_out(name: str) -> None:
    parameters = PARAMETERS.get(name, ())
    for z in (100.0, -100.0):
        got = oracle.sigma(name, parameters, z, 1)
        with mpmath.workdps(2300):
            want = mp.diff(lambda t: TEXTBOOK[name](t, *parameters), mpmath.mpf(z))
            assert abs(got - want) <= abs(want) * mpmath.mpf(10) ** -49


def test_sigma_without_parameters_takes_the_defaults() -> None:
    for name, z in (("leaky_relu", -2.0), ("elu", -2.0), ("softplus", 1.0)):
        default = {"leaky_relu": 0.01}.get(name, 1.0)
        assert oracle.sigma(name, (), z, 0) == oracle.sigma(name, (default,), z, 0)
        assert oracle.sigma(name, (), z, 0) != oracle.sigma(name, (0.5,), z, 0)


def test_slopes_at_the_kinks() -> None:
    assert oracle.sigma("relu", (), 0.0, 1) == 0
    assert oracle.sigma("leaky_relu", (0.25,), 0.0, 1) == 0.25
    assert oracle.sigma("elu", (0.25,), 0.0, 1) == 0.25
    assert abs(oracle.sigma("selu", (), 0.0, 1) - float(SELU * SELU_ALPHA)) < 1e-15
    assert oracle.sigma("softsign", (), 0.0, 1) == 1


EXTREMES = [0.0, 5e-324, 1e-300, 1e-9, 1.0, 19.0, 40.0, 372.0, 745.0, 1e3, 1e7, 1e100, 1.7e308]


@pytest.mark.parametrize("name", NAMES)
def test_both_libraries_agree_at_every_size_of_z(name: str) -> None:
    for z in [*EXTREMES, *(-point for point in EXTREMES)]:
        arguments = ([np.eye(1)], [np.zeros(1)], name, np.array([z]), np.ones(1))
        one = oracle.evaluate(*arguments, library="flint")
        assert_same(one, oracle.evaluate(*arguments, library="mpmath"))
        assert all(np.isfinite(one.a[0]) & np.isfinite(one.D[0]))
        for order, value in ((0, one.a[0]), (1, one.D[0])):
            exact = float(oracle.sigma(name, (), z, order))
            np.testing.assert_allclose(value, exact, rtol=2e-16, atol=5e-324)


@pytest.mark.parametrize("scale", [1.0, 40.0])
@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("shift", range(0, 15, 3))
def test_derivatives_are_those_of_textbook_sums(shift: int) -> None:
    """Differences at fifty digits of the cost and of every layer, in every W, b and x."""
    sizes, names = (2, 3, 2, 2), (NAMES * 2)[shift : shift + 3]
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


@pytest.mark.parametrize("shift", range(0, 15, 3))
def test_second_derivatives_are_those_of_textbook_sums(shift: int) -> None:
    """Second differences at fifty digits of every layer, in every pair of inputs."""
    sizes, names = (2, 3, 2, 2), (NAMES * 2)[shift : shift + 3]
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


def test_what_cancels_is_zero() -> None:
    """Two sums that cancel to the last digit: in ∂H/∂x, and in a z that stands on the kink."""
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

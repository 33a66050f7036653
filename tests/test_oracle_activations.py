"""The oracle's activations agree with textbook definitions and with each other."""

import mpmath
import numpy as np
import oracle
import pytest
from mpmath import mp
from networks import in_domain
from textbook import NAMES, PARAMETERS, SELU, SELU_ALPHA, TEXTBOOK, assert_same


def test_table_has_every_activation() -> None:
    assert set(NAMES) <= set(oracle.SIGMA)
    assert len(NAMES) == 19


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_sigma_is_the_textbook_function_and_its_derivatives(name: str, order: int) -> None:
    parameters = PARAMETERS.get(name, ())
    points = [1e-12, 0.1, 0.7, 1.2784645427610738, 2.3993572805154277, 5.0, 15.0, 30.0]
    for z in in_domain(name, np.array([sign * point for point in points for sign in (1, -1)])):
        got = oracle.sigma(name, parameters, z, order)
        with mpmath.workdps(1000):
            want = mp.diff(lambda t: TEXTBOOK[name](t, *parameters), mpmath.mpf(z), order)
            # A second difference of a line is not quite zero.
            assert abs(got - want) <= abs(want) * mpmath.mpf(10) ** -49 + mpmath.mpf(10) ** -950


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"gelu_tanh"}))
def test_sigma_keeps_its_digits_far_out(name: str) -> None:
    parameters = PARAMETERS.get(name, ())
    for z in in_domain(name, np.array([100.0, -100.0])):
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
    assert oracle.sigma("clip", (-0.5, 2.0), -0.5, 1) == 0
    assert oracle.sigma("clip", (-0.5, 2.0), 2.0, 1) == 1


EXTREMES = [0.0, 5e-324, 1e-300, 1e-9, 1.0, 19.0, 40.0, 372.0, 745.0, 1e3, 1e7, 1e100, 1.7e308]


@pytest.mark.parametrize("name", NAMES)
def test_both_libraries_agree_at_every_size_of_z(name: str) -> None:
    points = in_domain(name, np.array([*EXTREMES, *(-point for point in EXTREMES)]))
    for z in points[points > 1e-200] if name == "log" else points:  # where 1/z² is finite
        arguments = ([np.eye(1)], [np.zeros(1)], name, np.array([z]), np.ones(1))
        one = oracle.evaluate(*arguments, library="flint")
        assert_same(one, oracle.evaluate(*arguments, library="mpmath"))
        assert all(np.isfinite(one.a[0]) & np.isfinite(one.D[0]))
        for order, value in ((0, one.a[0]), (1, one.D[0])):
            exact = float(oracle.sigma(name, (), z, order))
            np.testing.assert_allclose(value, exact, rtol=2e-16, atol=5e-324)

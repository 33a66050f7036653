"""The compiled table of activations: σ, σ' and σ'' from z, right in the tails."""

import mpmath
import numpy as np
import oracle
import pytest
from networks import PARAMETERS, in_domain

from slopenet import _core
from slopenet.activations import TABLE, Activation, Parameter, sigma

NAMES = list(TABLE)
TAILS = [sign * z for z in (5.0, 15.0, 30.0, 100.0) for sign in (1, -1)]
TINY = 1e-300


def parameter(name: str) -> Parameter:
    return PARAMETERS.get(name, TABLE[name].preset)


def oracle_parameters(name: str) -> tuple[float, ...]:
    return Activation(name, parameter(name)).parameters


def test_the_two_tables_have_the_same_rows() -> None:
    compiled = {name: (count, preset) for name, count, preset in _core.activations()}
    reference = {
        name: (len(Activation(name, row.preset).parameters), row.preset)
        for name, row in TABLE.items()
    }
    assert compiled == reference


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu", "gelu"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_at_least_13_digits_in_the_tails(name: str, order: int) -> None:
    got = _core.activation(name, TABLE[name].preset, np.array(TAILS), order)[order]
    preset = (TABLE[name].preset,) if TABLE[name].parameter else ()
    for z, value in zip(TAILS, got, strict=True):
        exact = oracle.sigma(name, preset, z, order)
        if abs(exact) < TINY:
            assert abs(value - exact) <= TINY
        else:
            assert abs((value - exact) / exact) < 1e-13, (z, value)


def exact_values(name: str, z: np.ndarray, order: int) -> list[mpmath.mpf]:
    return [oracle.sigma(name, oracle_parameters(name), float(point), order) for point in z]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_few_ulp_from_the_exact_value_everywhere(name: str, order: int) -> None:
    """8 ulp of the value, or of 1 where σ' or σ'' crosses zero and no formula keeps its digits."""
    rng = np.random.default_rng(order)
    z = np.concatenate(
        [rng.normal(size=60), rng.uniform(-40, 40, 60), 10 ** rng.uniform(-9, 0, 20)]
    )
    z = in_domain(name, z)
    got = _core.activation(name, parameter(name), z, order)[order]
    for point, value, exact in zip(z, got, exact_values(name, z, order), strict=True):
        near_root = name in ("silu", "gelu", "gelu_tanh", "mish", "gaussian") and abs(exact) < 1
        scale = 1 if near_root and abs(point) < 4 else abs(exact)
        assert abs(value - exact) <= 8 * 2.0**-52 * scale + TINY, (point, value)


@pytest.mark.parametrize("name", NAMES)
def test_no_finite_z_gives_nan(name: str) -> None:
    rng = np.random.default_rng(0)
    magnitudes = 10.0 ** rng.uniform(-323, 308.2, 2000)
    special = [0.0, 5e-324, 2.2e-308, 745.2, 709.8, 1e154, 1.3e154, 1.7976931348623157e308]
    z = np.concatenate([magnitudes, special])
    z = np.concatenate([z, -z])
    z = z[z >= 0] if name == "log" else z
    for result in _core.activation(name, parameter(name), z, 2):
        assert not np.isnan(result).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_reference_over_the_array_api_agrees(name: str, order: int) -> None:
    z = np.concatenate([np.random.default_rng(0).normal(0, 6, 500), TAILS, [0.0, -0.0]])
    z = in_domain(name, z)
    got = _core.activation(name, parameter(name), z, order)[order]
    want = sigma((name, parameter(name)), z, order)
    np.testing.assert_allclose(got, want, rtol=3e-13, atol=3e-15)


def test_a_kink_gives_the_left_derivative_on_both_paths() -> None:
    selu = 1.0507009873554804934 * 1.6732632423543772848
    left = {"relu": 0.0, "leaky_relu": 0.2, "elu": 1.7, "selu": selu, "softsign": 1.0}
    for name, slope in left.items():
        for zero in (0.0, -0.0):
            z = np.array([zero])
            assert _core.activation(name, parameter(name), z, 1)[1][0] == pytest.approx(slope)
            assert sigma((name, parameter(name)), z, 1)[0] == pytest.approx(slope)


def test_clip_gives_the_left_derivative_at_both_of_its_kinks() -> None:
    z = np.array([-2.0, -0.5, np.nextafter(-0.5, 0), 1.0, 2.0, np.nextafter(2.0, 3), 3.0])
    bounds = (-0.5, 2.0)
    wanted = [np.clip(z, *bounds), [0, 0, 1, 1, 1, 0, 0], np.zeros(7)]
    for order, exact in enumerate(wanted):
        assert np.array_equal(_core.activation("clip", bounds, z, 2)[order], exact)
        assert np.array_equal(sigma(("clip", bounds), z, order), exact)
    assert np.isnan(_core.activation("clip", bounds, np.array([np.nan]), 0)[0]).all()


def test_cos_of_a_large_z_is_exact_on_either_side_of_the_reduction_limit() -> None:
    z = np.array([2.0**20 - 0.1, 2.0**20 + 0.1, -3e6, 1e22, 1e300])
    value, slope, second = _core.activation("cos", 0.0, z, 2)
    with mpmath.workdps(400):
        want = [(float(mpmath.cos(point)), -float(mpmath.sin(point))) for point in z]
    np.testing.assert_array_max_ulp(value, np.array(want)[:, 0], 4)
    np.testing.assert_array_max_ulp(slope, np.array(want)[:, 1], 4)
    assert np.array_equal(second, -value)


def test_sin_of_a_large_z_is_exact_on_either_side_of_the_reduction_limit() -> None:
    z = np.array([2.0**20 - 0.1, 2.0**20 + 0.1, -3e6, 1e22, 1e300])
    value, slope, _ = _core.activation("sin", 0.0, z, 2)
    with mpmath.workdps(400):
        want = [(float(mpmath.sin(point)), float(mpmath.cos(point))) for point in z]
    np.testing.assert_allclose(value, [w[0] for w in want], rtol=4e-16)
    np.testing.assert_allclose(slope, [w[1] for w in want], rtol=4e-16)


def test_an_order_that_does_not_exist_is_refused() -> None:
    for order in (-1, 3):
        with pytest.raises(ValueError, match="order must be 0, 1 or 2"):
            _core.activation("tanh", 0.0, np.zeros(3), order)


@pytest.mark.parametrize("beta", [1e-100, 1e-3, 1e100])
def test_softplus_is_finite_over_the_whole_range_of_beta(beta: float) -> None:
    z = np.array([0.0, 1.0, -1.0, 1e-100, -1e308, 1e308])
    for result in _core.activation("softplus", beta, z, 1):
        assert np.isfinite(result).all()


def test_sigma_double_prime_of_sigmoid_is_rounded_once_where_z_is_subnormal() -> None:
    """It is -z/8: of 5 units 0.625 of one, which is 1, but 0 for who rounds 2.5 to 2 on the way."""
    unit = np.float32(2.0**-149)
    z = np.array([5, -5, 12, 100, -4], np.float32) * unit
    got = _core.activation("sigmoid", 0.0, z, 2)[2]
    np.testing.assert_array_equal(got, np.array([-1, 1, -2, -12, 0], np.float32) * unit)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_one_entry_beyond_the_fast_path_changes_no_bit_of_its_neighbours(
    name: str, dtype: type[np.floating]
) -> None:
    z = np.random.default_rng(0).normal(size=600).astype(dtype)
    for place in (0, 95, 96, 97, 191, 300, 599):
        far = z.copy()
        far[place] = 1e4
        for order in range(3):
            alone = _core.activation(name, parameter(name), z, order)
            mixed = _core.activation(name, parameter(name), far, order)
            for a, b in zip(alone, mixed, strict=True):
                assert np.delete(a, place).tobytes() == np.delete(b, place).tobytes()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exp_and_log_are_those_of_numpy_at_the_ends(dtype: type[np.floating]) -> None:
    limits = np.finfo(dtype)
    z = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, limits.max, limits.tiny], dtype)
    z = np.append(z, limits.smallest_subnormal)
    with np.errstate(all="ignore"):
        e = np.exp(z)
        inside = np.where(z < 0, np.nan, z)
        log = np.log(z), 1 / inside, -((1 / inside) ** 2)
    for got in _core.activation("exp", 0.0, z, 2):
        np.testing.assert_array_max_ulp(got, e, 1)
    for got, want in zip(_core.activation("log", 0.0, z, 2), log, strict=True):
        np.testing.assert_array_max_ulp(got, want, 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exp_overflows_and_underflows_where_numpy_does(dtype: type[np.floating]) -> None:
    limits = np.finfo(dtype)
    ends = np.log(np.array([limits.max, limits.smallest_subnormal], np.float64)).astype(dtype)
    z = np.concatenate([end + np.linspace(-1, 1, 201).astype(dtype) for end in ends])
    with np.errstate(all="ignore"):
        np.testing.assert_array_max_ulp(_core.activation("exp", 0.0, z, 0)[0], np.exp(z), 1)

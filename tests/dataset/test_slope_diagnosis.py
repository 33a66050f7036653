"""Slopes that do not fit their values are found; those that fit are left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from slopenet.dataset.dataset import Names
from slopenet.dataset.slope_diagnosis import disagreements
from slopenet.demo import load_steam

Array = np.ndarray
UNNAMED = Names(None, None)
BOREHOLE = np.array(
    [
        [0.05, 100, 63070, 990, 63.1, 700, 1120, 9855],
        [0.15, 50000, 115600, 1110, 116, 820, 1680, 12045],
    ]
)


def borehole(x: Array) -> Array:
    r_w, r, T_u, H_u, T_l, H_l, L, K = x.T
    log = np.log(r / r_w)
    return 2 * np.pi * T_u * (H_u - H_l) / (log * (1 + T_u / T_l) + 2 * L * T_u / (r_w**2 * K))


def rastrigin(x: Array) -> Array:
    return (x**2 - 10 * np.cos(2 * np.pi * x)).sum(axis=1)


def rosenbrock(x: Array) -> Array:
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1)


def product(x: Array) -> Array:
    return np.prod(np.sin(2 * x + 0.5), axis=1)


def mixed(x: Array) -> Array:
    """Smooth, and different in every input."""
    return np.sin(2 * x[:, 0]) + 3 * x[:, 1] * x[:, 0] + np.exp(x[:, 2]) - x[:, 1]


def quadratic(x: Array) -> Array:
    return (np.arange(1, x.shape[1] + 1) * x**2).sum(axis=1) + x[:, 0] * x[:, -1]


def slopes(f: Callable[[Array], Array], X: Array) -> Array:
    """∂f/∂x (N, n) by the complex step."""
    steps = 1e-30j * np.eye(X.shape[1])
    return np.stack([f(X + step).imag / 1e-30 for step in steps], axis=1)


def found(X: Array, y: Array, dydx: Array, names: Names = UNNAMED) -> list[str]:
    return disagreements(X, y.reshape(len(X), -1), dydx.reshape(len(X), -1, X.shape[1]), names)


def sample(f: Callable[[Array], Array], n: int, inputs: int, seed: int = 0) -> list[Array]:
    X = np.random.default_rng(seed).uniform(-1, 1, (n, inputs))
    return [X, f(X), slopes(f, X)]


@pytest.mark.parametrize("n", [12, 30, 100, 1000])
@pytest.mark.parametrize("inputs", [1, 2, 5, 16])
@pytest.mark.parametrize("f", [rastrigin, product, quadratic])
def test_right_slopes_are_left_alone(f: Callable[[Array], Array], inputs: int, n: int) -> None:
    """However coarse the rows are, and with noise on the values too."""
    X, y, dydx = sample(f, n, inputs)
    assert not found(X, y, dydx)
    assert not found(X, y + 0.2 * y.std() * np.random.default_rng(1).normal(size=n), dydx)


def test_right_slopes_of_well_known_functions_are_left_alone() -> None:
    grid = np.stack(np.meshgrid([-2.0, 0.0, 2.0], [-2.0, 0.0, 2.0]), axis=-1).reshape(-1, 2)
    assert not found(grid, rosenbrock(grid), slopes(rosenbrock, grid))
    three = np.linspace(-np.pi, np.pi, 3)[:, None]
    assert not found(three, np.sin(three), np.cos(three))
    X = np.random.default_rng(0).uniform(-1, 1.5, (100, 2))
    assert not found(X, rastrigin(X), slopes(rastrigin, X))
    for n in (30, 100, 1000):
        X = np.random.default_rng(n).uniform(*BOREHOLE, (n, 8))
        assert not found(X, borehole(X), slopes(borehole, X))
    steam = load_steam()
    for n in (30, 90, 2400):
        assert not found(steam.X[:n], steam.y[:n], steam.dydx_or_nan[:n])


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (-1, "look of the wrong sign"),
        (1000, "look 1,000 times too large"),
        (1e-3, "look 1,000 times too small"),
        (180 / np.pi, "look 57.3 times too large (by degrees here, by radians there?)"),
        (-100, "look of the wrong sign and 100 times too large"),
    ],
)
def test_a_wrong_sign_or_unit_of_one_input_is_named(factor: float, says: str, n: int) -> None:
    X, y, dydx = sample(mixed, n, 3)
    dydx[:, 1] *= factor
    assert found(X, y, dydx) == [f"the slopes dy[:, 0]/dX[:, 1] {says}"]


def test_columns_in_the_wrong_order_are_named() -> None:
    X, y, dydx = sample(mixed, 60, 3)
    X *= [1, 100, 0.01]  # an order is seen whatever the units
    dydx /= [1, 100, 0.01]
    swapped = found(X, y, dydx[:, [2, 1, 0]], Names(("a", "b", "c"), ("f",)))
    assert swapped == ["the slopes df/da, df/dc look out of order: they fit as those by dc, da"]
    (turned,) = found(X, y, dydx[:, [1, 2, 0]], Names(("a", "b", "c"), ("f",)))
    assert "df/da, df/db, df/dc look out of order: they fit as those by db, dc, da" in turned


def test_one_sentence_names_the_same_fault_of_several_outputs_and_only_those() -> None:
    steam = load_steam().rows(slice(200))
    dydx = steam.dydx_or_nan.copy()
    dydx[:, [0, 2], 1] *= 1e-6
    names = Names(("T", "p"), ("rho", "h", "cp"))
    assert found(steam.X, steam.y, dydx, names) == [
        "the slopes drho/dp, dcp/dp look 1,000,000 times too small"
    ]


@pytest.mark.parametrize("n", [60, 1000])
@pytest.mark.parametrize("inputs", [1, 2])
def test_strong_noise_is_found(inputs: int, n: int) -> None:
    X, y, dydx = sample(product, n, inputs)
    noise = np.random.default_rng(1).normal(size=dydx.shape)
    (sentence,) = found(X, y, dydx + np.sqrt((dydx**2).mean()) * noise)
    assert "look noisy, or as if of another quantity" in sentence


def test_slopes_of_another_output_are_found() -> None:
    X, y, dydx = sample(product, 200, 2)
    both = np.stack([y, np.exp(X[:, 0])], axis=1)
    (sentence,) = found(X, both, np.stack([dydx, dydx], axis=1))
    assert "dy[:, 1]/dX[:, 0], dy[:, 1]/dX[:, 1] look noisy, or as if of another" in sentence


def test_missing_slopes_hide_no_mistake_and_make_none() -> None:
    X, y, dydx = sample(mixed, 120, 3)
    dydx[::2] = np.nan
    assert not found(X, y, dydx)
    dydx[:, 2] *= -1
    assert found(X, y, dydx) == ["the slopes dy[:, 0]/dX[:, 2] look of the wrong sign"]
    assert not found(X, y, np.full_like(dydx, np.nan))


def test_an_input_that_has_no_slopes_at_all_hides_no_mistake() -> None:
    X, _, _ = sample(mixed, 120, 3)
    X[:, 0] *= 0.2
    dydx = slopes(mixed, X)
    dydx[:, 0] = np.nan
    assert not found(X, mixed(X), dydx)
    dydx[:, 2] *= -1
    assert found(X, mixed(X), dydx) == ["the slopes dy[:, 0]/dX[:, 2] look of the wrong sign"]


def test_slopes_without_evidence_are_left_alone() -> None:
    X, y, dydx = sample(mixed, 120, 3)
    wrong = -dydx
    assert not found(X[:11], y[:11], wrong[:11])
    assert not found(np.ones_like(X), y, wrong)
    assert not found(
        np.repeat(X[:5], 20, axis=0), np.repeat(y[:5], 20), np.repeat(wrong[:5], 20, 0)
    )


@pytest.mark.parametrize("scale", [1e-140, 1e100])
def test_a_constant_or_doubled_input_repeated_rows_and_extreme_units_do_no_harm(
    scale: float,
) -> None:
    X, y, dydx = sample(mixed, 100, 3)
    wide = np.column_stack([X, np.full(100, 7.0)])
    assert not found(wide, y, np.column_stack([dydx, np.zeros(100)]))
    assert not found(X[:, [0, 1, 2, 2]], y, np.column_stack([dydx, np.zeros(100)]))
    assert not found(np.repeat(X, 3, axis=0), np.repeat(y, 3), np.repeat(dydx, 3, axis=0))
    dydx[:, 1] *= -1
    (sentence,) = found(X * scale, y / scale, dydx / scale / scale)
    assert "dX[:, 1] look of the wrong sign" in sentence

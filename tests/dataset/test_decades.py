"""Columns that spread over decades are noticed, and others are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import qmc

from slopenet.dataset.decades import INPUTS, OUTPUTS, Decades, spread_of

Draw = Callable[[np.random.Generator, int], np.ndarray]

ORDINARY: dict[str, Draw] = {
    "uniform": lambda rng, n: rng.uniform(size=n),
    "uniform from 0.001 to 1": lambda rng, n: rng.uniform(0.001, 1, n),
    "uniform of both signs": lambda rng, n: rng.uniform(-1, 1, n),
    "normal": lambda rng, n: rng.normal(size=n),
    "size of normal": lambda rng, n: np.abs(rng.normal(size=n)),
    "Laplace": lambda rng, n: rng.laplace(size=n),
    "Latin hypercube": lambda rng, n: qmc.LatinHypercube(1, seed=rng).random(n)[:, 0],
    "two decades": lambda rng, n: 10 ** rng.uniform(0, 2, n),
    "a square": lambda rng, n: (rng.uniform(-5, 5, (n, 3)) ** 2).sum(axis=1),
    "whole numbers": lambda rng, n: rng.integers(0, 5, n).astype(float),
    "constant": lambda rng, n: np.full(n, 3.0),
}
WIDE: dict[str, Draw] = {
    "Reynolds number": lambda rng, n: 10 ** rng.uniform(-1, 6, n),
    "negative": lambda rng, n: -(10 ** rng.uniform(-1, 6, n)),
    "lognormal": lambda rng, n: rng.lognormal(0, 3, n),
    "drag coefficient": lambda rng, n: 24 / 10 ** rng.uniform(-1, 6, n) + 0.4,
}


@pytest.mark.parametrize("n", [10, 30, 300])
@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_columns_are_not_wide(name: str, n: int) -> None:
    rng = np.random.default_rng(0)
    columns = np.stack([ORDINARY[name](rng, n) for _ in range(100)], axis=1)
    for left in (INPUTS, OUTPUTS):
        found = Decades.of(columns, left)
        assert not found.logarithms.any()
        assert not found.crossing.any()


@pytest.mark.parametrize("name", WIDE)
def test_columns_over_decades_are_wide(name: str) -> None:
    rng = np.random.default_rng(0)
    columns = np.stack([WIDE[name](rng, 100) for _ in range(100)], axis=1)
    found = Decades.of(columns, OUTPUTS)
    assert np.mean(found.logarithms > 0) >= 0.95
    assert not found.crossing.any()


@pytest.mark.parametrize("n", [10, 20, 50])
def test_few_inputs_over_decades_are_noticed(n: int) -> None:
    rng = np.random.default_rng(0)
    columns = np.stack([10 ** rng.uniform(-1, 6, n) for _ in range(200)], axis=1)
    assert np.mean(Decades.of(columns, INPUTS).logarithms > 0) >= (0.85 if n < 20 else 0.95)


def test_outputs_with_zeros_somewhere_are_rarely_wide() -> None:
    """Rosenbrock's function: its values spread over decades, its logarithm is no easier."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 2, (2, 200, 200))
    found = Decades.of(100 * (y - x * x) ** 2 + (1 - x) ** 2, OUTPUTS)
    assert np.mean(found.logarithms > 0) < 0.05


def test_the_decades_are_those_between_the_quantiles() -> None:
    column = 10 ** np.linspace(-2, 4, 201)
    assert spread_of(column, INPUTS) == pytest.approx(0.9 * 6)
    assert spread_of(-column, INPUTS) == spread_of(column, INPUTS)
    assert spread_of(np.repeat(column, 200), INPUTS) == pytest.approx(0.9 * 6, rel=1e-2)


def test_columns_with_zeros_or_both_signs_have_no_logarithm() -> None:
    column = 10 ** np.linspace(-2, 4, 201)
    both = np.where(np.arange(201) % 2, column, -column)
    found = Decades.of(np.stack([np.append(column, 0.0), np.append(both, 1.0)], axis=1), INPUTS)
    assert not found.logarithms.any()
    assert found.crossing == pytest.approx(0.9 * 6, rel=0.05)


def test_a_few_values_say_nothing_and_missing_ones_do_not_count() -> None:
    column = 10 ** np.linspace(-2, 4, 201)
    assert spread_of(np.tile([1e-3, 1.0, 1e3], 50), INPUTS) == 0
    found = Decades.of(np.stack([np.append(column, np.nan), np.full(202, np.nan)], axis=1), INPUTS)
    np.testing.assert_allclose(found.logarithms, [0.9 * 6, 0])

"""Steps from explicit rows: the same as those of sums of products."""

import numpy as np
import pytest

from slopenet.training.objective.normal_equations import Products, Ridge, Summed
from slopenet.training.shape.wide import Wide

rng = np.random.default_rng(0)


@pytest.mark.parametrize("damping", [1.0, 1e-4])
def test_the_dual_is_the_primal(damping: float) -> None:
    r, J = rng.normal(size=5), rng.normal(size=(5, 8))
    P = np.array([1.0] * 6 + [0.0] * 2)
    ridge = Ridge(0.3, P, P * rng.normal(size=8))
    wide, summed = Wide(r, J, ridge), Summed(Products.of([(r, J)], 8), ridge)
    (d, promise), (wanted, as_promised) = wide.step(damping), summed.step(damping)
    np.testing.assert_allclose(d, wanted, rtol=1e-9)
    assert promise == pytest.approx(as_promised, rel=1e-10)
    np.testing.assert_allclose(wide.gradient, summed.gradient, rtol=1e-12)
    assert wide.cost == pytest.approx(summed.cost)
    assert wide.largest == pytest.approx((J @ J.T).diagonal().max())


def test_a_step_that_is_not_finite_is_none() -> None:
    P = np.ones(3)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = Wide(np.full(2, 1e200), np.full((2, 3), 1e200), Ridge(0.0, P, P))
        assert wide.step(1.0) is None

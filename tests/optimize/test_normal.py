"""log h and its derivatives, compared with 80 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from slopenet.optimize.normal import log_h

POINTS = np.r_[-np.logspace(3, -3, 80), 0.0, np.logspace(-3, 2, 40), -4.0, np.nextafter(-4.0, -5)]


def reference(u: float) -> tuple[mpmath.mpf, ...]:
    """log h, Φ/h and φ/h."""
    with mpmath.workdps(400):  # 1 - x R cancels 2 log10(x) digits; φ(1000) needs none
        x = mpmath.mpf(u)
        density, below = mpmath.npdf(x), mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        h = density + x * below
        return mpmath.log(h), below / h, density / h


@pytest.mark.parametrize("u", POINTS)
def test_the_logarithm_and_both_ratios_agree_with_80_digits(u: float) -> None:
    for found, expected in zip(log_h(np.array([u])), reference(u), strict=True):
        assert abs(found[0] - expected) <= 3e-14 * max(1, abs(expected))


def test_far_from_any_improvement_the_slope_of_the_logarithm_is_that_of_its_asymptote() -> None:
    u = np.array([-1e8, -1e50, -1e150])
    found = log_h(u)
    np.testing.assert_allclose(found.log, -0.5 * u**2, rtol=1e-13)
    np.testing.assert_allclose(found.slope, -u, rtol=1e-13)
    np.testing.assert_allclose(found.density, u**2, rtol=1e-13)


def test_at_infinity_it_is_a_limit_without_a_warning() -> None:
    found = log_h(np.array([-np.inf, 1e300]))
    assert found.log[0] == -np.inf
    assert found.log[1] == pytest.approx(np.log(1e300))
    assert found.slope[1] == pytest.approx(1e-300)

"""Violations that are left: the worst point of each constraint, in the user's units."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.search import Box
from slopenet.training.shape.violations import Violation, violations

# 10 softplus(x/100) + 5
BOWL = sn.Network(
    [np.array([[0.01]]), np.array([[10.0]])],
    [np.zeros(1), np.full(1, 5.0)],
    ["softplus", "identity"],
)
BOX = Box(np.array([[-1.0], [1.0]]), np.array([-1.0]), np.array([1.0]))


def given(Z: np.ndarray) -> np.ndarray:
    return 100 * Z


def test_the_worst_point_and_its_size_are_in_the_users_units() -> None:
    """The slope of 10 softplus(x/100) is 0.1 sigmoid(x/100), largest at x = 100."""
    found = violations(BOWL, [Constraint(0, (0,), -1.0, "dy/dx <= 0.05", bound=-0.05)], BOX, given)
    assert len(found) == 1
    np.testing.assert_allclose(found[0].point, [100])
    assert found[0].size == pytest.approx(0.1 / (1 + np.exp(-1)) - 0.05, rel=1e-12)
    assert str(found[0]) == "dy/dx <= 0.05 fails by 0.023 at (100)"


def test_a_curvature_is_the_second_derivative() -> None:
    found = violations(
        BOWL, [Constraint(0, (0,), -1.0, "y concave in x", curved=True)], BOX, given, 2
    )
    np.testing.assert_allclose(found[0].point, [0], atol=0.1)
    assert found[0].size == pytest.approx(10 * 1e-4 / 4, rel=1e-5)
    assert str(found[0]).startswith("y concave in x of network 2 fails by 0.00025 at (")


def test_nothing_is_left_of_constraints_that_hold() -> None:
    obeyed = [Constraint(0, (0,), 1.0, ""), Constraint(0, (0,), 1.0, "", curved=True)]
    assert violations(BOWL, obeyed, BOX, given) == []
    assert isinstance(violations(BOWL, [Constraint(0, (0,), -1.0, "")], BOX, given)[0], Violation)

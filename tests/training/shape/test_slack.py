"""Slacks of constraints from Jacobians and Hessians, and the directions in which they are least."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.slack import direction, slacks

NET = sn.Network.random((3, 8, 2), hidden="tanh", rng=1)
X = np.random.default_rng(0).normal(size=(20, 3))
J, HESSIAN = NET.jacobian(X), NET.hessian(X)


def test_slacks_are_slopes_beyond_a_bound() -> None:
    found = slacks(
        [Constraint(1, (2,), 1.0, "", bound=0.2), Constraint(0, (1,), -1.0, "", bound=-0.1)],
        J,
        None,
    )
    np.testing.assert_array_equal(found[:, 0], J[:, 1, 2] - 0.2)
    np.testing.assert_array_equal(found[:, 1], 0.1 - J[:, 0, 1])


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("inputs", [(1,), (0, 2), (0, 1, 2)])
def test_a_curvature_is_the_least_of_all_directions(inputs: tuple[int, ...], sign: float) -> None:
    constraint = Constraint(1, inputs, sign, "", curved=True)
    found = slacks([constraint], J, HESSIAN)[:, 0]
    V = np.zeros((500, 3))
    V[:, inputs] = np.random.default_rng(1).normal(size=(500, len(inputs)))
    V /= np.linalg.norm(V, axis=1, keepdims=True)
    drawn = sign * np.einsum("vi,nij,vj->nv", V, HESSIAN[:, 1], V)
    assert (found[:, None] <= drawn + 1e-12).all()
    v = direction(constraint, HESSIAN, 3)
    assert not np.delete(v, inputs, axis=1).any()
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1)
    np.testing.assert_allclose(
        sign * np.einsum("ni,nij,nj->n", v, HESSIAN[:, 1], v), found, atol=1e-12
    )


def test_a_curvature_without_a_hessian_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs the Hessian"):
        slacks([Constraint(0, (0,), 1.0, "", curved=True)], J, None)

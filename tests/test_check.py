"""The derivative checker passes right networks and catches wrong derivatives."""

import numpy as np
import pytest
from networks import ACTIVATIONS, points, random_network

import slopenet as sn
from slopenet.activations import ActivationSpec


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_a_right_network_passes(activation: ActivationSpec, dtype: type) -> None:
    net = random_network((4, 20, 15, 3), activation, output="identity", dtype=dtype)
    check = sn.check_derivatives(net, points(20, net))
    assert check.passed, str(check)
    assert max(check.errors.values()) > 0
    assert str(check).startswith("All derivatives agree with the complex step (20 points")


class Wrong(sn.Network):
    """A network whose Jacobian is off by one part in a billion."""

    __slots__ = ()

    def jacobian(self, X):  # type: ignore[no-untyped-def]
        return super().jacobian(X) * (1 + 1e-9)


def test_a_wrong_derivative_is_named() -> None:
    right = random_network((3, 5, 2))
    check = sn.check_derivatives(Wrong(right.weights, right.biases, "tanh"), points(4, right))
    assert not check.passed
    assert check.errors["jacobian"] == pytest.approx(1e-9, rel=0.5)
    assert "NOT all derivatives agree with the complex step: jacobian (" in str(check)
    assert str(check).count("WRONG") == 1


def test_a_single_point_may_be_checked() -> None:
    net = random_network((3, 5, 2))
    check = sn.check_derivatives(net, [0.1, 0.2, 0.3])
    assert check.passed
    assert "(1 point," in str(check)


def test_kinks_agree_with_the_left_derivative() -> None:
    net = sn.Network([np.eye(2)], [np.zeros(2)], "relu")
    assert sn.check_derivatives(net, [[0.0, 1.0]]).passed

"""The derivative checker passes right networks and catches wrong derivatives."""

import numpy as np
import pytest
from networks import ACTIVATIONS, points, random_network

import slopenet as sn
from slopenet.activations import ActivationSpec
from slopenet.gradcheck import check as check_module


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


SECOND = ["hessian", "hvp", "weighted_hessian", "laplacian"]


def test_every_derivative_has_its_line() -> None:
    net = random_network((3, 5, 2))
    first = ["jacobian", "value_and_jacobian", "jvp", "vjp", "backprop (gradient in θ)"]
    assert list(sn.check_derivatives(net, points(4, net)).errors) == first + SECOND


@pytest.mark.parametrize("inputs", [3, 11])
@pytest.mark.parametrize("name", SECOND)
def test_a_wrong_second_derivative_is_named(name: str, inputs: int) -> None:
    """With few inputs entry by entry, with more along random directions."""

    def wrong(self, *given):  # type: ignore[no-untyped-def]
        return getattr(sn.Network, name)(self, *given) * (1 + 1e-9)

    right = random_network((inputs, 5, 2))
    other = type("Other", (sn.Network,), {"__slots__": (), name: wrong})
    check = sn.check_derivatives(other(right.weights, right.biases, "tanh"), points(4, right))
    assert [key for key, error in check.errors.items() if error > check.tolerance] == [name]
    assert check.errors[name] == pytest.approx(1e-9, rel=0.9)


def test_hessians_of_many_points_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    net = random_network((3, 5, 2))
    whole = sn.check_derivatives(net, points(40, net))
    monkeypatch.setattr(check_module, "_AT_ONCE", 100)
    assert sn.check_derivatives(net, points(40, net)) == whole


def test_a_single_point_may_be_checked() -> None:
    net = random_network((3, 5, 2))
    check = sn.check_derivatives(net, [0.1, 0.2, 0.3])
    assert check.passed
    assert "(1 point," in str(check)


@pytest.mark.parametrize("activation", ["relu", ("leaky_relu", 0.2), ("elu", 1.7), "selu"], ids=str)
def test_kinks_agree_with_the_left_derivative(activation: ActivationSpec) -> None:
    net = sn.Network([np.eye(2)], [np.zeros(2)], activation)
    check = sn.check_derivatives(net, [[0.0, 1.0], [0.0, -1.0]])
    assert check.passed, str(check)

"""Error bars once more points are known: those of conditioning a normal law on them."""

from __future__ import annotations

import numpy as np
import pytest
from networks_with_error_bars import KINDS, fitted

import slopenet as sn
from slopenet.optimize.believed import believing

X = np.random.default_rng(3).uniform(-1, 1, (10, 2))
P = np.array([[0.9, -0.9], [-0.3, 0.1]])


def test_the_deviations_are_those_of_the_conditional_law(net: sn.Network) -> None:
    C = net.joint_covariance(np.concatenate([P, X]))[0]
    own, noise = 0.0, 0.0
    if net.posterior.kind == "process":  # its network is near it, and its values have noise
        scale = net.posterior.units.s_y[0]
        own = (net.posterior.distance[0, 0] * scale) ** 2
        noise = (net.posterior.noise[0, 0] * net.posterior.inflation[0] * scale) ** 2
        C -= own * np.eye(len(C))
    given = C[2:, 2:] - C[2:, :2] @ np.linalg.solve(C[:2, :2] + noise * np.eye(2), C[:2, 2:])
    found, before = believing(net, P), net.std(X)[:, 0]
    expected = np.sqrt(given.diagonal() + own)
    np.testing.assert_allclose(found.std(X)[:, 0], expected, atol=3e-3 * before.max())
    assert expected.mean() < 0.99 * before.mean()
    np.testing.assert_array_equal(found(X), net(X))


@pytest.mark.parametrize("kind", KINDS)
def test_with_slopes_the_deviations_of_slopes_vanish_too(kind: str) -> None:
    net = fitted(kind, slopes=True)
    values, both = believing(net, P), believing(net, P, slopes=True)
    before, after = net.jacobian_std(P), both.jacobian_std(P)
    distance = getattr(net.posterior, "distance", np.zeros((1, 3)))[:, 1:] * net.posterior.units.s_y
    assert np.all(after <= 0.1 * before + 2 * distance / net.posterior.units.s_x)
    assert np.all(both.std(X) <= values.std(X) * (1 + 1e-6) + 1e-9)


def test_no_points_leave_the_network_as_it_is(net: sn.Network) -> None:
    assert believing(net, P[:0]) is net


def test_another_posterior_is_refused() -> None:
    net = sn.Network.random((2, 3, 1), rng=0)
    with pytest.raises(TypeError, match="posterior NoneType cannot take points"):
        believing(net, P)

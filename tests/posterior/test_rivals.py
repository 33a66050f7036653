"""Distances to other networks in error bars: the sum of squares that they should be."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import slopenet as sn
from slopenet.optimize.believed import believing
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.rivals import Rival
from slopenet.training import rivals
from slopenet.training.rivals import with_rivals

RNG = np.random.default_rng(0)
X, T = RNG.uniform(-1, 1, (60, 2)), RNG.uniform(-1, 1, (40, 2))


def kinks(X: np.ndarray) -> np.ndarray:
    return np.stack([np.abs(X[:, 0] - 0.2) + X[:, 1], np.maximum(X[:, 0] * X[:, 1], 0)], axis=1)


def by_lm(**given) -> sn.Network:
    settings = {"method": "lm", "hidden": (15, 12), "epochs": 60, "restarts": 1, "rng": 0}
    return sn.fit(100 + 5 * X, 1e3 * kinks(X), **settings | given).network


def standard(net: sn.Network, like: sn.Network) -> Rival:
    """In the standard units of another network."""
    units, (*W, V), (*b, c) = like.posterior.units, net.weights, net.biases
    first = b[0] + W[0] @ units.m_x
    weights = [W[0] * units.s_x, *W[1:], V / units.s_y[:, None]]
    biases = [first, *b[1:], (c - like.biases[-1]) / units.s_y]
    return Rival(weights, biases, net._activations)


@pytest.fixture(scope="module")
def nets() -> tuple[sn.Network, sn.Network, sn.Network]:
    """One, another, and the first with the other as a rival of the share 0.3."""
    one, other = by_lm(), by_lm(hidden=(7,), activation="softplus", rng=1)
    known = one.posterior.compared([standard(other, one)], [0.3])
    return one, other, one.with_posterior(known)


def test_squares_of_distances_are_added(nets) -> None:
    one, other, both = nets
    x = 100 + 5 * T
    distance = other(x) - one(x)
    of_slopes = other.jacobian(x) - one.jacobian(x)
    wanted = np.sqrt(one.std(x) ** 2 + 0.3 * distance**2)
    np.testing.assert_allclose(both.std(x), wanted, rtol=1e-9)
    wanted = np.sqrt(one.jacobian_std(x) ** 2 + 0.3 * of_slopes**2)
    np.testing.assert_allclose(both.jacobian_std(x), wanted, rtol=1e-9)
    products = 0.3 * distance.T[:, :, None] * distance.T[:, None]
    joint = one.joint_covariance(x) + products
    np.testing.assert_allclose(both.joint_covariance(x), joint, atol=1e-9 * joint.max())
    assert np.mean(distance**2) > 0.01 * np.mean(one.std(x) ** 2)


def test_slopes_of_deviations_are_their_differences(nets) -> None:
    net, h = nets[2], 1e-4
    x = 100 + 5 * T[:5]
    C, std = net.covariance(x), net.std(x)
    for i, unit in enumerate(np.eye(2)):
        slope = (net.std(x + h * unit) - net.std(x - h * unit)) / (2 * h)
        np.testing.assert_allclose(C[:, :, 0, 1 + i] / std, slope, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(np.einsum("nkii->nki", C)[:, :, 0], std**2, rtol=1e-9)


def test_files_pickles_and_single_outputs_keep_them(nets, tmp_path) -> None:
    net, x = nets[2], 100 + 5 * T
    net.save(tmp_path / "net")
    for again in (sn.load(tmp_path / "net"), pickle.loads(pickle.dumps(net))):
        assert again == net
        np.testing.assert_array_equal(again.covariance(x), net.covariance(x))
    one = sn.Network(
        [*net.weights[:-1], net.weights[-1][1:]],
        [*net.biases[:-1], net.biases[-1][1:]],
        net.activations,
        posterior=net.posterior.some([1]),
    )
    np.testing.assert_allclose(one.std(x)[:, 0], net.std(x)[:, 1], rtol=1e-12)


def test_believed_points_are_known(nets) -> None:
    net, p = nets[2], 100 + 5 * T[:2]
    assert (believing(net, p).std(p) < 1e-6 * net.std(p)).all()


def test_a_rival_of_other_sizes_does_not_suit(nets) -> None:
    one, other, _ = nets
    rival = standard(other, one)
    narrow = Rival([rival.weights[0][:, :1], rival.weights[1]], rival.biases, rival.activations)
    with pytest.raises(ValueError, match="posterior must be of the layers of this network"):
        one.with_posterior(one.posterior.compared([narrow], [0.3]))


def test_the_nearest_are_taken_by_their_errors(nets) -> None:
    one, other, _ = nets
    best, rival = standard(one, one), standard(other, one)
    far = with_rivals(one.posterior, best, [(4.0, rival), (np.inf, rival)])
    assert far is one.posterior
    found = with_rivals(one.posterior, best, [(2.0, rival)] * 4 + [(1.0, rival)])
    assert len(found.rivals) == 3
    shares = found.root[0, -3:, -3:].diagonal() ** 2
    np.testing.assert_allclose(shares, np.array([1 / 2, 1 / 5, 1 / 5]) / 3)


def test_a_rival_that_would_make_the_file_too_large_is_left_out(nets, monkeypatch) -> None:
    one, other, _ = nets
    best, rival = standard(one, one), standard(other, one)
    small = Rival([np.ones((2, 2))], [np.ones(2)], rival.activations[-1:])
    monkeypatch.setattr(rivals, "NUMBERS", one.posterior.root.size + 20)
    found = with_rivals(one.posterior, best, [(1.0, rival), (2.0, small)])
    assert [each.sizes for each in found.rivals] == [(2, 2)]


def test_a_fit_that_tries_several_networks_knows_how_far_they_are() -> None:
    """Where two of them disagree about a kink, the best alone is too sure of its slopes."""
    truth = np.stack([np.sign(T[:, 0] - 0.2), np.ones(len(T))], axis=1)
    net = sn.fit(X, kinks(X)[:, 0], epochs=100, rng=0).network
    posterior = net.posterior
    assert isinstance(posterior, LaplacePosterior)
    assert posterior.rivals
    m, r = (n - len(posterior.rivals) for n in posterior.root.shape[1:])
    alone = net.with_posterior(
        LaplacePosterior(posterior.root[:, :m, :r], posterior.noise, posterior.units)
    )
    assert (net.std(T) >= alone.std(T)).all()
    missed = np.abs(net.jacobian(T)[:, 0] - truth)
    alone, both = (np.mean(missed <= 1.645 * each.jacobian_std(T)[:, 0]) for each in (alone, net))
    assert alone + 0.03 < both
    full = sn.fit(X, kinks(X)[:, 0], epochs=100, posterior="full", rng=0).network
    assert full == net
    assert not full.posterior.rivals

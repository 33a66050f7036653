"""The Laplace approximation: by dense linear algebra, by differences, and near the full one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import slopenet as sn
from slopenet.posterior.full import FullPosterior
from slopenet.posterior.laplace import LaplacePosterior

X = np.random.default_rng(0).uniform(-1, 1, (30, 2))
T = np.random.default_rng(1).uniform(-1, 1, (200, 2))


def f(X: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * X[:, 0]) * X[:, 1], X[:, 0] + X[:, 1] ** 2], axis=1)


def slopes(X: np.ndarray) -> np.ndarray:
    a, b = X.T
    first = np.stack([2 * np.cos(2 * a) * b, np.sin(2 * a)], axis=1)
    return np.stack([first, np.stack([np.ones_like(a), 2 * b], axis=1)], axis=1)


def fitted(posterior: str, hidden: tuple[int, ...] = (12, 12), **given) -> sn.Network:
    settings = {"method": "lm", "hidden": hidden, "rng": 0, "restarts": 1, "epochs": 40}
    noise = 0.02 * np.random.default_rng(2).normal(size=(len(X), 2))
    return sn.fit(X, f(X) + noise, posterior=posterior, **settings | given).network


def gradient(net: sn.Network, x: np.ndarray) -> np.ndarray:
    """∂H_k/∂θ at one point by central differences: (n_L, p)."""
    columns = []
    for layer in range(len(net.weights)):
        for which in ("weights", "biases"):
            array = getattr(net, which)[layer]
            for index in np.ndindex(array.shape):
                sides = []
                for h in (1e-5, -1e-5):
                    parts = {"weights": list(net.weights), "biases": list(net.biases)}
                    moved = array.copy()
                    moved[index] += h
                    parts[which][layer] = moved
                    sides.append(sn.Network(*parts.values(), list(net.activations))(x))
                columns.append((sides[0] - sides[1]) / 2e-5)
    return np.stack(columns, axis=1)


def test_the_full_posterior_is_that_of_dense_linear_algebra() -> None:
    """In standard units, with differences for derivatives; biases have a ridge of 1e-3."""
    ridge = 0.01
    net = fitted("full", (3,), l2=ridge)
    assert isinstance(net.posterior, FullPosterior)
    units = net.posterior.units
    (W, V), (b, c) = net.weights, net.biases
    noise = 0.02 * np.random.default_rng(2).normal(size=(len(X), 2))
    y = f(X) + noise
    standard = sn.Network(
        [W * units.s_x, V / units.s_y[:, None]],
        [b + W @ units.m_x, (c - y.mean(axis=0)) / units.s_y],
        list(net.activations),
    )
    Z = units.standard(X)
    J = np.concatenate([gradient(standard, z) for z in Z])
    of_weights = [np.ones(W.size), np.zeros(b.size), np.ones(V.size), np.zeros(c.size)]
    A = J.T @ J + np.diag(np.where(np.concatenate(of_weights) > 0, ridge, 1e-3))
    missed = standard(Z) - (y - y.mean(axis=0)) / units.s_y
    squares = sum(float((w**2).sum()) for w in standard.weights)
    s2 = (float((missed**2).sum()) + ridge * squares) / missed.size
    for x in T[:3]:
        j = gradient(standard, units.standard(x))
        wanted = np.sqrt(s2 * np.einsum("kp,pk->k", j, np.linalg.solve(A, j.T))) * units.s_y
        np.testing.assert_allclose(net.std(x), wanted, rtol=1e-5)


@pytest.mark.parametrize("posterior", ["auto", "full"])
def test_slopes_of_deviations_are_their_differences(posterior: str) -> None:
    net = fitted(posterior)
    kind = {"auto": LaplacePosterior, "full": FullPosterior}[posterior]
    assert isinstance(net.posterior, kind)
    h, C, std = 1e-5, net.covariance(T[:4]), net.std(T[:4])
    for i, unit in enumerate(np.eye(2)):
        slope = (net.std(T[:4] + h * unit) - net.std(T[:4] - h * unit)) / (2 * h)
        np.testing.assert_allclose(C[:, :, 0, 1 + i] / std, slope, rtol=1e-4, atol=1e-6)
    moves = np.concatenate([T[:1] + h * np.eye(2)[:1], T[:1] - h * np.eye(2)[:1]])
    joint = net.joint_covariance(moves)
    by_first = (joint[:, 0, 0] + joint[:, 1, 1] - 2 * joint[:, 0, 1]) / (4 * h * h)
    np.testing.assert_allclose(net.jacobian_std(T[0])[:, 0] ** 2, by_first, rtol=1e-3)
    both = net.value_and_jacobian_std(T[:4])
    np.testing.assert_allclose(both[0], std, rtol=1e-9)
    np.testing.assert_allclose(both[1], np.sqrt(np.einsum("nkii->nki", C))[:, :, 1:], rtol=1e-9)


def test_the_small_form_is_near_the_full_one() -> None:
    full, small = fitted("full"), fitted("auto")
    assert full == small
    ratio = small.std(T) / full.std(T)
    assert 0.8 < np.median(ratio) < 1.25
    assert np.quantile(ratio, 0.05) > 0.4
    assert np.quantile(ratio, 0.95) < 2


def test_the_deviation_of_few_weights_is_exact_by_default() -> None:
    assert isinstance(fitted("auto", (4,)).posterior, FullPosterior)


@pytest.mark.parametrize("posterior", ["auto", "full"])
def test_bands_cover_values_and_slopes(posterior: str) -> None:
    inside, of_slopes = [], []
    for seed in range(3):
        net = fitted(posterior, rng=seed, epochs=150)
        std, slope_std = net.value_and_jacobian_std(T)
        inside.append(np.abs(net(T) - f(T)) <= 1.645 * std)
        of_slopes.append(np.abs(net.jacobian(T) - slopes(T)) <= 1.645 * slope_std)
    assert 0.75 <= np.mean(inside) <= 0.995
    assert 0.75 <= np.mean(of_slopes) <= 0.995


def test_noise_is_that_of_the_data() -> None:
    net = fitted("auto", epochs=150)
    noise = np.sqrt(net.std(T, noise=True) ** 2 - net.std(T) ** 2)
    np.testing.assert_allclose(noise, np.broadcast_to(noise[0], noise.shape), rtol=1e-6)
    assert ((0.01 < noise[0]) & (noise[0] < 0.04)).all()


@pytest.mark.parametrize("posterior", ["auto", "full"])
def test_files_and_pickles_keep_it(posterior: str, tmp_path) -> None:
    net = fitted(posterior)
    net.save(tmp_path / "net")
    for again in (sn.load(tmp_path / "net"), pickle.loads(pickle.dumps(net))):
        assert again == net
        np.testing.assert_array_equal(again.covariance(T), net.covariance(T))
    assert (tmp_path / "net").stat().st_size < 1_000_000


def test_some_settings_have_none() -> None:
    assert fitted("none").posterior is None
    assert fitted("auto", output="softplus").posterior is None
    assert fitted("full", output="softplus", epochs=5).posterior is not None
    assert fitted("auto", method="lbfgs").posterior is None
    robust = fitted("auto", loss="student")
    assert (robust.std(T) > 0).all()

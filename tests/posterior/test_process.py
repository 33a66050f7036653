"""The posterior of a process: by dense linear algebra, by differences, and at its limits."""

from __future__ import annotations

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.posterior.process import Group, ProcessPosterior
from slopenet.posterior.units import Units

SCALES = np.array([0.9, 1.4])
NOISE = np.array([1e-3, 2e-3, 3e-3])
VARIANCE, INFLATION = np.array([2.0, 0.5]), np.array([1.1, 1.3])
UNITS = Units(np.array([0.3, -0.2]), np.array([2.0, 0.5]), np.array([3.0, 4.0]))
NET = random_network((2, 4, 2))


def points(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 2))


def posterior(kinds: int = 3, *, noise: float = 1.0, level: bool = False) -> ProcessPosterior:
    known = np.ones((6, kinds))
    known[1, 0] = 0.0
    if level:
        known[:, 0] = 0.0
    group = Group(np.array([0, 1]), known, SCALES, noise * NOISE[:kinds])
    counts = np.linspace(0.5, 2.0, 6)
    return ProcessPosterior(
        points(6, 0), counts, [group], VARIANCE, INFLATION, np.zeros((2, 3)), UNITS
    )


def kernel(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * (((x - z) / SCALES) ** 2).sum(axis=-1))


def dense(found: ProcessPosterior, Z: np.ndarray) -> np.ndarray:
    """Covariance of f at Z over σ², with the mean as a normal number of a huge variance.

    The slopes of the targets are differences of values in steps of 1e-3, of fourth order.
    """
    group, steps = found.groups[0], np.array([-2, -1, 1, 2]) * 1e-3
    rule = np.array([1, -8, 8, -1]) / 12e-3
    places, weights, noise = [], [], []
    for s, kind in np.argwhere(group.known > 0):
        unit = np.eye(2)[kind - 1] if kind else np.zeros(2)
        at = [found.X[s]] if kind == 0 else [found.X[s] + step * unit for step in steps]
        places.append(np.array(at))
        weights.append(np.ones(1) if kind == 0 else rule)
        noise.append(group.noise[kind] / found.counts[s])
    every = np.concatenate(places)
    T = np.zeros((len(places), len(every)))
    first = 0
    for row, w in enumerate(weights):
        T[row, first : first + len(w)] = w
        first += len(w)
    mean = 1e4
    A = T @ (kernel(every[:, None], every) + mean) @ T.T + np.diag(noise)
    on = (kernel(Z[:, None], every) + mean) @ T.T
    return kernel(Z[:, None], Z) + mean - on @ np.linalg.solve(A, on.T)


@pytest.mark.parametrize("kinds", [1, 3])
def test_covariances_of_values_are_those_of_dense_linear_algebra(kinds: int) -> None:
    found, X = posterior(kinds), points(5, 1)
    wanted = dense(found, UNITS.standard(X))
    factors = VARIANCE * INFLATION**2 * UNITS.s_y**2
    joint = found.joint(NET, X)
    for k in range(2):
        np.testing.assert_allclose(joint[k], factors[k] * wanted, rtol=1e-3, atol=2e-3)
    variances = found.variances(NET, X, slopes=False)[:, :, 0]
    np.testing.assert_allclose(variances.T, joint.diagonal(axis1=1, axis2=2), rtol=1e-9)


@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("level", [False, True])
def test_covariances_of_slopes_are_differences_of_those_of_values(kinds: int, level: bool) -> None:
    if level and kinds == 1:
        pytest.skip("without slopes nothing is known")
    found, x, h = posterior(kinds, level=level), points(1, 2), 1e-3
    moves = np.concatenate([x, *(x + s * h * e for e in np.eye(2) for s in (1, -1))])
    rule = np.zeros((3, 5))
    rule[0, 0], rule[1, 1:3], rule[2, 3:] = 1, [0.5 / h, -0.5 / h], [0.5 / h, -0.5 / h]
    joint = found.joint(NET, moves)
    C = found.covariance(NET, x)[0]
    np.testing.assert_allclose(C, rule @ joint @ rule.T, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(C, C.transpose(0, 2, 1), rtol=1e-12)
    variances = found.variances(NET, x, slopes=True)[0]
    np.testing.assert_allclose(variances, C.diagonal(axis1=1, axis2=2), rtol=1e-9)


@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("level", [False, True])
def test_covariances_of_slopes_between_points_are_differences(kinds: int, level: bool) -> None:
    if level and kinds == 1:
        pytest.skip("without slopes nothing is known")
    found, x, h = posterior(kinds, level=level), points(3, 2), 1e-3
    moves = np.concatenate([x, *(x + s * h * e for e in np.eye(2) for s in (1, -1))])
    rule = np.zeros((3, 5))
    rule[0, 0], rule[1, 1:3], rule[2, 3:] = 1, [0.5 / h, -0.5 / h], [0.5 / h, -0.5 / h]
    values = found.joint(NET, moves).reshape(2, 5, 3, 5, 3)
    wanted = np.einsum("im,kmanb,jn->kaibj", rule, values, rule)
    C = found.joint_with_slopes(NET, x)
    np.testing.assert_allclose(C, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(C, C.transpose(0, 3, 4, 1, 2), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(C[:, :, 0, :, 0], found.joint(NET, x), rtol=1e-12, atol=1e-12)
    own = np.einsum("kaiaj->akij", C)
    np.testing.assert_allclose(own, found.covariance(NET, x), rtol=1e-9, atol=1e-12)


def test_at_its_data_it_is_the_noise_and_far_away_the_variance_before_any_data() -> None:
    found = posterior(1, noise=1e-6)
    at = (found.X * UNITS.s_x + UNITS.m_x)[[0, 2]]
    std = np.sqrt(found.variances(NET, at, slopes=False)[:, :, 0])
    noise = np.sqrt(VARIANCE * NOISE[0] * 1e-6 / found.counts[[0, 2], None]) * INFLATION * UNITS.s_y
    np.testing.assert_allclose(std, noise, rtol=1e-2)
    far = found.variances(NET, np.full((1, 2), 1e3), slopes=True)[0]
    prior = VARIANCE * INFLATION**2 * UNITS.s_y**2
    slope = prior[:, None] / (SCALES * UNITS.s_x) ** 2
    np.testing.assert_allclose(far[:, 1:], slope, rtol=1e-12)
    assert (far[:, 0] > prior).all()  # the mean is not known either


def test_a_posterior_without_values_is_that_of_differences_from_the_mean_of_its_rows() -> None:
    found = posterior(3, level=True)
    rows = found.X * UNITS.s_x + UNITS.m_x
    joint = found.joint(NET, np.concatenate([rows, points(2, 3)]))
    np.testing.assert_allclose(joint[:, :6].mean(axis=1), 0.0, atol=1e-9)


def test_noise_and_distance_are_added() -> None:
    found, x = posterior(3), points(2, 4)
    plain = found.variances(NET, x, slopes=True)
    noisy = found.variances(NET, x, slopes=True, noise=True)
    expected = VARIANCE[:, None] * NOISE * (UNITS.s_y[:, None] / [[1, *UNITS.s_x]]) ** 2
    np.testing.assert_allclose(noisy - plain, np.broadcast_to(expected, plain.shape), rtol=1e-6)
    near = np.full((2, 3), 0.1)
    other = ProcessPosterior(found.X, found.counts, found.groups, VARIANCE, INFLATION, near, UNITS)
    extra = other.variances(NET, x, slopes=True) - plain
    expected = 0.01 * (UNITS.s_y[:, None] / [[1, *UNITS.s_x]]) ** 2
    np.testing.assert_allclose(extra, np.broadcast_to(expected, plain.shape), rtol=1e-6)


def test_some_outputs_have_their_part() -> None:
    groups = [
        Group(np.array([1]), np.ones((6, 1)), SCALES, NOISE[:1]),
        Group(np.array([0]), np.ones((6, 1)), 2 * SCALES, NOISE[:1]),
    ]
    found = ProcessPosterior(
        points(6, 0), np.ones(6), groups, VARIANCE, INFLATION, np.zeros((2, 3)), UNITS
    )
    x = points(3, 1)
    part = found.some([1]).covariance(random_network((2, 3, 1)), x)
    np.testing.assert_array_equal(part[:, 0], found.covariance(NET, x)[:, 1])
    turned = found.some([1, 0]).covariance(NET, x)
    np.testing.assert_array_equal(turned, found.covariance(NET, x)[:, ::-1])


def test_a_kriging_start_covers_what_it_says(tmp_path) -> None:
    rng, inside = np.random.default_rng(0), []

    def f(X: np.ndarray) -> np.ndarray:
        return np.sin(5 * X[:, 0]) * np.cos(3 * X[:, 1])

    T = rng.uniform(-1, 1, (300, 2))
    for seed in range(5):
        X = rng.uniform(-1, 1, (40, 2))
        net = sn.fit(X, f(X), method="kriging", hidden=(256,), rng=seed).network
        inside.append(np.abs(net(T)[:, 0] - f(T)) <= 1.645 * net.std(T)[:, 0])
        net.save(tmp_path / "net")
        again = sn.load(tmp_path / "net")
        np.testing.assert_array_equal(again.covariance(T), net.covariance(T))
    assert 0.75 <= np.mean(inside) <= 0.995

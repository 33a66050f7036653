"""Networks of sines: drawn from the spectrum of a kernel, taught by a process."""

import numpy as np
import pytest

import slopenet as sn
from slopenet import Network
from slopenet.parameters import unflatten
from slopenet.training.kriging.process import Process
from slopenet.training.kriging.sines import Layer, solve
from slopenet.training.kriging.teacher import Teacher, regression


def network(theta: np.ndarray, width: int) -> Network:
    weights, biases = unflatten(theta, (2, width, 1))
    return Network(weights, biases, ["sin", "identity"])


def learned() -> tuple[Process, np.ndarray]:
    X = np.random.default_rng(0).uniform(-1.5, 1.5, size=(30, 2))
    targets = (np.sin(2 * X[:, 0]) * X[:, 1])[:, None, None]
    return Process(X, targets), np.array([-0.2, 0.5, -20.0])


def test_the_mean_product_of_many_sines_is_the_kernel() -> None:
    scales = np.array([0.8, 1.7])
    layer = Layer.drawn(4096, scales, np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(6, 2))
    columns = layer.design(X)[:, 0, :-1]
    expected = np.exp(-0.5 * (((X[:, None] - X) / scales) ** 2).sum(axis=2))
    np.testing.assert_allclose(2 * columns @ columns.T / 4096, expected, atol=0.03)


def test_the_design_is_the_derivative_of_the_network_by_its_last_layer() -> None:
    layer = Layer.drawn(5, np.array([0.8, 1.7]), np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(6, 2))
    last = np.random.default_rng(2).normal(size=(6, 1))
    net = network(layer.theta(last), 5)
    design = layer.design(X) @ last
    np.testing.assert_allclose(design[:, 0], net(X), rtol=1e-12)
    np.testing.assert_allclose(design[:, 1:, 0], net.jacobian(X)[:, 0], rtol=1e-12, atol=1e-14)


def test_least_squares_of_nearly_dependent_columns_is_solved() -> None:
    x = np.linspace(0, 1, 50)
    A = np.stack([x, x + 1e-7 * x**2, np.ones(50)], axis=1)
    y = (A @ np.array([1.0, -2.0, 0.5]))[:, None]
    np.testing.assert_allclose(A @ solve(A, y), y, atol=1e-7)


@pytest.mark.parametrize("train", [False, True])
def test_a_network_learns_the_process(train: bool) -> None:
    process, p = learned()
    given = process.posterior(p)
    teacher = Teacher(process, p, given, np.random.default_rng(0), 1)
    theta, distance = teacher.taught(32, np.random.default_rng(1), train=train)
    Z = np.random.default_rng(2).uniform(-1.5, 1.5, size=(200, 2))
    missed = network(theta, 32)(Z) - process.mean(p, given, Z)[:, 0]
    assert np.sqrt(np.mean(missed**2)) == pytest.approx(distance, rel=0.7)
    assert distance < (0.02 if train else 0.1)


def test_training_the_frequencies_brings_few_sines_nearer() -> None:
    process, p = learned()
    teacher = Teacher(process, p, process.posterior(p), np.random.default_rng(0), 1)
    distances = [
        teacher.taught(8, np.random.default_rng(1), train=train)[1] for train in (False, True)
    ]
    assert distances[1] < 0.5 * distances[0]


def test_regression_on_the_rows_is_the_process_of_that_many_sines() -> None:
    process, p = learned()
    p[-1] = -5.0
    layer = Layer.drawn(64, process.scales(p), np.random.default_rng(0))
    noise = np.exp(p[-1])
    F = layer.design(process.X)[:, 0]
    prior = np.r_[np.full(64, 2 / 64), 1e7]  # the constant is free
    A = (F * prior) @ F.T + noise * np.eye(len(process))
    expected = F @ (prior[:, None] * (F.T @ np.linalg.solve(A, process.targets[:, 0])))
    found = network(regression(process, p, layer), 64)(process.X)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_distances_are_those_of_values_and_slopes() -> None:
    process, p = learned()
    teacher = Teacher(process, p, process.posterior(p), np.random.default_rng(0), 1)
    theta, distance = teacher.taught(16, np.random.default_rng(1), train=False)
    found = teacher.distances(theta)
    assert found.shape == (3, 1)
    assert found[0, 0] == pytest.approx(distance)
    assert np.all(found[1:] > distance)  # slopes are harder


def test_slow_sines_along_the_axes_of_its_hessian_learn_a_quadratic_function() -> None:
    rng = np.random.default_rng(0)
    A = rng.normal(size=(8, 8)) / 3
    X = rng.normal(size=(120, 8))
    values = 0.5 * np.einsum("ni,ij,nj->n", X, A + A.T, X)
    targets = np.concatenate([values[:, None], X @ (A + A.T)], axis=1)[:, :, None]
    process, p = Process(X, targets), np.r_[np.full(8, 6.0), -30.0, -30.0]
    teacher = Teacher(process, p, process.posterior(p), np.random.default_rng(0), 1)
    theta, distance = teacher.taught(64, np.random.default_rng(1), train=False)
    assert distance < 1e-4 * np.std(values)
    drawn = Layer.drawn(64, np.exp(p[:8]) / 100, np.random.default_rng(1))
    last = np.concatenate([drawn.design(X)], axis=0).reshape(-1, 65)
    missed = last @ solve(last, targets.reshape(-1, 1)) - targets.reshape(-1, 1)
    assert np.sqrt(np.mean(missed**2)) > 1e-3 * np.std(values)
    assert len(theta) == 8 * 64 + 64 + 64 + 1


def test_few_sines_are_not_replaced_by_slow_ones() -> None:
    layer = Layer.drawn(8, np.ones(3), np.random.default_rng(0))
    assert layer.with_slow(np.eye(3)) is layer
    slow = Layer.drawn(24, np.ones(3), np.random.default_rng(0)).with_slow(np.eye(3))
    np.testing.assert_allclose(np.linalg.norm(slow.W[:12], axis=1), np.repeat([0.05, 0.1], 6))


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_that_cancel_among_the_rows_do_not_explode_beyond_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.uniform(-1, 1, (38, 1))
    X, y = 10 ** (2.76 * z), np.exp(2 * np.sin(3 * z + 1))
    dydx = y * 6 * np.cos(3 * z + 1) / (X * 2.76 * np.log(10))
    y = y + 0.1 * y.std() * rng.normal(size=y.shape)
    dydx = dydx * (1 + 0.1 * rng.normal(size=y.shape))
    with pytest.warns(sn.FitWarning, match="decades"):
        net = sn.fit(X, y, dydx, method="kriging", transform="none", rng=seed).network
    beyond = np.linspace(1, 1.4, 300)[:, None] * X.max()
    assert np.abs(net(beyond) - y.mean()).max() < 30 * y.std()  # without a ridge: millions

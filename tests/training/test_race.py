"""Default fits: a race of several networks."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.session import Runs


def relative(net: sn.Network, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((net(X)[:, 0] - y) ** 2)) / y.std())


def test_twenty_points_of_a_sine_are_enough() -> None:
    X, T = np.linspace(0, 10, 20)[:, None], np.linspace(0, 10, 301)[:, None]
    fit = sn.fit(X, 0.5 * np.sin(X[:, 0]), rng=0)
    assert relative(fit.network, T, 0.5 * np.sin(T[:, 0])) < 1e-5
    assert fit.network.activations[0] == "sin"
    assert "so accurate that no other was tried" in fit.reason


def test_many_periods_do_not_end_as_a_constant() -> None:
    X = np.random.default_rng(1).uniform(0, 50, (300, 1))
    T = np.linspace(0.5, 49.5, 500)[:, None]
    fit = sn.fit(X, np.sin(X[:, 0]), rng=0)
    assert relative(fit.network, T, np.sin(T[:, 0])) < 0.01


def test_noise_is_neither_learned_nor_smoothed_away() -> None:
    rng = np.random.default_rng(0)
    X, T = rng.uniform(-1, 1, (150, 3)), rng.uniform(-1, 1, (500, 3))

    def f(x: np.ndarray) -> np.ndarray:
        return np.sin(2 * x[:, 0]) + x[:, 1] ** 2

    y = f(X) + 0.2 * rng.normal(size=150)
    fit = sn.fit(X, y, rng=0)
    assert relative(fit.network, T, f(T)) < 0.15
    assert "Tried: sin " in fit.reason
    assert np.std(fit.network(X)[:, 0] - y) == pytest.approx(0.2, rel=0.25)


def test_exact_slopes_never_hurt() -> None:
    rng = np.random.default_rng(0)
    X, T = rng.uniform(-2, 2, (30, 3)), rng.uniform(-2, 2, (500, 3))
    y, dydx = np.exp(-(X[:, 0] ** 2)) * X[:, 1], np.zeros((30, 3))
    dydx[:, 0], dydx[:, 1] = -2 * X[:, 0] * y, np.exp(-(X[:, 0] ** 2))
    truth = np.exp(-(T[:, 0] ** 2)) * T[:, 1]
    errors = [relative(sn.fit(X, y, s, rng=0).network, T, truth) for s in (None, dydx)]
    assert errors[1] < 0.5 * errors[0]


def test_a_network_wins_where_it_is_the_better_model_and_is_trained_to_its_end_alone() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (80, 2))
    truth = sn.Network.random((2, 4, 1), hidden="tanh", rng=3)
    ends: dict[int, int] = {}
    fit = sn.fit(
        *(X, truth(X), truth.jacobian(X)),
        rng=0,
        callback=lambda state: ends.update({state.start: state.epoch}),
    )
    assert fit.network.activations[0] == "tanh"
    assert fit.network.sizes == (2, 16, 16, 1)
    winner = len(fit.history["epoch"])
    assert winner in ends.values()
    assert min(epochs for epochs in ends.values() if epochs > 20) < winner
    assert "interrupted" not in fit.reason


def test_a_decision_of_a_checkpoint_stands() -> None:
    runs = Runs(None, {}, 0.0)
    runs.resume({}, {"starts": [], "decisions": [2]})
    assert [runs.decided(lambda: 7), runs.decided(lambda: 7)] == [2, 7]


def test_the_same_seed_gives_the_same_network_with_any_number_of_threads(tmp_path) -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (25, 2))
    y = np.sin(3 * X[:, 0]) + X[:, 1]
    stored = tmp_path / "checkpoint"
    first = sn.fit(X, y, rng=0, checkpoint=stored, checkpoint_seconds=0)
    again = sn.fit(X, y, rng=0)
    resumed = sn.fit(X, y, rng=0, checkpoint=stored)
    for other in (again, resumed):
        for W, V in zip(first.network.weights, other.network.weights, strict=True):
            np.testing.assert_array_equal(W, V)

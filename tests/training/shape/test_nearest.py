"""The cost of a network of sines that obeys: its distance from the process of a kriging start."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.network import Network
from slopenet.parameters import unflatten
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.kriging.problem import Sines, widths_of
from slopenet.training.monitor import Watch
from slopenet.training.shape.nearest import nearest_to_process
from slopenet.training.shape.search import Box
from slopenet.training.start import Training

SIGMAS = ["sin", "identity"]


@lru_cache
def kriging_start() -> Training:
    """A kriging start of a wave without noise, trained to its end."""
    X = np.linspace(-1, 1, 12)[:, None]
    problem = Sines(Data(X, np.sin(3 * X)), lambda _: 0.0, 1)
    watch = Watch(50, None, None, lambda _: Network.random((1, 1, 1)))
    training = Training(problem, Kriging(64), watch, np.zeros(1), 0)
    while not training.over:
        state = training.optimizer.step(training.at.state, problem, np.random.default_rng(0))
        training.at = training.at._replace(epoch=training.at.epoch + 1, state=state)
    return training


def cost_near(free: Training, box: Box) -> Any:
    sizes = widths_of(free.at.state.theta, 1, 1)
    return nearest_to_process(free, sizes, [normalise(each) for each in SIGMAS], box, 1)


def test_the_cost_is_the_weighted_distance_from_the_mean_of_the_process() -> None:
    free = kriging_start()
    box = Box.of(free.problem.process.X)
    cost = cost_near(free, box)
    optimizer: Any = free.optimizer
    mean, variance = optimizer.believed(free.at.state, free.problem, cost.points)
    weight = 1 / (variance + 0.01 * np.median(variance))
    theta = free.at.state.theta + 0.1
    network = Network(*unflatten(theta, cost.sizes), SIGMAS)
    expected = 0.5 * np.mean(weight / weight.mean() * (network(cost.points) - mean) ** 2)
    np.testing.assert_allclose(cost.value(theta), expected, rtol=1e-10)
    assert cost.penalty(theta) == 0


def test_the_network_of_the_kriging_start_is_at_hardly_any_distance() -> None:
    free = kriging_start()
    cost = cost_near(free, Box.of(free.problem.process.X))
    assert cost.value(free.at.state.theta) < 1e-4 * cost.value(0 * free.at.state.theta)


def test_the_process_is_surest_at_its_rows_and_right_there() -> None:
    free = kriging_start()
    optimizer: Any = free.optimizer
    X = free.problem.process.X
    between, beyond = (X[1:] + X[:-1]) / 2, np.array([[1.5], [-1.5]])
    seen = [optimizer.believed(free.at.state, free.problem, Z) for Z in (X, between, beyond)]
    np.testing.assert_allclose(seen[0][0], np.sin(3 * X), atol=1e-3)
    assert seen[0][1].max() < seen[1][1].max() < seen[2][1].min()

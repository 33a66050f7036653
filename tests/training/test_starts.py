"""Which of several starts is kept."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from slopenet.dataset.dataset import Data, Names
from slopenet.training.judge import error_of_start
from slopenet.training.optimizers.evidence import weigh
from slopenet.training.plan import make_plan
from slopenet.training.settings import FitSettings
from slopenet.training.start import Training
from slopenet.training.starts import Candidates


def trainings(
    method: str = "lm", held_out: Data | None = None, slope_weight: float | str = "auto"
) -> list[Training]:
    """Four starts, run to their ends."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = np.sin(X[:, :1]) + 0.5 * rng.normal(size=(30, 1))  # noise: no start foretells much better
    T = np.stack([np.cos(X[:, 0]), 0 * X[:, 1]], axis=1)[:, None]
    data = Data(X, y, T + 0.5 * rng.normal(size=T.shape))
    settings = FitSettings(
        hidden=(8,), method=method, epochs=60, restarts=4, slope_weight=slope_weight
    )
    plan = make_plan(settings, 2, 1, rows=30, targets=3)
    made = Candidates.of(plan, Names(None, None), data, held_out).trainings(rng, [])
    for training in made:
        training.run(lambda: None, threading.Event())
    return made


def test_starts_are_judged_alike_whatever_was_tried_last() -> None:
    made = trainings()
    judged = [error_of_start(training) for training in made]
    for training in made:
        weigh(training.problem, 1.0, 100.0)  # as a search leaves it
    assert [error_of_start(training) for training in made] == judged
    assert len(set(judged)) == 4


def test_judging_a_start_changes_nothing_of_its_problem() -> None:
    for training in trainings():
        problem, theta = training.problem, training.theta
        weigh(problem, 0.3, 7.0)
        before = problem.l2, problem.balance, problem.value(theta)
        error_of_start(training)
        assert (problem.l2, problem.balance, problem.value(theta)) == before


def test_starts_with_rows_held_out_are_compared_by_their_cost_on_them() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(9, 2))
    for training in trainings(held_out=Data(X, np.sin(X[:, :1]))):
        assert error_of_start(training) == (False, min(training.watch.history["validation"]))


def test_starts_with_the_same_weights_are_compared_by_their_training_cost() -> None:
    for training in trainings("lbfgs", slope_weight=1.0):
        assert error_of_start(training)[1] == pytest.approx(training.at.state.cost, rel=1e-12)


def test_starts_that_learned_their_weights_are_compared_by_mean_squares() -> None:
    for training in trainings("lbfgs"):
        squares = training.problem.mean_squares(training.theta, np.arange(30))
        wanted = 0.5 * np.log([*squares.values, *squares.slopes.ravel()]).sum()
        assert error_of_start(training)[1] == pytest.approx(wanted, rel=1e-9)

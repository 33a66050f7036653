"""Rounds of steps and searches, on a problem whose solution is known."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from slopenet.training.objective.normal_equations import Products, Ridge, Summed
from slopenet.training.shape.problem import Penalties
from slopenet.training.shape.rounds import ROUNDS, Rounds
from slopenet.training.shape.search import Found

BOX = SimpleNamespace(low=np.zeros(1), high=np.ones(1))


class Line:
    """½ (θ - wanted)², with θ ≥ limit as the constraint."""

    def __init__(self, wanted: float, limit: float) -> None:
        self.wanted, self.limit, self.l2, self.box = wanted, limit, 0.0, BOX
        self.searches: list[bool] = []

    def take(self, penalties: Penalties) -> None:
        self.taken = penalties

    def short_of(self, theta: Any) -> Any:
        return np.full(len(self.taken.X), self.limit + self.taken.margin - theta[0])

    def _rows(self, theta: Any) -> tuple[Any, Any]:
        p = self.taken
        missing = self.short_of(theta) + p.multipliers / p.weight
        active = missing > 0
        r = np.concatenate([theta - self.wanted, np.sqrt(p.weight) * missing[active]])
        slope = np.concatenate([[1.0], np.full(active.sum(), -np.sqrt(p.weight))])
        return r, slope[:, None]

    def value(self, theta: Any) -> float:
        r, _ = self._rows(theta)
        return 0.5 * float(r @ r)

    def linearise(self, theta: Any) -> Summed:
        return Summed(Products.of([self._rows(theta)], 1), Ridge(0.0, np.zeros(1), 0 * theta))

    def violated(self, theta: Any, *, thorough: bool) -> tuple[Found, Any]:
        self.searches.append(thorough)
        short = theta[0] < self.limit
        n = int(short)
        found = Found(np.full((n, 1), 0.5), np.zeros(n, int), np.full(n, theta[0] - self.limit))
        return found, np.ones((n, 1))


def run(problem: Line, theta: float) -> tuple[Any, int]:
    rounds = Rounds()
    state, steps = rounds.start(np.array([theta]), problem), 0
    while not state.done and steps < 2000:
        state, steps = rounds.step(state, problem), steps + 1
    return state, steps


@pytest.mark.parametrize("limit", [0.5, 3.0, 1000.0])
def test_the_constrained_minimum_is_found(limit: float) -> None:
    problem = Line(0.0, limit)
    state, _ = run(problem, 0.0)
    assert state.obeyed
    assert state.done == "no violation is left"
    assert limit <= state.theta[0] <= 1.01 * limit
    assert problem.searches[-2:] == [False, True]  # it ends with a thorough search


def test_weights_that_obey_already_are_kept() -> None:
    state, steps = run(Line(2.0, 1.0), 2.0)
    assert state.theta[0] == 2.0
    assert (steps, len(state.X), state.obeyed) == (1, 0, True)


def test_what_cannot_be_obeyed_ends_too() -> None:
    problem = Line(0.0, 1.0)
    problem.linearise = lambda theta: Summed(  # type: ignore[method-assign]
        Products.of([(np.zeros(1), np.zeros((1, 1)))], 1), Ridge(0.0, np.zeros(1), 0 * theta)
    )
    state, _ = run(problem, 0.0)
    assert not state.obeyed
    assert state.done == f"violations are left after {ROUNDS} rounds"


def test_a_state_is_all_that_a_run_needs() -> None:
    """A step from a copy of the state, on a new problem, has the same bits."""
    state = Rounds().start(np.array([0.0]), Line(0.0, 3.0))
    problem, rounds = Line(0.0, 3.0), Rounds()
    for _ in range(8):
        again = Rounds().step(replace(state), Line(0.0, 3.0))
        state = rounds.step(state, problem)
        assert state.theta == again.theta
        np.testing.assert_array_equal(state.multipliers, again.multipliers)

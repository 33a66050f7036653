"""Rounds of Levenberg-Marquardt and of search, until no constraint fails anywhere in the box.

A round ends where the steps hardly lower F any more. Then multipliers follow from the slacks, the
worst points of a search of the box are added, and where the old ones still fail, the weight grows;
the margin grows where new points keep failing between them. It is over when a thorough search finds
no violation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from slopenet._types import Floats
from slopenet.training.optimizers import lm
from slopenet.training.shape.problem import Penalties
from slopenet.training.shape.search import Box, Found

# A round is left after so many steps, or when F changes by less than this share.
_STEPS, _SETTLED = 20, 1e-3
# The most rounds, and steps of all of them.
ROUNDS = 40
MOST = ROUNDS * _STEPS
# The first margin, in standard units of slopes, its growth from a round on, and its limit.
_MARGIN, _GROWTH, _GROWS_FROM, _WIDEST = 1e-3, 1.5, 4, 0.1
# The penalty of the first violations compared with the cost of the data; the factor of μ.
_FIRST, _FACTOR, _FALLS, _HEAVIEST = 10.0, 10.0, 0.25, 1e10


class Problem(lm.Problem, Protocol):
    """F(θ), its points, and a search of a box for more."""

    box: Box

    def take(self, penalties: Penalties) -> None:
        """Set the points."""

    def short_of(self, theta: Floats) -> Floats:
        """By how much the margin is larger than the slack at each point."""

    def violated(self, theta: Floats, *, thorough: bool) -> tuple[Found, Floats]:
        """Points where constraints fail, and directions."""


@dataclass(frozen=True, eq=False)
class State:
    """State of a run: the points, their multipliers, μ, m, `short`, the largest shortfall."""

    theta: Floats
    cost: float
    X: Floats
    V: Floats
    which: Floats
    multipliers: Floats
    weight: float = 1.0
    margin: float = _MARGIN
    damping: float = 0.0
    small: int = 0
    steps: int = 0
    round: int = 0
    short: float = np.inf
    obeyed: bool = False
    done: str = ""

    @property
    def penalties(self) -> Penalties:
        """The points, as the problem takes them."""
        where = self.X, self.V, self.which.astype(int), self.multipliers
        return Penalties(*where, self.weight, self.margin)


class Rounds:
    """See the module."""

    def __init__(self) -> None:
        self._lm = lm.LevenbergMarquardt(_SETTLED)

    def start(self, theta: Floats, problem: Problem) -> State:
        """At θ, without points."""
        d = problem.box.low.size
        none, empty = np.zeros(0), np.zeros((0, d))
        state = State(theta, 0.0, empty, empty, none, none)
        problem.take(state.penalties)
        return replace(state, cost=problem.value(theta))

    def step(self, state: State, problem: Problem, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        problem.take(state.penalties)
        if state.round == 0 or state.steps >= _STEPS or state.small >= lm.PATIENCE:
            state = self._next_round(state, problem)
            if state.done:
                return state
        at = lm.State(state.theta, state.cost, state.damping, state.small)
        at = self._lm.move(at, problem, problem.linearise(state.theta))
        return replace(
            state,
            **at.carried(),
            steps=state.steps + 1,
        )

    def result(self, state: State) -> tuple[Floats]:
        """The last θ."""
        return (state.theta,)

    def _next_round(self, state: State, problem: Problem) -> State:
        found, V = problem.violated(state.theta, thorough=False)
        if not len(found.X):
            found, V = problem.violated(state.theta, thorough=True)
        if not len(found.X):
            return replace(state, obeyed=True, done="no violation is left")
        if state.round == ROUNDS:
            return replace(state, done=f"violations are left after {ROUNDS} rounds")
        state = _updated(state, problem) if len(state.X) else _first(state, found)
        state = replace(
            state,
            X=np.concatenate([state.X, found.X]),
            V=np.concatenate([state.V, V]),
            which=np.concatenate([state.which, found.which]),
            multipliers=np.concatenate([state.multipliers, np.zeros(len(V))]),
            round=state.round + 1,
            steps=0,
            small=0,
            damping=0.0,
        )
        problem.take(state.penalties)
        return replace(state, cost=problem.value(state.theta))


def _first(state: State, found: Found) -> State:
    """With a weight that makes the violations count more than the data."""
    squares = float(found.slack @ found.slack)
    weight = 2 * _FIRST * max(state.cost, 1e-8) / max(squares, 1e-300)
    return replace(state, weight=float(np.clip(weight, 1e-6, _HEAVIEST)))


def _updated(state: State, problem: Problem) -> State:
    """New multipliers, and a larger weight or margin where the old ones do not suffice."""
    missing = problem.short_of(state.theta)
    multipliers = np.maximum(state.multipliers + state.weight * missing, 0.0)
    short = max(float(missing.max()), 0.0)
    weight = state.weight
    if short > max(_FALLS * state.short, 0.5 * state.margin):
        weight = min(_FACTOR * weight, _HEAVIEST)
    margin = state.margin
    if state.round >= _GROWS_FROM:
        margin = min(_GROWTH * margin, _WIDEST)
    return replace(state, multipliers=multipliers, weight=weight, margin=margin, short=short)

"""Levenberg-Marquardt: steps of a damped linear model of the residuals, as far as it is trusted.

The damping follows the ratio of the decrease of f to that which the model promised (Nielsen 1999).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from slopenet._types import Floats
from slopenet.training.objective.normal_equations import Stepped

# μ at the start, and its minimum, relative to the largest entry of the diagonal of JᵀJ.
_FIRST, _LEAST = 1.0, 1e-14
_TRIES = 40
# A cost below this counts as 0.
_ZERO = 1e-16
# It has converged when three steps in a row lower f by less than this share of it.
_SMALL, PATIENCE = 1e-8, 3


class Problem(Protocol):
    """½ ‖r(θ)‖² + ½ l2 ‖Pθ‖²."""

    l2: float

    def value(self, theta: Floats) -> float:
        """f(θ)."""

    def linearise(self, theta: Floats) -> Stepped:
        """r(θ + d) ≈ r + J d."""


@dataclass(frozen=True, eq=False)
class State:
    """State of a run: f(θ), μ (0 before the first step), `small` steps that hardly changed f."""

    theta: Floats
    cost: float
    damping: float = 0.0
    small: int = 0
    done: str = ""

    def carried(self) -> dict[str, Any]:
        """The fields that a search by such steps goes on with; it is small once it is done."""
        small = PATIENCE if self.done else self.small
        return {"theta": self.theta, "cost": self.cost, "damping": self.damping, "small": small}


class LevenbergMarquardt:
    """One step is one damping that lowers f.

    Parameters
    ----------
    small : float
        The relative decrease of f below which it has converged.
    """

    def __init__(self, small: float = _SMALL) -> None:
        self._small = small

    def start(self, theta: Floats, problem: Problem) -> State:
        """At θ."""
        return State(theta, problem.value(theta))

    def step(self, state: State, problem: Problem, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        return self.move(state, problem, problem.linearise(state.theta))

    def move(self, state: State, problem: Problem, model: Stepped) -> State:
        """As `step`, with the model at θ."""
        damping, growth = state.damping or _FIRST * model.largest, 2.0
        least = max(_LEAST * model.largest, 1e-300)
        for _ in range(_TRIES):
            damping = max(damping, least)
            found = model.step(damping)
            if found is not None and found[1] > 0:
                theta = state.theta + found[0]
                with np.errstate(over="ignore", invalid="ignore"):
                    cost = problem.value(theta)
                if cost < model.cost:
                    ratio = min((model.cost - cost) / found[1], 1.2)
                    damping *= max(1 / 3, 1 - (2 * ratio - 1) ** 3)
                    return self._moved(state, model.cost, State(theta, cost, damping))
            damping, growth = damping * growth, growth * 2
            if not np.isfinite(damping):
                break
        return replace(state, damping=0.0, done="no step lowers the cost any more")

    def result(self, state: State) -> tuple[Floats]:
        """The last weights, as no step raises f."""
        return (state.theta,)

    def _moved(self, old: State, before: float, new: State) -> State:
        small = old.small + 1 if before - new.cost <= self._small * before else 0
        done = "the cost does not change any more" if small >= PATIENCE else ""
        return replace(new, small=small, done="the cost is 0" if new.cost < _ZERO else done)

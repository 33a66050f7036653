"""Gradient descent with momentum over mini-batches.

u ← μ u + g, then θ ← θ - η u (Polyak 1964, the heavy ball) or θ ← θ - η (g + μ u) (Nesterov 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats
from slopenet.training.optimizers.batches import Batches
from slopenet.training.problem import Batched, Rule


@dataclass(frozen=True, eq=False)
class State:
    """State after `t` steps; `cost` is the mean of f over the steps of the last epoch."""

    theta: Floats
    velocity: Floats
    t: int = 0
    cost: float = np.inf
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class Momentum(Batches):
    """Settings of a run; see `Batches`."""

    momentum: float = 0.9
    nesterov: bool = False

    def start(self, theta: Floats, problem: object = None) -> State:  # noqa: ARG002
        """At θ."""
        return State(theta, np.zeros_like(theta))

    def step(self, state: State, problem: Batched, rng: np.random.Generator) -> State:
        """Go through one epoch; `state` stays as it is."""
        t = state.t + np.arange(1, self.steps + 1)
        theta, velocity = state.theta.copy(), state.velocity.copy()
        name = "nesterov" if self.nesterov else "momentum"
        rule = Rule(name, (self.momentum,), (velocity,))
        order, rates = self.order(rng), self.rates(t)
        cost = problem.descend(rule, theta, order, rates, batch_size=self.batch_size)
        return State(theta, velocity, int(t[-1]), cost + problem.penalty(theta))

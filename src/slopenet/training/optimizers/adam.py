"""Adam (Kingma & Ba 2015) over mini-batches.

    m ← m + (1 - β_1)(g - m),  v ← v + (1 - β_2)(g² - v),  θ ← θ - η_t m/(√v + ε)

where η_t = η √(1 - β_2ᵗ)/(1 - β_1ᵗ) corrects for the zeros that m and v start from.
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
    m: Floats
    v: Floats
    t: int = 0
    cost: float = np.inf
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class Adam(Batches):
    """Settings of a run; see `Batches`."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def start(self, theta: Floats, problem: object = None) -> State:  # noqa: ARG002
        """At θ."""
        return State(theta, np.zeros_like(theta), np.zeros_like(theta))

    def step(self, state: State, problem: Batched, rng: np.random.Generator) -> State:
        """Go through one epoch; `state` stays as it is."""
        t = state.t + np.arange(1, self.steps + 1)
        rates = self.rates(t) * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        theta, m, v = state.theta.copy(), state.m.copy(), state.v.copy()
        rule = Rule("adam", (self.beta_1, self.beta_2, self.epsilon), (m, v))
        cost = problem.descend(rule, theta, self.order(rng), rates, batch_size=self.batch_size)
        return State(theta, m, v, int(t[-1]), cost + problem.penalty(theta))

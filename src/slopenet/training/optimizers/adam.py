"""Adam (Kingma & Ba 2015) over mini-batches, which can learn the weights of the cost on the way.

    m ← m + (1 - β_1)(g - m),  v ← v + (1 - β_2)(g² - v),  θ ← θ - η_t m/(√v + ε)

where η_t = η √(1 - β_2ᵗ)/(1 - β_1ᵗ) corrects for the zeros that m and v start from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.training.optimizers import reweighing
from slopenet.training.optimizers.batches import Batches
from slopenet.training.problem import Rule


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class State:
    """State after `t` steps; `cost` is the mean of f over the steps of the last epoch.

    `l2`, `slope_weight` and `dydv_weight` are the weights of the next epoch if any of them is
    learned, else empty; the penalty in `cost` has the first l2.
    """

    theta: Floats
    m: Floats
    v: Floats
    t: int = 0
    cost: float = np.inf
    l2: float = 0.0
    slope_weight: Floats = field(default_factory=_none)
    dydv_weight: Floats = field(default_factory=_none)
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class Adam(Batches):
    """Settings of a run; see `Batches`.

    Attributes
    ----------
    find_l2, find_balance : bool
        Whether to learn l2, and the weights of the slopes, from the residuals: after every epoch,
        on a part of its rows, see `optimizers.reweighing`.
    """

    schedule: str = "cycle"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    find_l2: bool = False
    find_balance: bool = False

    def start(self, theta: Floats, problem: Any = None) -> State:
        """At θ, with the problem's own weights."""
        state = State(theta, np.zeros_like(theta), np.zeros_like(theta))
        return replace(state, **problem.weights._asdict()) if self._learns else state

    def step(self, state: State, problem: Any, rng: np.random.Generator) -> State:
        """Go through one epoch; `state` stays as it is."""
        t = state.t + np.arange(1, self.steps + 1)
        rates = self.rates(t) * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        theta, m, v = state.theta.copy(), state.m.copy(), state.v.copy()
        rule = Rule("adam", (self.beta_1, self.beta_2, self.epsilon), (m, v))
        order = self.order(rng)
        weighed = problem.weighed(reweighing.weights_of(state)) if self._learns else problem
        cost = weighed.descend(rule, theta, order, rates, batch_size=self.batch_size)
        cost += problem.penalty(theta)
        after = replace(state, theta=theta, m=m, v=v, t=int(t[-1]), cost=cost)
        return self._reweighed(after, problem, order) if self._learns else after

    def sentence(self, state: State) -> str:
        """Say which l2 was learned."""
        learned = self.find_l2 and state.t > 0 and np.isfinite(state.l2)
        return f" l2 is {self.samples * state.l2:.1e}, by the residuals." if learned else ""

    @property
    def _learns(self) -> bool:
        return self.find_l2 or self.find_balance

    def _reweighed(self, state: State, problem: Any, order: Floats) -> State:
        some = order[-reweighing.rows_to_judge(len(order)) :]
        squares = problem.mean_squares(state.theta, some)
        new = reweighing.next_weights(
            *(reweighing.weights_of(state), squares, problem),
            l2=self.find_l2,
            balance=self.find_balance,
            first=state.t == self.steps,
        )
        return replace(state, **new._asdict())

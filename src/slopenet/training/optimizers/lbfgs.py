"""L-BFGS (Liu & Nocedal 1989) with a line search for the strong Wolfe conditions.

Our own two loops rather than SciPy's: their state can be kept, so that a run that is resumed ends
with the same bits as one that was not interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.training.optimizers import reweighing
from slopenet.training.problem import Problem

MEMORY = 20
# Strong Wolfe conditions, and the most evaluations that one step may take.
_DECREASE, _CURVATURE, _EVALUATIONS = 1e-4, 0.9, 25
# It has converged when this many steps in a row lower f by less than this share of it.
_SMALL, _PATIENCE = 1e-12, 3
# Weights are learned once in so many steps, until no logarithm of one moves by more than this.
_EVERY, _SETTLED = 20, 0.05
# No l2 is learned while values are missed by more than this mean square, where a constant has 1: it
# would keep functions that are hard to learn from being learned.
_UNLEARNED = 0.25


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class State:
    """State of a run: f and ∇f at θ; the last moves s (m, p) and changes of gradient y (m, p).

    `l2`, `slope_weight` and `dydv_weight` are the weights of f if any of them is learned, else
    empty, and `settled` says that they stay.
    """

    theta: Floats
    cost: float
    gradient: Floats
    s: Floats
    y: Floats
    small: int = 0
    done: str = ""
    steps: int = 0
    settled: bool = False
    l2: float = 0.0
    slope_weight: Floats = field(default_factory=_none)
    dydv_weight: Floats = field(default_factory=_none)


@dataclass(frozen=True, kw_only=True)
class LBFGS:
    """One step is one line search along the quasi-Newton direction.

    Attributes
    ----------
    find_l2, find_balance : bool
        Whether to learn l2, and the weights of the slopes, from the residuals; see
        `optimizers.reweighing`. The pairs of steps before stay: weights move little at a time.
    """

    find_l2: bool = False
    find_balance: bool = False

    def start(self, theta: Floats, problem: Any) -> State:
        """At θ, with the problem's own weights."""
        nothing = np.zeros((0, theta.size))
        cost, gradient = problem.value_and_gradient(theta)
        state = State(theta, cost, gradient, nothing, nothing)
        return replace(state, **problem.weights._asdict()) if self._learns else state

    def step(self, state: State, problem: Any, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        if self._learns:
            if state.steps and state.steps % _EVERY == 0 and not state.settled:
                state = self._reweighed(state, problem)
            problem = problem.weighed(reweighing.weights_of(state))
        return replace(self._descended(state, problem), steps=state.steps + 1)

    @property
    def _learns(self) -> bool:
        return self.find_l2 or self.find_balance

    def _reweighed(self, state: State, problem: Any) -> State:
        """The same θ with weights that its residuals ask for."""
        squares = problem.mean_squares(state.theta, np.arange(problem.samples))
        old = reweighing.weights_of(state)
        learned = not np.nanmax(squares.values, initial=0) > _UNLEARNED
        new = reweighing.next_weights(
            *(old, squares, problem),
            l2=self.find_l2 and learned,
            balance=self.find_balance,
            first=False,
        )
        moved = [np.abs(_logarithm(a) - _logarithm(b)) for a, b in zip(new, old, strict=True)]
        cost, gradient = problem.weighed(new).value_and_gradient(state.theta)
        state = replace(state, cost=cost, gradient=gradient, small=0, **new._asdict())
        return replace(state, settled=bool(max(map(np.max, moved)) < _SETTLED))

    def _descended(self, state: State, problem: Problem) -> State:
        direction = _direction(state)
        first = 1.0 if len(state.s) else min(1.0, 1 / (np.abs(state.gradient).sum() + 1e-300))
        found = _search(problem.value_and_gradient, state, direction, first)
        if found is None:
            if not len(state.s):
                return replace(state, done="no step lowers the cost any more")
            nothing = np.zeros((0, state.theta.size))
            return self._descended(replace(state, s=nothing, y=nothing), problem)
        theta, cost, gradient = found
        s, y = theta - state.theta, gradient - state.gradient
        pairs = state.s, state.y
        if s @ y > 1e-10 * (y @ y):
            pairs = np.vstack([pairs[0], s])[-MEMORY:], np.vstack([pairs[1], y])[-MEMORY:]
        small = state.small + 1 if state.cost - cost <= _SMALL * abs(state.cost) else 0
        done = "the cost does not change any more" if small >= _PATIENCE else ""
        moved = replace(state, theta=theta, cost=cost, gradient=gradient, s=pairs[0], y=pairs[1])
        return replace(moved, small=small, done=done)


def _logarithm(weights: Any) -> Floats:
    return np.log(np.asarray(weights) + 1e-300)


def _direction(state: State) -> Floats:
    """-H ∇f, H the inverse Hessian, approximated from the pairs."""
    q = state.gradient.copy()
    if not len(state.s):
        return -q
    rho = 1 / np.einsum("ij,ij->i", state.s, state.y)
    alpha = np.zeros(len(rho))
    for i in reversed(range(len(rho))):
        alpha[i] = rho[i] * (state.s[i] @ q)
        q -= alpha[i] * state.y[i]
    q *= 1 / (rho[-1] * (state.y[-1] @ state.y[-1]))
    for i in range(len(rho)):
        q += (alpha[i] - rho[i] * (state.y[i] @ q)) * state.s[i]
    return -q


def _search(
    function: Callable[[Floats], tuple[float, Floats]], at: State, d: Floats, step: float
) -> tuple[Floats, float, Floats] | None:
    """A point along d that meets the strong Wolfe conditions, or lowers f if none is found soon.

    Nocedal & Wright, algorithms 3.5 and 3.6: the step grows until an interval holds such a point,
    then the interval shrinks by the minimiser of a cubic, kept off its ends.
    """
    slope = float(at.gradient @ d)
    if not slope < 0:
        return None
    low, high = (0.0, at.cost, slope), None
    best = None
    for _ in range(_EVALUATIONS):
        theta = at.theta + step * d
        with np.errstate(over="ignore", invalid="ignore"):
            cost, gradient = function(theta)
        derivative = float(gradient @ d)
        here = step, cost, derivative
        finite = np.isfinite(cost) and np.isfinite(derivative)
        if finite and cost < at.cost and (best is None or cost < best[1]):
            best = theta, cost, gradient
        if not finite or cost > at.cost + _DECREASE * step * slope or cost >= low[1]:
            high = here if finite else (step, np.inf, np.nan)
        elif abs(derivative) <= -_CURVATURE * slope:
            return theta, cost, gradient
        else:
            if derivative * ((high[0] if high else np.inf) - low[0]) >= 0:
                high = low
            low = here
        if high is not None and high[0] == low[0]:
            break
        step = 2 * step if high is None else _between(low, high)
    return best


Point = tuple[float, float, float]


def _between(low: Point, high: Point) -> float:
    """Where the cubic through two values and slopes is least, at least a tenth off either end."""
    (x, f, g), (x2, f2, g2) = low, high
    width = x2 - x
    if not np.isfinite(f2) or not np.isfinite(g2):
        return x + 0.1 * width
    d1 = g + g2 - 3 * (f - f2) / (x - x2)
    root = d1 * d1 - g * g2
    share = 0.5
    if root >= 0:
        d2 = np.copysign(np.sqrt(root), width)
        bottom = g2 - g + 2 * d2
        share = 1 - (g2 + d2 - d1) / bottom if bottom else 0.5
    return x + float(np.clip(share if np.isfinite(share) else 0.5, 0.1, 0.9)) * width

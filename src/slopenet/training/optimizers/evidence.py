"""Levenberg-Marquardt that finds its own ridge: MacKay's evidence, guarded.

With λ = N l2, E_D = ½ N ‖r‖², E_W = ½ ‖Pθ‖² and R residuals, the log evidence of λ is

    log Z(λ) = -½ log det (I + J M⁻¹ Jᵀ) - ½ R log ((2 E_D + 2 λ E_W)/R)

and is stationary at λ = γ E_D / (E_W (R - γ)), γ being the number of weights that the data
determine (MacKay 1992; Foresee & Hagan 1997). Those updates alone often collapse to a constant or,
if they start at a small λ, fit the noise too. The search therefore starts at a large λ and lowers
it rung by rung, each rung starting where the last one ended. A rung that learns nothing better than
a constant is left for a lower one, from the first weights. The weights with the largest log Z are
kept, and trained to the end.

The weight ρ of the slopes, compared with the values, is the ratio of the variances of their noise;
each slope adds ½ log ρ to log Z. It is searched for in the same way, once λ is found for ρ = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from slopenet._types import Floats
from slopenet.training.objective.normal_equations import Linearised
from slopenet.training.optimizers import lm

# A rung is left after so many steps, or when f changes by less than a thousandth.
_STEPS, _SETTLED = 20, 1e-3
# The first steps from random weights may take longer.
_FIRST_STEPS = 60
# The best rung has converged when f changes by less than this share.
_POLISHED = 1e-6
# The largest factor from one rung to the next, and the lowest rung.
_DOWN, _LEAST = 10.0, 1e-10
# A rung is the last if λ would change by less than this factor, or after so many rungs without a
# better log Z.
_SAME, _DROPS = 0.8, 2
# λ where the evidence is for a constant: small for few residuals, where it may be wrong; large for
# many, where it is to be believed.
_FEW, _FALLBACK, _NOISE = 50, 1e-3, 10.0
# If the data determine less than half a weight, nothing is learned.
_NOTHING = 0.5
# λ of the parameters that are not penalised, where the evidence needs one.
_FREE = 1e-3
# The factor between two values of ρ, its limit, the least gain of log Z for another ρ, and the
# factor from the best λ so far to the one at which the search for another ρ begins.
_FACTOR, _FURTHEST, _GAIN, _HIGHER = 10.0, 1e4, 3.0, 100.0


class Problem(lm.Problem, Protocol):
    """Least squares with the numbers of its terms and parameters; the search sets l2 and ρ."""

    samples: float
    residuals: float
    slopes: float
    size: int
    balance: float
    log_shape: float

    def linearise(self, theta: Floats) -> Linearised:
        """r(θ + d) ≈ r + J d."""

    def reweighed_value(self, theta: Floats) -> float:
        """f(θ) with the weights of θ."""

    def penalty(self, theta: Floats) -> float:
        """½ l2 ‖Pθ‖²."""


@dataclass(frozen=True, eq=False)
class State:
    """State of a run: on the rung λ = `ridge`, or, once the search is over, polishing the best.

    `peak` is the largest log Z of this ρ, `evidence` of all.
    """

    theta: Floats
    cost: float
    ridge: float
    first: Floats
    damping: float = 0.0
    small: int = 0
    steps: int = 0
    drops: int = 0
    over: bool = False
    best: Floats | None = None
    best_ridge: float = 0.0
    evidence: float = -np.inf
    balance: float = 1.0
    best_balance: float = 1.0
    peak: float = -np.inf
    done: str = ""


class Evidence:
    """Searches for λ from `top` downwards, then continues with the best; its steps are those of LM.

    Parameters
    ----------
    top : float
        λ to begin with.
    balance : bool
        Whether to look for ρ too; 1 otherwise.
    """

    def __init__(self, top: float = 10.0, *, balance: bool = False) -> None:
        self.top, self.balance = top, balance
        self._search, self._polish = (lm.LevenbergMarquardt(x) for x in (_SETTLED, _POLISHED))

    def start(self, theta: Floats, problem: Problem) -> State:
        """At θ, on the first rung."""
        return _on_rung(State(theta, 0.0, self.top, theta), problem, self.top, theta)

    def step(self, state: State, problem: Problem, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        weigh(problem, state.ridge, state.balance)
        model = problem.linearise(state.theta)
        most = _FIRST_STEPS if state.best is None else _STEPS
        if not state.over and (state.steps >= most or state.small >= lm.PATIENCE):
            state = self._next_rung(state, problem, model)
            model = problem.linearise(state.theta)
        way = self._polish if state.over else self._search
        at = way.move(lm.State(state.theta, state.cost, state.damping, state.small), problem, model)
        return replace(
            state,
            **at.carried(),
            steps=state.steps + 1,
            done=at.done if state.over else "",
        )

    def settled(self, state: State) -> bool:
        """Whether the search is over: further steps hardly change log Z."""
        return state.over

    def result(self, state: State) -> tuple[Floats, float, float]:
        """The best θ so far, its λ and its ρ."""
        if state.best is None or state.over:
            return state.theta, state.ridge, state.balance
        return state.best, state.best_ridge, state.best_balance

    def determined(self, state: State, problem: Problem) -> float:
        """γ: the number of weights that the data determine, at the result."""
        theta, ridge, balance = self.result(state)
        weigh(problem, ridge, balance)
        return problem.linearise(theta).information(_FREE / problem.samples)[2]

    def sentence(self, state: State) -> str:
        """Say which l2 it is once the search is over, and why."""
        if not state.over:
            return ""
        found = state.best is not None
        why = "by the evidence" if found else "as the evidence is for no more than a constant"
        text = f" l2 is {self.result(state)[1]:.1e}, {why}."
        if state.balance != 1:
            text += f" Slopes weigh {state.balance:g} times their share, by the evidence."
        return text

    def _next_rung(self, state: State, problem: Problem, model: Linearised) -> State:
        evidence, determined, ridge = _judge(state, problem, model)
        if determined < _NOTHING or not evidence > _constant(problem) + 1:
            if state.ridge <= (_LEAST if state.balance == 1 else state.best_ridge / _HIGHER):
                return self._next_balance(state, problem)
            first = state.first if state.best is None else state.best
            return _on_rung(state, problem, max(state.ridge / _DOWN, _LEAST), first)
        drops = 0 if evidence > state.peak else state.drops + 1
        state = replace(state, drops=drops, peak=max(evidence, state.peak))
        if evidence > state.evidence + (_GAIN if state.balance != state.best_balance else 0.0):
            state = replace(
                state,
                best=state.theta,
                best_ridge=state.ridge,
                best_balance=state.balance,
                evidence=evidence,
            )
        if state.drops >= _DROPS or ridge > _SAME * state.ridge or state.ridge <= _LEAST:
            return self._next_balance(state, problem)
        return _on_rung(state, problem, max(ridge, state.ridge / _DOWN, _LEAST), state.theta)

    def _next_balance(self, state: State, problem: Problem) -> State:
        """ρ goes up as long as log Z does, down if it never went up; then the search is over."""
        known = 0 < problem.slopes < problem.residuals and problem.residuals >= _FEW
        balance, best = state.balance, state.best
        if best is None or not (self.balance and known):
            return _end(state, problem)
        if balance == state.best_balance:
            balance *= _FACTOR if balance >= 1 else 1 / _FACTOR
        elif balance > 1 and state.best_balance == 1:
            balance = 1 / _FACTOR
        else:
            return _end(state, problem)
        if not 1 / _FURTHEST <= balance <= _FURTHEST:
            return _end(state, problem)
        state = replace(state, balance=balance, peak=-np.inf, drops=0)
        return _on_rung(state, problem, _HIGHER * state.best_ridge, best)


def _judge(state: State, problem: Problem, model: Linearised) -> tuple[float, float, float]:
    """Log Z(λ), γ, and the λ that the update asks for."""
    log_det, known, determined = model.information(_FREE / problem.samples)
    penalty = problem.samples * problem.penalty(state.theta)
    misfit = problem.samples * model.cost - penalty
    R, least = problem.residuals, 1e-300
    evidence = -0.5 * log_det - 0.5 * R * np.log(2 * (misfit + penalty) / R + least)
    evidence += _log_weights(problem) + problem.log_shape
    freedom = max(R - known, 1e-3)
    ridge = state.ridge * determined * (misfit + least) / ((penalty + least) * freedom)
    return float(evidence), determined, float(ridge)


def _log_weights(problem: Problem) -> float:
    """½ Σ log of the weight that ρ gives each residual; the density is divided by it."""
    return 0.5 * problem.slopes * float(np.log(problem.balance))


def _end(state: State, problem: Problem) -> State:
    state = replace(state, over=True, balance=state.best_balance)
    if state.best is None:
        ridge = _FALLBACK if problem.residuals < _FEW else _NOISE
        return _on_rung(state, problem, ridge, state.first)
    return _on_rung(state, problem, state.best_ridge, state.best)


def _on_rung(state: State, problem: Problem, ridge: float, theta: Floats) -> State:
    state = replace(state, theta=theta, ridge=ridge, damping=0.0, small=0, steps=0)
    weigh(problem, ridge, state.balance)
    return replace(state, cost=problem.reweighed_value(theta))


def weigh(problem: Problem, ridge: float, balance: float) -> None:
    """Set the λ and the ρ of f."""
    problem.l2, problem.balance = ridge / problem.samples, balance


def _constant(problem: Problem) -> float:
    """Log Z of a network that gives 0, the mean in standard units."""
    misfit = problem.samples * problem.reweighed_value(np.zeros(problem.size))  # no penalty
    R = problem.residuals
    log_scale = 0.5 * R * float(np.log(2 * misfit / R + 1e-300))
    return _log_weights(problem) + problem.log_shape - log_scale

"""Levenberg-Marquardt that finds its own ridge: MacKay's evidence, guarded.

With λ = N l2, E_D = ½ N ‖r‖², E_W = ½ ‖Pθ‖² and R residuals, the log evidence of λ is

    log Z(λ) = -½ log det (I + J M⁻¹ Jᵀ) - ½ R log ((2 E_D + 2 λ E_W)/R)

and is stationary at λ = γ E_D / (E_W (R - γ)), γ being the number of weights that the data
determine (MacKay 1992; Foresee & Hagan 1997). Those updates alone often collapse to a constant or,
begun at a small λ, settle where the noise is learned too. So λ comes down from above a rung at a
time, each begun where the last one ended; a rung on which nothing better than a constant is learned
is left for a lower one, from the first weights; and what had the largest log Z is kept, and gone on
with to the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from slopenet.arrays import Floats
from slopenet.normal_equations import Linearised
from slopenet.optimizers import lm

# A rung is left after so many steps, or when f changes by less than a thousandth.
_STEPS, _SETTLED = 20, 1e-3
# The first steps from random weights may take longer.
_FIRST_STEPS = 60
# The best one has converged when f changes by less than that.
_POLISHED = 1e-6
# The most that a rung is below the last, and the lowest.
_DOWN, _LEAST = 10.0, 1e-10
# λ stays if it is to change by less; a search ends after so many rungs without a better log Z.
_SAME, _DROPS = 0.8, 2
# λ where the evidence sees nothing but a constant: so few residuals may be too few to show more, of
# many residuals it is to be believed.
_FEW, _FALLBACK, _NOISE = 50, 1e-3, 10.0
# Less than half a weight is nothing learned.
_NOTHING = 0.5
# λ of what is not penalised, where the evidence needs one.
_FREE = 1e-3


class Problem(lm.Problem, Protocol):
    """Of so many samples, residuals and parameters; its l2 is set here."""

    samples: int
    residuals: int
    size: int

    def penalty(self, theta: Floats) -> float:
        """½ l2 ‖Pθ‖²."""


@dataclass(frozen=True, eq=False)
class State:
    """Where a run is: on the rung λ = `ridge`, or, once the search is over, polishing the best."""

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
    done: str = ""


class Evidence:
    """Searches for λ from `top` downwards, then goes on with the best; steps as LM's.

    Parameters
    ----------
    top : float
        λ to begin with.
    """

    def __init__(self, top: float = 10.0) -> None:
        self.top = top
        self._search, self._polish = (lm.LevenbergMarquardt(x) for x in (_SETTLED, _POLISHED))

    def start(self, theta: Floats, problem: Problem) -> State:
        """At θ, on the first rung."""
        return _on_rung(State(theta, 0.0, self.top, theta), problem, self.top, theta)

    def step(self, state: State, problem: Problem, rng: object = None) -> State:  # noqa: ARG002
        """The next state; its `done` says in words why there will be none."""
        problem.l2 = state.ridge / problem.samples
        model = problem.linearise(state.theta)
        most = _FIRST_STEPS if state.best is None else _STEPS
        if not state.over and (state.steps >= most or state.small >= lm.PATIENCE):
            state = self._next_rung(state, problem, model)
            model = problem.linearise(state.theta)
        way = self._polish if state.over else self._search
        at = way.move(lm.State(state.theta, state.cost, state.damping, state.small), problem, model)
        return replace(
            state,
            theta=at.theta,
            cost=at.cost,
            damping=at.damping,
            small=lm.PATIENCE if at.done else at.small,
            steps=state.steps + 1,
            done=at.done if state.over else "",
        )

    def result(self, state: State) -> tuple[Floats, float]:
        """The best θ so far, and its λ."""
        if state.best is None or state.over:
            return state.theta, state.ridge
        return state.best, state.best_ridge

    def sentence(self, state: State) -> str:
        """Say which l2 it is once the search is over, and why."""
        if not state.over:
            return ""
        found = state.best is not None
        why = "by the evidence" if found else "as the evidence is for no more than a constant"
        return f" l2 is {self.result(state)[1]:.1e}, {why}."

    def _next_rung(self, state: State, problem: Problem, model: Linearised) -> State:
        evidence, determined, ridge = _judge(state, problem, model)
        if determined < _NOTHING or not evidence > _constant(problem) + 1:
            if state.ridge <= _LEAST:
                return _end(state, problem)
            first = state.first if state.best is None else state.theta
            return _on_rung(state, problem, max(state.ridge / _DOWN, _LEAST), first)
        if evidence > state.evidence:
            state = replace(
                state, best=state.theta, best_ridge=state.ridge, evidence=evidence, drops=0
            )
        else:
            state = replace(state, drops=state.drops + 1)
        if state.drops >= _DROPS or ridge > _SAME * state.ridge or state.ridge <= _LEAST:
            return _end(state, problem)
        return _on_rung(state, problem, max(ridge, state.ridge / _DOWN, _LEAST), state.theta)


def _judge(state: State, problem: Problem, model: Linearised) -> tuple[float, float, float]:
    """Log Z(λ), γ, and the λ that the update asks for."""
    log_det, known, determined = model.information(_FREE / problem.samples)
    penalty = problem.samples * problem.penalty(state.theta)
    misfit = problem.samples * model.cost - penalty
    R, least = problem.residuals, 1e-300
    evidence = -0.5 * log_det - 0.5 * R * np.log(2 * (misfit + penalty) / R + least)
    freedom = max(R - known, 1e-3)
    ridge = state.ridge * determined * (misfit + least) / ((penalty + least) * freedom)
    return float(evidence), determined, float(ridge)


def _end(state: State, problem: Problem) -> State:
    state = replace(state, over=True)
    if state.best is None:
        ridge = _FALLBACK if problem.residuals < _FEW else _NOISE
        return _on_rung(state, problem, ridge, state.first)
    return _on_rung(state, problem, state.best_ridge, state.best)


def _on_rung(state: State, problem: Problem, ridge: float, theta: Floats) -> State:
    problem.l2 = ridge / problem.samples
    cost = problem.value(theta)
    return replace(state, theta=theta, cost=cost, ridge=ridge, damping=0.0, small=0, steps=0)


def _constant(problem: Problem) -> float:
    """Log Z of a network that gives 0, the mean in standard units."""
    misfit = problem.samples * problem.value(np.zeros(problem.size))  # no weights, no penalty
    return -0.5 * problem.residuals * float(np.log(2 * misfit / problem.residuals + 1e-300))

"""Bayesian optimisation with slopes, compared with SMT's EGO on values.

One evaluation gives slopenet the value and all slopes, SMT the value. The regret is the distance of
the best value from the minimum, over the range of the function. Both search until it is 1 %, SMT
from a Latin hypercube of 2 n_1 + 2 points, slopenet's number on values; settings are the defaults.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from benchmarks.training.functions import Function, Numbers
from benchmarks.training.surrogate_functions import EXPERIMENTS
from benchmarks.training.verdict import Outcome, Plan, Verdict, median
from slopenet.optimize import minimise

REGRET, SHARE, SEEDS, FULL_SEEDS = 0.01, 0.5, 5, 10


class Problem(NamedTuple):
    """A function, its minimum and maximum, and the most evaluations of a run."""

    name: str
    function: Function
    minimum: float
    maximum: float
    most: int

    @property
    def box(self) -> Numbers:
        """(low, high) of each input."""
        return np.stack([self.function.lower, self.function.upper], axis=1)

    def regret(self, value: float) -> float:
        """The distance from the minimum, in ranges of the function."""
        return (value - self.minimum) / (self.maximum - self.minimum)


PROBLEMS = (
    Problem("Branin", EXPERIMENTS["branin"].function, 0.397887, 308.129096, 60),
    Problem("Hartmann-6", EXPERIMENTS["hartmann6"].function, -3.322368, 0.0, 100),
)


class _ReachedError(Exception):
    """The regret is small enough."""


def _own(problem: Problem, seed: int, *, slopes: bool) -> int:
    """Evaluations until the regret is reached; infinity is the most, and one more."""

    def function(x: Numbers) -> Any:
        data = problem.function.data(x[None])
        assert data.dydx is not None
        return (data.y[0, 0], data.dydx[0, 0]) if slopes else data.y[0, 0]

    def reached(x: Numbers, value: float) -> bool:  # noqa: ARG001
        return problem.regret(value) <= REGRET

    found = minimise(function, problem.box, problem.most, slopes=slopes, rng=seed, callback=reached)
    return _count(problem, found.y)


def _smt(problem: Problem, seed: int) -> int:
    """The same of SMT's EGO on values."""
    from smt.applications import EGO
    from smt.design_space import DesignSpace
    from smt.surrogate_models import KRG

    values: list[float] = []

    def function(X: Numbers) -> Numbers:
        y = problem.function.value(np.atleast_2d(X))
        values.extend(y.tolist())
        if _count(problem, np.array(values)) <= len(values):
            raise _ReachedError
        return y[:, None]

    n_doe = 2 * len(problem.box) + 2
    space = DesignSpace(problem.box)
    ego = EGO(
        n_iter=problem.most - n_doe,
        criterion="EI",
        n_doe=n_doe,
        surrogate=KRG(design_space=space, print_global=False),
        seed=seed,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ego.optimize(fun=function)
    except _ReachedError:
        pass
    return _count(problem, np.array(values))


def _count(problem: Problem, values: Numbers) -> int:
    """The place, from 1, of the first value of a small regret, or one more than the most."""
    small = np.flatnonzero([problem.regret(value) <= REGRET for value in values])
    return int(small[0]) + 1 if small.size else problem.most + 1


def _judged(problem: Problem, seeds: int, plan: Plan) -> Verdict:
    runs: dict[str, Callable[[int], int]] = {
        "slopes": lambda seed: _own(problem, seed, slopes=True),
    }
    if find_spec("smt") is not None:
        runs["SMT"] = lambda seed: _smt(problem, seed)
    if plan.full:
        runs["values"] = lambda seed: _own(problem, seed, slopes=False)
    counts: dict[str, list[int]] = {way: [] for way in runs}
    for seed in range(seeds):
        for way, run_one in runs.items():
            counts[way].append(run_one(seed))
            plan.say(f"  {problem.name}, seed {seed}, {way}: {counts[way][-1]} evaluations")
    text = "; ".join(
        f"{way} {median(found):g} ({', '.join(map(str, found))})" for way, found in counts.items()
    )
    met = None
    if "SMT" in counts:
        met = median(counts["slopes"]) <= SHARE * median(counts["SMT"])
    promise = f"{problem.name}: {REGRET:.0%} regret in half of the evaluations of SMT's EGO"
    return Verdict(promise, f"median of {seeds} seeds: {text}; at most {problem.most}", met)


def run(plan: Plan) -> Outcome:
    """Both functions."""
    seeds = plan.count(SEEDS, FULL_SEEDS)
    return Outcome(
        "Bayesian optimisation with slopes, and SMT's EGO on values",
        [_judged(problem, seeds, plan) for problem in PROBLEMS],
    )

"""Friedman's first function with noise: 200 rows, 10 inputs, 5 of them without effect.

The noise is a fifth of the standard deviation of the values. The peer is scikit-learn's Gaussian
process, with the kernel (RBF or Matérn) that has the smaller median error. Errors are RMS errors on
3,000 rows without noise over the standard deviation of their values.
"""

from __future__ import annotations

import numpy as np

import slopenet as sn
from benchmarks.training.contenders.kriging import Predict, Rows, process
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict, median

ROWS, INPUTS, NOISE, TESTED, TEST_SEED, WORST = 200, 10, 1.0, 3000, 99, 1.3
TITLE = "Friedman's first function, 200 rows with noise"


def _fits(X: Numbers, y: Numbers, seed: int) -> dict[str, Predict]:
    """Predictions of values, by contender."""
    net = sn.fit(X, y, rng=seed).network
    rows = Rows(X, y, np.zeros_like(X), np.zeros(INPUTS), np.ones(INPUTS))
    return {
        "slopenet": lambda T: net(T)[:, 0],
        "RBF": process("rbf")(rows).value,
        "Matérn": process("matern")(rows).value,
    }


def _errors(seeds: int, plan: Plan) -> dict[str, list[float]]:
    """Relative errors, one per draw, by contender."""
    from sklearn.datasets import make_friedman1

    T, truth = make_friedman1(TESTED, INPUTS, noise=0, random_state=TEST_SEED)
    errors: dict[str, list[float]] = {}
    for seed in range(seeds):
        X, y = make_friedman1(ROWS, INPUTS, noise=NOISE, random_state=seed)
        for who, predict in _fits(X, y, seed).items():
            error = float(np.sqrt(np.mean((predict(T) - truth) ** 2)) / truth.std())
            errors.setdefault(who, []).append(error)
        plan.say(f"  draw {seed}: " + ", ".join(f"{w} {e[-1]:.3f}" for w, e in errors.items()))
    return errors


def run(plan: Plan) -> Outcome:
    """One verdict over the draws."""
    promise = f"median error no larger than the process's, in no draw above {WORST} times"
    if not plan.has("scikit-learn"):
        return Outcome(TITLE, [Verdict(promise, "scikit-learn took no part", None)])
    errors = _errors(plan.count(10, 10), plan)
    own = errors.pop("slopenet")
    kernel = min(errors, key=lambda name: median(errors[name]))
    worst = max(a / b for a, b in zip(own, errors[kernel], strict=True))
    found = (
        f"{median(own):.3f} and {median(errors[kernel]):.3f} ({kernel}),"
        f" at most {worst:.2f} times, {len(own)} draws"
    )
    met = median(own) <= median(errors[kernel]) and worst <= WORST
    return Outcome(TITLE, [Verdict(promise, found, met)])

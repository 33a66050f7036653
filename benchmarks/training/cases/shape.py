"""Fits with constraints on their shape: obeyed on a grid or dense points, and no less accurate.

Call prices after Black & Scholes fall and are convex in the strike, and grow with maturity; a
monotone function of five inputs; a convex quadratic of three. Each with noise, each compared with
the free fit of the same rows by default settings. Slopes and second derivatives are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from scipy.special import ndtr

import slopenet as sn
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict, median

VOLATILITY, GRID, TESTED, SEEDS = 0.2, 200, 20_000, 5
TITLE = "Constraints on the shape"


def price(X: Numbers) -> Numbers:
    """The price of a call of strike K and maturity T: spot 1, rate 0."""
    K, T = X.T
    deviation = VOLATILITY * np.sqrt(T)
    d = (np.log(1 / K) + deviation**2 / 2) / deviation
    return np.asarray(ndtr(d) - K * ndtr(d - deviation))


def rising(X: Numbers) -> Numbers:
    """Grows with x1, x2 and x3, falls with x4, whatever with x5."""
    x1, x2, x3, x4, x5 = X.T
    return np.asarray(
        np.exp(x1)
        + 2 / (1 + np.exp(-8 * (x2 - 0.5)))
        + x1 * x3
        - np.sqrt(x4 + 0.1)
        + np.sin(4 * x5)
    )


def bowl(X: Numbers) -> Numbers:
    """A quadratic that is nearly flat in one direction."""
    return np.asarray(X[:, 0] ** 2 + (X[:, 1] - X[:, 2]) ** 2 + 0.3 * X[:, 0] * X[:, 1] + X[:, 2])


@dataclass(frozen=True)
class Problem:
    """A function on a box, its rows and noise, and constraints that are true of it.

    Attributes
    ----------
    noise : float
        Relative to the `scale` of the values, "range" or "deviation".
    """

    name: str
    function: Callable[[Numbers], Numbers]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    rows: int
    noise: float
    scale: str
    asked: dict[str, Any]

    def sample(self, seed: int) -> tuple[Numbers, Numbers]:
        """Random rows with noise."""
        rng = np.random.default_rng(seed)
        X = rng.uniform(self.lower, self.upper, (self.rows, len(self.lower)))
        y = self.function(X)
        scale = np.ptp(y) if self.scale == "range" else y.std()
        return X, y + self.noise * scale * rng.normal(size=len(y))

    def points(self) -> Numbers:
        """A grid of two inputs, sides included; random points of more, some of them on sides."""
        low, high = np.array(self.lower), np.array(self.upper)
        if len(low) == 2:
            axes = [np.linspace(a, b, GRID) for a, b in zip(low, high, strict=True)]
            return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
        u = np.random.default_rng(12345).uniform(-0.1, 1.1, (TESTED, len(low)))
        return np.asarray(low + (high - low) * np.clip(u, 0, 1))

    def violations(self, network: sn.Network, X: Numbers) -> int:
        """The number of points where a constraint fails, summed over the constraints."""
        J, hessian = network.value_jacobian_hessian(X)[1:]
        failed = [sign * J[:, 0, i] < 0 for i, sign in self.asked.get("monotone", {}).items()]
        inputs = self.asked.get("convex", [])
        if inputs:
            block = hessian[:, 0][:, inputs][:, :, inputs]
            failed.append(np.linalg.eigvalsh(block)[:, 0] < 0)
        return int(np.sum(failed))


CALL = (price, (0.7, 0.1), (1.3, 2.0), 60, 0.01)
TRUE_OF_CALLS = {"monotone": {0: -1, 1: 1}, "convex": [0]}
PROBLEMS = (
    Problem("call prices, noise 1 % of the range", *CALL, "range", TRUE_OF_CALLS),
    Problem("call prices, noise 1 % of the deviation", *CALL, "deviation", TRUE_OF_CALLS),
    Problem(
        "monotone in 4 of 5 inputs, noise 10 %",
        *(rising, (0.0,) * 5, (1.0,) * 5, 150, 0.1, "deviation"),
        {"monotone": {0: 1, 1: 1, 2: 1, 3: -1}},
    ),
    Problem(
        "convex quadratic of 3 inputs, noise 10 %",
        *(bowl, (-1.0,) * 3, (1.0,) * 3, 80, 0.1, "deviation"),
        {"convex": [0, 1, 2]},
    ),
)


def _judged(problem: Problem, seeds: int, plan: Plan) -> list[Verdict]:
    X = problem.points()
    true = problem.function(X)
    found: list[tuple[float, float, int, int, float, float]] = []
    for seed in range(seeds):
        rows = problem.sample(seed)
        begin = perf_counter()
        free = sn.fit(*rows, rng=seed).network
        middle = perf_counter()
        shaped = sn.fit(*rows, rng=seed, **problem.asked).network
        seconds = middle - begin, perf_counter() - middle
        errors = [
            float(np.sqrt(np.mean((net(X)[:, 0] - true) ** 2)) / true.std())
            for net in (shaped, free)
        ]
        failed = [problem.violations(net, X) for net in (shaped, free)]
        found.append((*errors, *failed, *seconds))  # type: ignore[arg-type]
        plan.say(
            f"{problem.name}, seed {seed}: error {errors[0]:.4f} with {failed[0]} violations,"
            f" {seconds[1]:.1f} s; free {errors[1]:.4f} with {failed[1]}, {seconds[0]:.1f} s"
        )
    own, free_errors, own_failed, free_failed, free_seconds, own_seconds = zip(*found, strict=True)
    better = sum(a <= b for a, b in zip(own, free_errors, strict=True))
    return [
        Verdict(
            f"{problem.name}: no violation",
            f"{sum(own_failed)} violations at {len(X):,} points and {seeds} seeds, free fits"
            f" {sum(free_failed):,}",
            not sum(own_failed),
        ),
        Verdict(
            f"{problem.name}: no less accurate than the free fit, in the median",
            f"median error {median(own):.4f}, free {median(free_errors):.4f}; {better} of {seeds}"
            f" seeds; {median(own_seconds):.1f} s, free {median(free_seconds):.1f} s",
            median(own) <= median(free_errors),
        ),
    ]


def run(plan: Plan) -> Outcome:
    """All problems."""
    seeds = plan.count(SEEDS)
    verdicts = [verdict for each in PROBLEMS for verdict in _judged(each, seeds, plan)]
    return Outcome(TITLE, verdicts)

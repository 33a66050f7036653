"""Higham & Higham's ten points, and eleven: Levenberg-Marquardt from many starts; a million steps.

The network is 2-2-3-2 with a sigmoid in every layer. The plain loop is the paper's `netbp` in
NumPy: one sample per step, the same equations, timed over fewer steps and scaled.
"""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter

import numpy as np

import slopenet as sn
from benchmarks.clock import BLOCKS
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict, share

X = np.array([[0.1, 0.3, 0.1, 0.6, 0.4, 0.6, 0.5, 0.9, 0.4, 0.7, 0.3],
              [0.1, 0.4, 0.5, 0.9, 0.2, 0.3, 0.6, 0.2, 0.4, 0.6, 0.7]]).T  # fmt: skip
Y = np.array([(1.0, 0.0)] * 5 + [(0.0, 1.0)] * 6)
SIZES, RATE = (2, 2, 3, 2), 0.05
STARTS, COST, SECONDS = 20, 1e-6, 0.4
STEPS, LOOP_STEPS, FASTER = 1_000_000, 20_000, 100


def _cost(net: sn.Network, x: Numbers, y: Numbers) -> float:
    return float(0.5 * np.sum((y - net(x)) ** 2) / len(x))


def _many_starts(points: int, starts: int) -> Verdict:
    x, y = X[:points], Y[:points]

    best, nets = np.inf, []
    for _ in range(BLOCKS):
        start = perf_counter()
        result = sn.fit(
            x, y, hidden=(2, 3), activation="sigmoid", output="sigmoid", method="lm", l2=0.0,
            ensemble=starts, rng=0, callback=lambda state: state.cost < COST,
        )  # fmt: skip
        best = min(best, perf_counter() - start)
        nets = list(result.ensemble)
    costs = [_cost(net, x, y) for net in nets]
    right = [cost < COST for cost in costs]
    return Verdict(
        f"{points} points, lm from {starts} starts: cost below {COST:g} from 19 of 20,"
        f" all together in {SECONDS * starts / STARTS:g} s",
        f"{sum(right)} of {starts}, largest {max(costs):.1e}; {best:.3f} s, best of {BLOCKS}",
        share(right) and best <= SECONDS * starts / STARTS,
    )


def _loop(weights: list[Numbers], biases: list[Numbers], order: Numbers) -> None:
    """Take the paper's steps, one for each sample of `order`, written plainly in NumPy."""
    (W2, W3, W4), (b2, b3, b4) = weights, biases
    for k in order:
        x, y = X[k], Y[k]
        a2 = 1 / (1 + np.exp(-(W2 @ x + b2)))
        a3 = 1 / (1 + np.exp(-(W3 @ a2 + b3)))
        a4 = 1 / (1 + np.exp(-(W4 @ a3 + b4)))
        d4 = a4 * (1 - a4) * (a4 - y)
        d3 = a3 * (1 - a3) * (W4.T @ d4)
        d2 = a2 * (1 - a2) * (W3.T @ d3)
        W2 -= RATE * np.outer(d2, x)
        W3 -= RATE * np.outer(d3, a2)
        W4 -= RATE * np.outer(d4, a3)
        b2 -= RATE * d2
        b3 -= RATE * d3
        b4 -= RATE * d4


def _steps() -> Verdict:
    rng = np.random.default_rng(0)
    weights = [0.5 * rng.normal(size=(n, m)) for m, n in pairwise(SIZES)]
    biases = [0.5 * rng.normal(size=n) for n in SIZES[1:]]
    net, own, plain = sn.Network(weights, biases, "sigmoid"), np.inf, np.inf
    order = rng.integers(10, size=LOOP_STEPS)
    for _ in range(BLOCKS):
        start = perf_counter()
        sn.sgd(net, X[:10], Y[:10], steps=STEPS, learning_rate=RATE, rng=0, record_every=STEPS)
        own = min(own, perf_counter() - start)
        arrays = [w.copy() for w in weights], [b.copy() for b in biases]
        start = perf_counter()
        _loop(*arrays, order)
        plain = min(plain, (perf_counter() - start) * STEPS / LOOP_STEPS)
    return Verdict(
        f"{STEPS:,} single-sample steps {FASTER}× faster than a NumPy loop",
        f"{own:.2f} s compared with {plain:.1f} s, {plain / own:.0f}×; best of {BLOCKS}, in turns",
        plain / own >= FASTER,
    )


def run(plan: Plan) -> Outcome:
    """Two data sets, and the steps."""
    starts = plan.count(STARTS)
    verdicts = [_many_starts(10, starts), _many_starts(11, starts), _steps()]
    return Outcome("Higham & Higham's points", verdicts)

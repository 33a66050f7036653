"""Rastrigin's function on [-1, 1.5]² from 100 random points with slopes, 2-12-12-1.

JENN takes 2000 iterations on normalised data, with default settings otherwise; 2000 test points.
Every seed draws its own points.
"""

from __future__ import annotations

import numpy as np

from benchmarks.training.curve import Curve
from benchmarks.training.functions import RASTRIGIN
from benchmarks.training.race import race
from benchmarks.training.task import Task
from benchmarks.training.verdict import Outcome, Plan, Verdict, cut_short, judged, median, ratio

SOONER, LOWER = 20, 5


def _task(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    jenn = {"max_iter": 2000, "is_normalize": True}
    train, test = RASTRIGIN.sample(100, rng), RASTRIGIN.sample(2000, rng)
    return Task(train, test, (12, 12), epochs=10_000, jenn=jenn)


def _verdicts(pairs: list[tuple[Curve, Curve]]) -> list[Verdict]:
    peers = [peer for peer, _ in pairs]
    ends = [peer.end for peer in peers]
    sooner = median(
        ratio(end.seconds, own.reach(end.value, end.slope))
        for end, (_, own) in zip(ends, pairs, strict=True)
    )
    then = [own.at(end.seconds) for end, (_, own) in zip(ends, pairs, strict=True)]
    lower = [
        median(ratio(end.value, own.value) for end, own in zip(ends, then, strict=True)),
        median(ratio(end.slope, own.slope) for end, own in zip(ends, then, strict=True)),
    ]
    about = (
        f"; medians of {len(pairs)} seeds; JENN: {median(e.seconds for e in ends):.3g} s,"
        f" {median(e.value for e in ends):.3g} values, {median(e.slope for e in ends):.3g} slopes"
    ) + cut_short(peers)
    known = bool(pairs)
    return [
        Verdict(
            f"JENN's errors {SOONER}× sooner",
            f"{sooner:.1f}×{about}" if known else "JENN took no part",
            judged(sooner >= SOONER, peers),
        ),
        Verdict(
            f"in JENN's time, both errors {LOWER}× lower",
            f"{lower[0]:.1f}× values, {lower[1]:.1f}× slopes" if known else "JENN took no part",
            judged(min(lower) >= LOWER, peers),
        ),
    ]


def run(plan: Plan) -> Outcome:
    """JENN and slopenet train from every seed, the others from a few."""
    curves = race(plan, _task, plan.count(10), plan.count(3), together=("JENN",))
    pairs = list(zip(curves.get(("JENN", ""), ()), curves["slopenet", ""], strict=False))
    title = "Rastrigin, 100 points with slopes, 2-12-12-1"
    return Outcome(title, _verdicts(pairs), curves)

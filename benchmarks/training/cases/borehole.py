"""The borehole function from values alone: 2,000 rows, 8-64-64-1, against torch's Adam.

Torch trains for 5,000 epochs of full batches in float64, at three learning rates; the lowest final
test error is the target. 10,000 test rows. Every seed draws its own rows. Slopes are not judged:
that of T_u is a millionth of the others, and an error relative to it is meaningless.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.training.functions import BOREHOLE
from benchmarks.training.race import race
from benchmarks.training.task import Task
from benchmarks.training.verdict import Outcome, Plan, Verdict, cut_short, judged, median, ratio

EPOCHS, RATES, SOONER = 5000, (1e-2, 3e-3, 1e-3), 20
TITLE = "Borehole, 2,000 rows of values, 8-64-64-1"


def _task(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    train, test = (replace(BOREHOLE.sample(n, rng), dydx=None) for n in (2000, 10_000))
    return Task(train, test, (64, 64), epochs=EPOCHS, rates=RATES)


def run(plan: Plan) -> Outcome:
    """The time to reach the final error of the best torch run."""
    curves = race(plan, _task, plan.count(3), plan.count(1, 5))
    promise = f"the error of {EPOCHS:,} epochs of torch's Adam {SOONER}× sooner"
    by_rate = [each for (name, _), each in curves.items() if name == "PyTorch"]
    if not by_rate:
        return Outcome(TITLE, [Verdict(promise, "torch took no part", None)], curves)
    best = [min(runs, key=lambda c: c.end.value) for runs in zip(*by_rate, strict=True)]
    own = curves["slopenet", ""]
    sooner = median(
        ratio(peer.end.seconds, mine.reach(peer.end.value))
        for peer, mine in zip(best, own, strict=False)
    )
    references = [c for runs in by_rate for c in runs]
    found = (
        f"{sooner:.1f}×; torch: {median(c.end.seconds for c in best):.1f} s,"
        f" {median(c.end.value for c in best):.2e}; slopenet ends after"
        f" {median(c.end.seconds for c in own):.1f} s at {median(c.end.value for c in own):.2e}"
    ) + cut_short(references)
    return Outcome(TITLE, [Verdict(promise, found, judged(sooner >= SOONER, references))], curves)

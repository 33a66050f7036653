"""A sine from its three points -π, 0, π with slopes, 1-3-3-1; tested on 30 random points.

All three values are zero, so only the slopes carry information. JENN therefore trains without its
normalisation, which would divide by the spread of the values.
"""

from __future__ import annotations

import numpy as np

from benchmarks.training.functions import SINE
from benchmarks.training.race import race
from benchmarks.training.task import Task, determination
from benchmarks.training.verdict import Outcome, Plan, Verdict, share

LEAST, POINTS = 0.95, 30


def run(plan: Plan) -> Outcome:
    """R² of values and of slopes over the seeds."""
    test = SINE.sample(POINTS, np.random.default_rng(0))
    task = Task(SINE.grid(3), test, (3, 3), epochs=2000, jenn={"max_iter": 2000})
    curves = race(plan, lambda _: task, plan.count(20), plan.count(3))
    found = []
    for curve in curves["slopenet", ""]:
        H, J = curve.network.value_and_jacobian(test.X)
        found.append((determination(H, test.y), determination(J, np.asarray(test.dydx))))
    right = [min(pair) > LEAST for pair in found]
    least = [min(each) for each in zip(*found, strict=True)]
    verdict = Verdict(
        f"R² of y and of dy/dx above {LEAST} from 19 of 20 seeds",
        f"{sum(right)} of {len(right)}, least {least[0]:.3f} of y, {least[1]:.3f} of dy/dx",
        share(right),
    )
    return Outcome("Sine, 3 points with slopes, 1-3-3-1", [verdict], curves)

"""SMT's test of its gradient-enhanced network: Rosenbrock's function from nine points with slopes.

Trained on a 3 by 3 grid, tested on 100 by 100 points, 2-12-12-1. JENN has the settings of SMT's
test.
"""

from __future__ import annotations

from benchmarks.training.functions import ROSENBROCK
from benchmarks.training.race import race
from benchmarks.training.task import Task, determination
from benchmarks.training.verdict import Outcome, Plan, Verdict, share

JENN = {"alpha": 0.01, "lambd": 0.01, "max_iter": 5000, "is_backtracking": True,
        "is_normalize": True}  # fmt: skip
LEAST = 0.98


def run(plan: Plan) -> Outcome:
    """R² of slopenet's default settings over the seeds."""
    task = Task(ROSENBROCK.grid(3), ROSENBROCK.grid(100), (12, 12), epochs=5000, jenn=JENN)
    curves = race(plan, lambda _: task, plan.count(20), plan.count(3))
    nets = [curve.network for curve in curves["slopenet", ""]]
    found = [determination(net(task.test.X), task.test.y) for net in nets]
    right = [each > LEAST for each in found]
    verdict = Verdict(
        f"R² above {LEAST} from 19 of 20 seeds",
        f"{sum(right)} of {len(right)}, least {min(found):.4f}",
        share(right),
    )
    return Outcome("Rosenbrock, 9 points with slopes, 2-12-12-1", [verdict], curves)

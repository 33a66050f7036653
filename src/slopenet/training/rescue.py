"""Other methods and starts, for a fit that is hardly better than a constant."""

from __future__ import annotations

from dataclasses import replace

from slopenet.training.entrants import Task, no_options, quick
from slopenet.training.methods import MOST_OPERATIONS
from slopenet.training.plan import Plan
from slopenet.training.settings import AUTO, FitSettings

# From so many rows on, a tenth of them says which network is better.
LEAST_ROWS = 100
# Starts where a step of Levenberg-Marquardt has no more operations than this; otherwise one. The
# most operations of all its steps.
_STARTS, _CHEAP = 3, 2e8
_ALL_OPERATIONS = 2e11


def alternatives(settings: FitSettings, plan: Plan, task: Task) -> list[FitSettings]:
    """The settings to try after a plan came to nothing, in their order, none of them "auto".

    A method that was not asked for is L-BFGS; then come other starts: of the default network where
    Levenberg-Marquardt can train it, else of the one that came to nothing. What the user gave is
    obeyed.
    """
    if task.rows < LEAST_ROWS or (plan.info.process and settings.method != AUTO):
        return []
    plain = replace(settings.resolved(), validation=None)
    free = settings.method == AUTO and settings.loss == "squared"
    free = free and no_options(settings)
    found = [replace(plain, method="lbfgs")] if free and plan.method.name != "lbfgs" else []
    if free and task.work(plain.hidden).lm_operations <= MOST_OPERATIONS:
        again = replace(plain, method="lm")
    elif plan.info.process:
        return found
    else:
        again = replace(plain, method=plan.method.name, hidden=plan.sizes[1:-1])
    if settings.ensemble is None and settings.restarts is None:
        operations = task.work(again.hidden).lm_operations
        again = replace(again, restarts=_STARTS if operations <= _CHEAP else 1)
    if again.method == "lm" and settings.method == AUTO:
        again = quick(again, task, _ALL_OPERATIONS)
    return [*found, again]

"""The tables of a run: the promises, and the final errors of all contenders."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.page import Page
from benchmarks.training.verdict import Outcome, Verdict, median


def promises(outcomes: Sequence[Outcome]) -> Page:
    """Every criterion, met or missed."""
    rows = []
    for outcome in outcomes:
        title = outcome.title
        for each in outcome.verdicts:
            rows.append([title, each.promise, each.found, each.word])
            title = ""
    return Page("Promises", ["case", "promise", "found", "verdict"], rows)


def ends(outcomes: Sequence[Outcome]) -> Page:
    """Final errors of all runs: medians over the seeds."""
    rows = []
    for outcome in outcomes:
        title = outcome.title
        for (name, mode), curves in outcome.curves.items():
            seconds, value, slope = (median(c.end[i] for c in curves) for i in range(3))
            counts = [sum(c.collapsed for c in curves), sum(c.cut for c in curves)]
            row = [title, f"{name} {mode}".strip(), str(len(curves)), f"{seconds:.3g} s"]
            row += [f"{value:.3g}", f"{slope:.3g}", *(str(n or "–") for n in counts)]
            rows.append(row)
            title = ""
    head = ["case", "who", "seeds", "time", "value error", "slope error", "collapsed", "cut short"]
    return Page("Where runs ended: medians over the seeds", head, rows)


def no_collapse(outcomes: Sequence[Outcome]) -> Outcome:
    """Whether any run of slopenet ended in a constant or NaN."""
    own = [
        curve
        for outcome in outcomes
        for (name, _), curves in outcome.curves.items()
        if name == "slopenet"
        for curve in curves
    ]
    fallen = sum(curve.collapsed for curve in own)
    found = f"{fallen} of {len(own)} runs did" if own else "no case with curves was run"
    verdict = Verdict(
        "no run collapses to a constant (1 % of the spread) or NaN",
        found,
        fallen == 0 if own else None,
    )
    return Outcome("All curves of slopenet", [verdict])

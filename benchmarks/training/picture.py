"""The curves: one row per case, values left and slopes right, one colour per contender."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.curve import Curve
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome

COLOURS = {
    "slopenet": "#d55e00",
    "JENN": "#009e73",
    "PyTorch": "#0072b2",
    "JAX": "#cc79a7",
    "scikit-learn": "#7f7f7f",
}
STYLES = ("-", "--", ":")
TIMES = 200


def quartiles(curves: Sequence[Curve], of: str) -> tuple[Numbers, Numbers]:
    """Times, and (3, times) the quartiles over the seeds of the errors reached by then.

    They range from the time when every run has an error to the time when the median run has ended;
    a run that ended earlier keeps its last error.
    """
    first = max(curve.points[0].seconds for curve in curves)
    last = max(first, float(np.median([curve.end.seconds for curve in curves])))
    times = np.geomspace(first, last, TIMES)
    errors = [[getattr(curve.at(t), of) for t in times] for curve in curves]
    return times, np.quantile(errors, (0.25, 0.5, 0.75), axis=0)


def _draw(axes: Any, outcome: Outcome, of: str) -> None:
    styles = {name: cycle(STYLES) for name in COLOURS}
    for (name, mode), curves in outcome.curves.items():
        style = next(styles[name])
        times, (low, middle, high) = quartiles(curves, of)
        if not np.isfinite(middle).any():
            continue
        # slopenet is drawn above its peers
        order = 3 if name == "slopenet" else 2
        label = f"{name} {mode}".strip()
        axes.loglog(times, middle, style, color=COLOURS[name], lw=1.8, zorder=order, label=label)
        axes.fill_between(times, low, high, color=COLOURS[name], alpha=0.15, lw=0)
        axes.plot(times[-1], middle[-1], "o", color=COLOURS[name], ms=4, zorder=order)
    axes.grid(visible=True, which="major", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds of training")
    axes.tick_params(axis="x", which="minor", labelbottom=False)


def draw(outcomes: Sequence[Outcome], path: Path) -> bool:
    """Write the picture; False if matplotlib is missing or there is nothing to draw."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    shown = [outcome for outcome in outcomes if outcome.curves]
    if not shown:
        return False
    figure = Figure(figsize=(11, 3.6 * len(shown)), layout="constrained")
    for outcome, row in zip(shown, figure.subplots(len(shown), 2, squeeze=False), strict=True):
        for axes, of, what in zip(row, ("value", "slope"), ("values", "slopes"), strict=True):
            _draw(axes, outcome, of)
            axes.set_ylabel(f"relative error of {what}")
        row[0].set_title(outcome.title, loc="left", fontweight="bold")
        handles, labels = row[0].get_legend_handles_labels()
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
        row[1].legend(handles, labels, frameon=False, fontsize=8, **place)
        row[1].axison = bool(row[1].lines)
    figure.savefig(path, dpi=130)
    return True

"""The limit of a fit, in words: too few epochs, too few rows, or noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from slopenet.training.quality import LEARNED, FitErrors, short
from slopenet.training.start import Training

# The share of all epochs that is looked at last, and the fall of the errors in it that is progress.
LAST, PROGRESS = 0.1, 0.05
# Relative errors below which nothing is said.
EXACT = 1e-3
# Residuals of neighbours that are related by so many standard deviations are not noise.
CLEAR = 5.0
# Rows learned from that are missed by such a share of the error of other rows, or more: noise.
SHARE = 0.6


def with_outlook(
    errors: FitErrors | None,
    learned: FitErrors | None,
    *,
    improving: bool,
    related: float | None = None,
) -> FitErrors | None:
    """The errors of rows not learned from, with a clause on what limits them.

    `learned` are the errors of the rows learned from; `improving` says whether more epochs would
    have lowered them. The error of rows left out is that of the noise and of the network together;
    the rows learned from are missed by somewhat less than the noise, so that its size lies between
    the two. `related` says how clearly rows next to each other are missed alike, as
    `whiteness.relation`: noise is independent. Without it noise cannot be told from fine detail.
    """
    if errors is None:
        return None
    if improving:
        return replace(errors, outlook="still improving: more epochs would help")
    if errors.rows == LEARNED or learned is None or not errors.typical >= EXACT:
        return errors
    missed = learned.typical
    if missed >= SHARE * errors.typical:
        size = short(100 * float(np.sqrt(missed * errors.typical)))
        said = f"noise of about {size} %"
        if related is None:
            said += ", or detail that is too fine for the network"
        elif related > CLEAR:
            said = "detail that the network does not follow, as neighbouring rows are missed alike"
        return replace(errors, outlook=said)
    said = f"rows learned from are missed by {short(100 * missed)} %: more rows would help"
    return replace(errors, outlook=said)


def improving(training: Training, *, scheduled: bool) -> bool:
    """Whether errors still fell when the last epoch was used; a schedule ends when it is to."""
    history, watch = training.watch.history, training.watch
    ended = not training.over or watch.stopped or training.at.state.done
    if scheduled or ended:
        return False
    name = "validation_values" if "validation_values" in history else "values"
    errors = history.get(name, history.get(name.replace("values", "slopes"), []))
    return _falls(errors)


def _falls(errors: Sequence[float]) -> bool:
    before = int((1 - LAST) * len(errors))
    return bool(errors) and errors[-1] < (1 - PROGRESS) * errors[before - 1]

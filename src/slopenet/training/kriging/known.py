"""The posterior of a kriging start, as its network keeps it."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.posterior.process import Group, ProcessPosterior
from slopenet.posterior.units import Units
from slopenet.training.kriging.process import Posterior, Process
from slopenet.training.kriging.processes import Processes

# Deviations that take the length scales as known are too small by about this factor.
_LENGTHS = 1.25


def posterior_of(
    process: Process | Processes, p: Floats, given: Any, distance: Floats, units: Units
) -> ProcessPosterior:
    """The posterior of a process at p.

    Parameters
    ----------
    process : Process or Processes
    p : (P,)
        log ℓ and log ν.
    given : Posterior, or one per group of outputs
    distance : (1 + n_1, n_L)
        RMS distances of the network's values and slopes from the process.
    units : Units
    """
    outputs = process.targets.shape[2]
    if isinstance(process, Process):
        parts = [(np.arange(outputs), process, p)]
        found = [given]
    else:
        parts, found = process.each(p), given
    variance, inflation = np.zeros((2, outputs))
    groups = []
    for (own, each, numbers), known in zip(parts, found, strict=True):
        groups.append(Group(own, each.known, each.scales(numbers), each.noise_of_kinds(numbers)))
        variance[own] = known.variance
        factors = np.maximum(each.shortfall, _LENGTHS)
        inflation[own] = factors * np.sqrt(_left_out(each, known))
    rest = variance, inflation, np.ascontiguousarray(distance.T), units
    return ProcessPosterior(process.X, process.counts, groups, *rest)


def _left_out(process: Process, given: Posterior) -> Floats:
    """Mean squares of the errors of targets left out over their deviations (n_L,), at least 1."""
    found = process.standardised_left_out(given)
    squares = np.nanmean(found.reshape(-1, found.shape[2]) ** 2, axis=0)
    return np.asarray(np.maximum(squares, 1.0))

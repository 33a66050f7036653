"""Interleaved timing: everyone in turn, round after round, so that all meet the same machine.

A turn begins with a pause: threads of BLAS and OpenMP go on spinning for tens of milliseconds after
their work, on a core that the next contender needs. Then one call outside the clock wakes this
contender's own threads, and as many calls inside it follow as fill `SPAN`. The figure is the median
over the rounds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any, TypeAlias

SPAN, PAUSE = 0.02, 0.08  # seconds
Way: TypeAlias = tuple[str, str]
"""A contender and its mode."""


@dataclass(frozen=True)
class Timing:
    """Seconds a call, one entry a round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Largest distance from the median, as a part of it."""
        return max(abs(s - self.median) for s in self.seconds) / self.median


def _turn(call: Callable[[], Any], repeats: int) -> float:
    sleep(PAUSE)
    call()
    start = perf_counter()
    for _ in range(repeats):
        call()
    return (perf_counter() - start) / repeats


def interleave(
    calls: Mapping[Way, Callable[[], Any]], rounds: int, seconds: float
) -> dict[Way, Timing]:
    """Time each call in turn, `rounds` times or more, until `seconds` have passed."""
    repeats = {way: max(1, math.ceil(SPAN / _turn(call, 1))) for way, call in calls.items()}
    times: dict[Way, list[float]] = {way: [] for way in calls}
    start, done = perf_counter(), 0
    while done < rounds or perf_counter() - start < seconds:
        for way, call in calls.items():
            times[way].append(_turn(call, repeats[way]))
        done += 1
    return {way: Timing(tuple(taken)) for way, taken in times.items()}

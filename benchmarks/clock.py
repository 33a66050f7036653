"""Interleaved timing: contenders take turns, round after round, under the same conditions.

A turn starts with a pause, because threads of BLAS and OpenMP keep spinning for tens of
milliseconds after their work, on a core that the next contender needs. Then come untimed calls for
`WAKE` seconds, which bring the cores and the contender's own threads up to speed: at least one
call, or none if a call is long enough to do so itself. Then come timed calls that fill `SPAN`. The
figure is the median over the rounds. A contender that takes more than `SLOW` per call has only
`FEW` turns, because the digits of a large ratio are not worth minutes.

`best_of_blocks` measures the best time of a single call: blocks of the same length, one after the
other.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any, TypeAlias

SPAN, PAUSE, WAKE, LONG, SLOW = 0.04, 0.08, 0.02, 0.5, 2.0  # seconds
BLOCKS, FEW = 7, 3
Way: TypeAlias = tuple[str, str]
"""A contender and its mode."""


@dataclass(frozen=True)
class Timing:
    """Seconds per call, one entry per round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Largest distance from the median, as a part of it."""
        return max(abs(s - self.median) for s in self.seconds) / self.median


def _block(call: Callable[[], Any], repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        call()
    return (perf_counter() - start) / repeats


def _turn(call: Callable[[], Any], repeats: int, wake: bool = True) -> float:
    sleep(PAUSE)
    start = perf_counter()
    while wake and perf_counter() - start < WAKE:
        call()
    return _block(call, repeats)


def best_of_blocks(call: Callable[[], Any]) -> float:
    """Seconds per call in the best of `BLOCKS` blocks, each with enough calls to fill `SPAN`."""
    repeats = math.ceil(SPAN / _turn(call, 10))
    return min(_block(call, repeats) for _ in range(BLOCKS))


def interleave(
    calls: Mapping[Way, Callable[[], Any]], rounds: int, seconds: float
) -> dict[Way, Timing]:
    """Time the calls in turns, at least `rounds` times and for at least `seconds`.

    Each must have been called before, so that everything is compiled.
    """
    first = {way: _turn(call, 1, wake=False) for way, call in calls.items()}
    repeats = {way: math.ceil(SPAN / taken) for way, taken in first.items()}
    times: dict[Way, list[float]] = {way: [] for way in calls}
    start, done = perf_counter(), 0
    while done < rounds or perf_counter() - start < seconds:
        for way, call in calls.items():
            if first[way] > SLOW and done >= FEW:
                continue
            times[way].append(_turn(call, repeats[way], first[way] < LONG))
        done += 1
    return {way: Timing(tuple(taken)) for way, taken in times.items()}

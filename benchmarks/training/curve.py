"""Error against seconds; the clock is stopped while errors are measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from benchmarks.training.task import Task, collapsed, errors
from slopenet import Network

FIRST, GROWTH = 2e-4, 1.1  # seconds until the first errors; factor to the next ones


class Point(NamedTuple):
    """Relative errors on the test rows after so many seconds of training."""

    seconds: float
    value: float
    slope: float


@dataclass(frozen=True)
class Curve:
    """One run: its points by time, its network, and whether it collapsed or was cut short."""

    points: tuple[Point, ...]
    network: Network
    collapsed: bool
    cut: bool

    @property
    def end(self) -> Point:
        """The last point."""
        return self.points[-1]

    def reach(self, value: float, slope: float = math.inf) -> float:
        """Seconds until both errors are at most these; infinite if they never were."""
        reached = (
            p.seconds
            for p in self.points
            if p.value <= value and (slope == math.inf or p.slope <= slope)
        )
        return next(reached, math.inf)

    def at(self, seconds: float) -> Point:
        """Return the last point up to that time; infinite errors before the first point."""
        before = [p for p in self.points if p.seconds <= seconds]
        return before[-1] if before else Point(seconds, math.inf, math.inf)


class Recorder:
    """The clock of one run: `start` it, let it `look` after every step, `finish` with the network.

    Errors are measured each time the clock has advanced by a tenth, outside the clock.
    """

    def __init__(self, task: Task, seconds: float) -> None:
        self.task, self.seconds = task, seconds
        self._points: list[Point] = []
        self._cut = False
        self._due = FIRST
        self.start()

    def start(self) -> None:
        """Start the clock; everything before was preparation."""
        self._began = perf_counter()

    def look(self, network: Callable[[], Network]) -> bool:
        """Measure errors if they are due; return True to stop when the time is up."""
        now = perf_counter()
        elapsed = now - self._began
        if elapsed >= self._due:
            self.note(elapsed, network())
            self._due = elapsed * GROWTH
            self._began += perf_counter() - now
        self._cut = elapsed > self.seconds
        return self._cut

    def note(self, seconds: float, network: Network) -> None:
        """Measure errors for a time that was measured elsewhere."""
        self._points.append(Point(seconds, *errors(network, self.task.test)))

    def finish(self, network: Callable[[], Network]) -> Curve:
        """End the run with its network."""
        elapsed = perf_counter() - self._began
        self.note(elapsed, network())
        return self.close(network())

    def close(self, network: Network, *, cut: bool = False) -> Curve:
        """End a run whose last point has been recorded."""
        fallen = collapsed(network, self.task.test)
        return Curve(tuple(self._points), network, fallen, cut or self._cut)

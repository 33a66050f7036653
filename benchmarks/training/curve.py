"""Error against seconds, taken by a clock that stands still while errors are taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from benchmarks.training.task import Task, collapsed, errors
from slopenet import Network

FIRST, GROWTH = 2e-4, 1.1  # seconds of the first errors; of the next ones, as a factor


class Point(NamedTuple):
    """Relative errors on the test rows after so many seconds of training."""

    seconds: float
    value: float
    slope: float


@dataclass(frozen=True)
class Curve:
    """One run: its points by time, what it gave, if that is a constant, if time cut it short."""

    points: tuple[Point, ...]
    network: Network
    collapsed: bool
    cut: bool

    @property
    def end(self) -> Point:
        """When it ended, and where."""
        return self.points[-1]

    def reach(self, value: float, slope: float = math.inf) -> float:
        """Seconds until neither error is larger than these; infinite if that never was."""
        reached = (
            p.seconds
            for p in self.points
            if p.value <= value and (slope == math.inf or p.slope <= slope)
        )
        return next(reached, math.inf)

    def at(self, seconds: float) -> Point:
        """Return the last point by then; errors of infinity before the first."""
        before = [p for p in self.points if p.seconds <= seconds]
        return before[-1] if before else Point(seconds, math.inf, math.inf)


class Recorder:
    """The clock of one run: `start` it, let it `look` after every step, `finish` with the network.

    Errors are taken when a tenth more time has passed than at the last ones, outside the clock.
    """

    def __init__(self, task: Task, seconds: float) -> None:
        self.task, self.seconds = task, seconds
        self._points: list[Point] = []
        self._cut = False
        self._due = FIRST
        self.start()

    def start(self) -> None:
        """Begin; all before was preparation."""
        self._began = perf_counter()

    def look(self, network: Callable[[], Network]) -> bool:
        """Take errors if it is time to; True to stop, for the time is up."""
        now = perf_counter()
        elapsed = now - self._began
        if elapsed >= self._due:
            self.note(elapsed, network())
            self._due = elapsed * GROWTH
            self._began += perf_counter() - now
        self._cut = elapsed > self.seconds
        return self._cut

    def note(self, seconds: float, network: Network) -> None:
        """Take errors as of a time that somebody else has taken."""
        self._points.append(Point(seconds, *errors(network, self.task.test)))

    def finish(self, network: Callable[[], Network]) -> Curve:
        """End the run with the network it gives."""
        elapsed = perf_counter() - self._began
        self.note(elapsed, network())
        return self.close(network())

    def close(self, network: Network, *, cut: bool = False) -> Curve:
        """End a run whose last point has been noted."""
        fallen = collapsed(network, self.task.test)
        return Curve(tuple(self._points), network, fallen, cut or self._cut)

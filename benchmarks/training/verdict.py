"""Promises with their results, and the plan of a run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.training.contenders import Trainer
from benchmarks.training.curve import Curve

Curves = Mapping[tuple[str, str], Sequence[Curve]]
"""For each contender and way, one curve per seed."""


@dataclass(frozen=True)
class Verdict:
    """A promise, the measured figures, and whether they keep it; None: not measured."""

    promise: str
    found: str
    met: bool | None

    @property
    def word(self) -> str:
        """The verdict as a printed word."""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


@dataclass(frozen=True)
class Outcome:
    """A case after its run."""

    title: str
    verdicts: Sequence[Verdict]
    curves: Curves = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The contenders, the number of seeds, and the time limit of a run."""

    trainers: Sequence[Trainer]
    seeds: int | None
    seconds: float
    full: bool
    say: Callable[[str], None]

    def count(self, usual: int, full: int = 20) -> int:
        """The number of seeds of a case."""
        return self.seeds or (full if self.full else usual)

    def has(self, name: str) -> bool:
        """Whether a contender takes part."""
        return any(trainer.name == name for trainer in self.trainers)


def median(numbers: Iterable[float]) -> float:
    """The median; NaN if empty."""
    known = list(numbers)
    return statistics.median(known) if known else math.nan


def ratio(peer: float, own: float) -> float:
    """The peer's figure divided by slopenet's; 0 if slopenet has none."""
    return 0.0 if math.isinf(own) else peer / own


def share(right: Sequence[bool], of: float = 0.95) -> bool:
    """Whether 19 of 20 are True."""
    return sum(right) >= of * len(right)


def judged(met: bool, references: Sequence[Curve]) -> bool | None:
    """A verdict; None if a reference is missing or was cut short."""
    return None if not references or any(curve.cut for curve in references) else met


def cut_short(curves: Iterable[Curve]) -> str:
    """Report how many of these runs the time limit ended."""
    cut = sum(curve.cut for curve in curves)
    return f"; {cut} runs cut short by --seconds" if cut else ""

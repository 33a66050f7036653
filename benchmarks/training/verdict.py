"""What a case promises, what was found, and what a run of the cases is asked for."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.training.contenders import Trainer
from benchmarks.training.curve import Curve

Curves = Mapping[tuple[str, str], Sequence[Curve]]
"""Of each contender and way, one curve a seed."""


@dataclass(frozen=True)
class Verdict:
    """A promise, the figures that were found, and whether they keep it; None: not measured."""

    promise: str
    found: str
    met: bool | None

    @property
    def word(self) -> str:
        """How it is printed."""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


@dataclass(frozen=True)
class Outcome:
    """A case after its run."""

    title: str
    verdicts: Sequence[Verdict]
    curves: Curves = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Who takes part, how many seeds there are, and how long a run may take."""

    trainers: Sequence[Trainer]
    seeds: int | None
    seconds: float
    full: bool
    say: Callable[[str], None]

    def count(self, usual: int, full: int = 20) -> int:
        """Seeds of a case."""
        return self.seeds or (full if self.full else usual)

    def has(self, name: str) -> bool:
        """Whether a contender takes part."""
        return any(trainer.name == name for trainer in self.trainers)


def median(numbers: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    known = list(numbers)
    return statistics.median(known) if known else math.nan


def ratio(peer: float, own: float) -> float:
    """How many times less slopenet's figure is; 0 if it has none."""
    return 0.0 if math.isinf(own) else peer / own


def share(right: Sequence[bool], of: float = 0.95) -> bool:
    """Whether 19 of 20 are."""
    return sum(right) >= of * len(right)


def judged(met: bool, references: Sequence[Curve]) -> bool | None:
    """A verdict; None if what it is held against is missing or was cut short."""
    return None if not references or any(curve.cut for curve in references) else met


def cut_short(curves: Iterable[Curve]) -> str:
    """Say so, if the time limit ended some of these runs."""
    cut = sum(curve.cut for curve in curves)
    return f"; {cut} runs cut short by --seconds" if cut else ""

"""What a contender is: for each quantity it can compute, its ways of computing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

from benchmarks.cases import Problem

Call: TypeAlias = Callable[[], tuple[Any, ...]]
"""One call, ready to be timed; it returns when the results are there."""


@dataclass(frozen=True)
class Peer:
    """A package that takes part where it is installed."""

    name: str
    package: str

    @property
    def version(self) -> str | None:
        """The version installed, None if there is none."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


@dataclass(frozen=True)
class Contender(Peer):
    """A package and, by quantity, what makes a problem into its modes, ready to be timed."""

    quantities: Mapping[str, Callable[[Problem], Mapping[str, Call]]]

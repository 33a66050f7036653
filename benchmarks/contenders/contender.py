"""Contenders: for each supported quantity, the modes that compute it."""

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
    """A package that takes part if it is installed."""

    name: str
    package: str

    @property
    def version(self) -> str | None:
        """The installed version, None if it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


@dataclass(frozen=True)
class Contender(Peer):
    """A package and, by quantity, a function from a problem to its modes, ready to be timed."""

    quantities: Mapping[str, Callable[[Problem], Mapping[str, Call]]]

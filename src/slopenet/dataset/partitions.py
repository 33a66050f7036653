"""Data in parts that may lie on other machines: a function of each, and sums in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from operator import add
from typing import Any, Protocol


class Partitions(Protocol):
    """Parts in a fixed order. The functions given may be sent to where a part is."""

    def each(self, function: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """``function(part, *args)`` of every part, in order."""
        ...

    def map(self, function: Callable[..., Any], *args: Any) -> Partitions:
        """``function(part, *args)`` in place of every part; it stays where it is."""
        ...


class Listed:
    """Parts in this process, one after the other."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self._parts = parts

    def each(self, function: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """See `Partitions`."""
        return (function(part, *args) for part in self._parts)

    def map(self, function: Callable[..., Any], *args: Any) -> Listed:
        """See `Partitions`."""
        return Listed(list(self.each(function, *args)))


def total(results: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Entry by entry the sums of tuples of one length, added in the order in which they come."""
    return reduce(lambda summed, more: tuple(map(add, summed, more)), results)

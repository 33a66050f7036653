"""A network as a graph: each value is an input, a step of one value, or a sum of several.

Everything linear is a matrix here: a sum, a concatenation, a slice, a gather, a transpose. A graph
without sums is a list of steps; `slopenet.importers._layers` makes steps of any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import Sigma, Step
from slopenet.importers._verify import values_of
from slopenet.maps.affine import Affine, refuse, widths


@dataclass(eq=False)
class Start:
    """An input of `width` numbers per sample, None until something tells."""

    name: str
    width: int | None


@dataclass(eq=False)
class After:
    """A step behind a value."""

    before: Node
    step: Step
    width: int | None = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.step, Sigma):
            self.width = self.before.width
            return
        taken, given = widths(self.step)
        if self.before.width is None and taken is not None:
            _settle(self.before, taken)
        if taken not in (None, self.before.width):
            refuse(
                self.step.where,
                f"it takes {taken} numbers, and {self.before.width} come from before it",
            )
        self.width = self.before.width if given is None else given


@dataclass(eq=False)
class Sum:
    """Σ A a + c over values a; each A as in `Affine`, all results `width` numbers wide."""

    terms: tuple[tuple[Floats, Node], ...]
    offset: Floats
    width: int
    where: str


Node: TypeAlias = Start | After | Sum


def _settle(node: Node, width: int) -> None:
    """Give a width to a value of unknown width, and to those before it."""
    here: Node | None = node
    while here is not None and here.width is None:
        here.width = width
        here = here.before if isinstance(here, After) else None


def parts_of(node: Node) -> tuple[Node, ...]:
    """The values that a value is made of."""
    if isinstance(node, After):
        return (node.before,)
    return () if isinstance(node, Start) else tuple(part for _, part in node.terms)


def ordered(node: Node) -> list[Node]:
    """A value and all that it is made of, each after its own parts."""
    done: set[int] = set()
    found: list[Node] = []
    left = [node]
    while left:
        here = left[-1]
        waiting = [part for part in parts_of(here) if id(part) not in done]
        if waiting:
            left += waiting
            continue
        left.pop()
        if id(here) not in done:
            done.add(id(here))
            found.append(here)
    return found


def chain_of(node: Node) -> list[Step] | None:
    """The steps from the only input to a value; None if there is a sum among them."""
    steps: list[Step] = []
    while isinstance(node, After):
        steps.append(node.step)
        node = node.before
    return steps[::-1] if isinstance(node, Start) else None


def total(where: str, terms: Sequence[tuple[Any, Node]], offset: Any = 0.0) -> Node:
    """Σ A a + c, each A of one, two or no axes; of a single term, a step."""
    matrices = [(np.asarray(A), part) for A, part in terms]
    c = np.asarray(offset, np.float64)
    if len(matrices) == 1:
        A, part = matrices[0]
        return After(part, Affine(A, c, where))
    known = [
        len(A) if A.ndim else part.width for A, part in matrices if A.ndim or part.width is not None
    ]
    if c.ndim:
        known.append(len(c))
    if not known:
        refuse(where, "how many numbers come in is unknown")
    width = known[0]
    for A, part in matrices:
        if part.width is None and A.ndim < 2:
            _settle(part, int(width or 1))
        inner = A.shape[1] if A.ndim == 2 else width
        if part.width is None:
            _settle(part, int(inner or 1))
        if part.width != inner or (A.ndim and len(A) != width) or (c.ndim and len(c) != width):
            refuse(where, f"{part.width} numbers meet {width}")
    return Sum(tuple(matrices), c, int(width or 1), where)


def stacked(where: str, parts: Sequence[Node]) -> Node:
    """Values one below the other."""
    if len(parts) == 1:
        return parts[0]
    widths_ = [require_width(where, part) for part in parts]
    whole = np.eye(sum(widths_))
    ends = np.cumsum(widths_)
    return total(
        where,
        [
            (whole[:, end - n : end], part)
            for end, n, part in zip(ends, widths_, parts, strict=True)
        ],
    )


def require_width(where: str, node: Node) -> int:
    """The width of a value, which must be known."""
    if node.width is None:
        refuse(where, "how many numbers come in is unknown")
    return node.width


def steps_in(node: Node) -> Iterator[Affine]:
    """All affine maps of a graph."""
    for each in ordered(node):
        if isinstance(each, After) and isinstance(each.step, Affine):
            yield each.step
        elif isinstance(each, Sum):
            yield from (Affine(A, each.offset, each.where) for A, _ in each.terms)


def values_at(node: Node, starts: Sequence[Start], X: Floats) -> Floats:
    """Values (N, n) of a graph at X, whose columns are those of all inputs; in float64."""
    found: dict[int, Floats] = {}
    at = 0
    for start in starts:
        found[id(start)] = X[:, at : at + (start.width or 0)].astype(np.float64)
        at += start.width or 0
    for each in ordered(node):
        if isinstance(each, After):
            found[id(each)] = values_of([each.step], found[id(each.before)])
        elif isinstance(each, Sum):
            with np.errstate(all="ignore"):
                parts = [
                    values_of([Affine(A, np.array(0.0), each.where)], found[id(part)])
                    for A, part in each.terms
                ]
                found[id(each)] = sum(parts[1:], parts[0]) + each.offset
    return found[id(node)]

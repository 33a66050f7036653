"""The levels of a graph: which values each layer computes, and which it carries on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.activations import Activation, Head, normalise
from slopenet.importers._cut import narrowest
from slopenet.importers._graph import After, Node, Start, Sum, ordered
from slopenet.importers._steps import Sigma
from slopenet.maps.affine import refuse

_MOST_VALUES = 4000  # of a graph, sums taken apart
_IDENTITY = normalise("identity")

# The activations of a layer, and the values that it carries.
State: TypeAlias = tuple[list[int], list[int]]


@dataclass(eq=False)
class Value:
    """One value: an input, a sum of matrices times others, or an activation of one."""

    width: int
    terms: tuple[tuple[Floats, int], ...] = ()
    offset: Floats | float = 0.0
    sigma: Sigma | None = None
    where: str = ""

    @property
    def specs(self) -> tuple[Activation, ...]:
        """σ of each number, the identity where there is none."""
        return (_IDENTITY,) * self.width if self.sigma is None else self.sigma.each(self.width)

    @property
    def parts(self) -> list[int]:
        """The values that it is made of."""
        return [part for _, part in self.terms]


def taken_apart(
    source: str, output: Node, starts: Sequence[Start]
) -> tuple[list[Value], list[int], int]:
    """The values of a graph, each matrix of a sum a value of its own; its inputs, its output."""
    values: list[Value] = []
    at: dict[int, int] = {}

    def add(value: Value) -> int:
        values.append(value)
        if len(values) > _MOST_VALUES:
            refuse(source, f"its graph has more than {_MOST_VALUES} values")
        return len(values) - 1

    for start in starts:
        at[id(start)] = add(Value(start.width or 0))
    for node in ordered(output):
        if isinstance(node, After):
            width, before = node.width or 0, at[id(node.before)]
            if isinstance(node.step, Sigma):
                if isinstance(node.step.activation, Head):
                    head = node.step.activation
                    refuse(node.step.where, f"{head} must be the end of the network")
                if node.step.uniform == _IDENTITY:
                    at[id(node)] = before
                else:
                    value = Value(width, ((np.array(1.0), before),), 0.0, node.step)
                    at[id(node)] = add(value)
            else:
                step = node.step
                at[id(node)] = add(Value(width, ((step.A, before),), step.c, where=step.where))
        elif isinstance(node, Sum):
            terms = []
            for A, part in node.terms:
                before = at[id(part)]
                if A.ndim == 2:
                    before = add(Value(node.width, ((A, before),), where=node.where))
                terms.append((np.array(1.0) if A.ndim == 2 else A, before))
            at[id(node)] = add(Value(node.width, tuple(terms), node.offset, where=node.where))
    return values, [at[id(start)] for start in starts], at[id(output)]


def early(values: list[Value], end: int) -> list[int]:
    """The lowest level that each value may have."""
    del end
    levels: list[int] = []
    for value in values:
        below = max((levels[part] for part in value.parts), default=0)
        levels.append(below + (value.sigma is not None))
    return levels


def late(values: list[Value], end: int) -> list[int]:
    """The highest level that each activation may have, in as few layers."""
    highest = early(values, end)[end]
    levels = [highest] * len(values)
    for i in reversed(range(len(values))):
        before = levels[i] - (values[i].sigma is not None)
        for part in values[i].parts:
            levels[part] = min(levels[part], before)
    return levels


def states_of(values: list[Value], inputs: list[int], end: int, levels: list[int]) -> list[State]:
    """After each layer: the activations that it computes, and the values that it carries."""
    needed = _below(values, end)
    active = [i for i in needed if values[i].sigma is not None]
    state = list(inputs)
    states: list[State] = [([], list(inputs))]
    for level in range(1, max((levels[i] for i in active), default=0) + 1):
        here = sorted(  # units of one activation next to each other
            (i for i in active if levels[i] == level), key=lambda i: _spelled(values[i].sigma)
        )
        later = [values[i].parts[0] for i in active if levels[i] > level]
        carried = _carried(values, state, [*later, end], set(here))
        states.append((here, carried))
        state = [*here, *carried]
    return states


def _spelled(sigma: Sigma | None) -> str:
    return "" if sigma is None else str(sigma.activation)


def _below(values: list[Value], end: int) -> list[int]:
    """The values that one is made of, itself among them, in order."""
    found = {end}
    for i in range(end, -1, -1):
        if i in found:
            found.update(values[i].parts)
    return sorted(found)


def _carried(
    values: list[Value], state: list[int], demands: list[int], here: set[int]
) -> list[int]:
    """The narrowest values, computed from the state, that the demands need besides `here`."""
    known, below = set(state), set(state)
    edges: list[tuple[int, int]] = []
    for i, value in enumerate(values):
        if i in known or value.sigma is not None or not value.terms:
            continue
        if all(part in known for part in value.parts):
            known.add(i)
        if not below.isdisjoint(value.parts):
            below.add(i)
            edges += [(part, i) for part in value.parts if part in below]
    sinks = [i for i in demands if i in below and i not in here]
    if not sinks:
        return []
    capacities = [value.width if i in known else 0 for i, value in enumerate(values)]
    return narrowest(len(values), capacities, edges, state, sinks)


def cost(values: list[Value], states: list[State]) -> int:
    """How many weights the layers have."""
    widths = [sum(values[i].width for i in (*here, *carried)) for here, carried in states]
    return sum(a * b for a, b in zip(widths, [*widths[1:], 1], strict=True))

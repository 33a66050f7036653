"""A graph as a chain of layers: some units of a layer have an activation, others carry a value on.

The activations of the graph have levels, each above all that it depends on. Layer l computes those
of level l from the state behind layer l - 1, and carries, with the activation identity, the
narrowest set of values that all later levels and the output can be computed from: the state is
complete, and no number is carried that is not needed. In between everything is linear and becomes
one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats
from slopenet.activations import Activation, Head, normalise
from slopenet.importers._budget import Budget
from slopenet.importers._graph import After, Node, Start, chain_of
from slopenet.importers._levels import State, Value, cost, early, late, states_of, taken_apart
from slopenet.importers._products import matrix
from slopenet.importers._steps import Sigma, Step, sigmas
from slopenet.maps.affine import Affine

_IDENTITY = normalise("identity")


def steps_of_graph(
    source: str, output: Node, starts: Sequence[Start], budget: Budget | None = None
) -> list[Step]:
    """Steps from all inputs, one below the other, to a value of a graph.

    Raises
    ------
    UnsupportedNetworkError
        If the graph is too large.
    """
    if len(starts) == 1:
        chain = chain_of(output)
        if chain is not None:
            return chain
    step = output.step if isinstance(output, After) else None
    if isinstance(output, After) and isinstance(step, Sigma) and isinstance(step.activation, Head):
        return [*steps_of_graph(source, output.before, starts, budget), step]
    values, inputs, end = taken_apart(source, output, starts)
    found = [states_of(values, inputs, end, schedule(values, end)) for schedule in (early, late)]
    states = min(found, key=lambda states: cost(values, states))
    return [
        step
        for layer in _layers(source, values, states, end, budget)
        for step in layer.steps(source)
    ]


@dataclass(eq=False)
class _Layer:
    """σ(A a + c), σ of each number or, at the end, none."""

    A: Floats
    c: Floats
    specs: tuple[Activation, ...] = ()

    def steps(self, source: str) -> list[Step]:
        step = Affine(self.A, self.c, source)
        return [step, sigmas(source, self.specs)] if self.specs else [step]


def _layers(
    source: str,
    values: list[Value],
    states: list[State],
    end: int,
    budget: Budget | None,
) -> list[_Layer]:
    (_, state), *rest = states
    layers: list[_Layer] = []
    for here, carried in rest:
        wanted = [*(values[i].parts[0] for i in here), *carried]
        A, c = matrix(source, values, state, wanted, budget)
        specs = tuple(spec for i in here for spec in values[i].specs)
        layers.append(_Layer(A, c, specs + (_IDENTITY,) * (len(A) - len(specs))))
        state = [*here, *carried]
    A, c = matrix(source, values, state, [end], budget)
    order = _permutation(A) if layers and not c.any() else None
    if order is None:
        return [*layers, _Layer(A, c)]
    *before, last = layers  # the output is the last state in another order
    specs = tuple(last.specs[i] for i in order)
    return [*before, _Layer(last.A[order], last.c[order], specs)]


def _permutation(A: Floats) -> list[int] | None:
    """The column of the only 1 in each row, if A is a permutation."""
    if A.shape[0] != A.shape[1] or np.count_nonzero(A) != len(A) or not (A.max(axis=0) == 1).all():
        return None
    return [int(i) for i in A.argmax(axis=1)] if (A.max(axis=1) == 1).all() else None

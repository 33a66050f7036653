"""What every importer takes next to its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers._fold import kind_of, network_of
from slopenet.importers._graph import Node, Start, steps_in
from slopenet.importers._layers import steps_of_graph
from slopenet.importers._steps import Step
from slopenet.importers._verify import Report, compare
from slopenet.network import Network


@dataclass(frozen=True, eq=False)
class Options:
    """Settings of an import.

    Attributes
    ----------
    dtype : {float64, float32}, optional
    input_names, output_names : sequence of str, optional
        Labels of the result; with a scaling, of raw inputs and outputs.
    input_scaling, output_scaling : scaling, optional
        See `Network.scaled`.
    report : callable, optional
    """

    dtype: DTypeLike | None
    input_names: Sequence[str] | None
    output_names: Sequence[str] | None
    input_scaling: Any
    output_scaling: Any
    report: Report | None

    def network(
        self,
        source: str,
        steps: Iterable[Step],
        budget: Budget | None = None,
        dtype: DTypeLike | None = None,
        width: int | None = None,
    ) -> Network:
        """Fold steps into the network of the source, in `dtype` if no other one is asked for."""
        return network_of(
            source,
            steps,
            dtype=dtype if self.dtype is None else self.dtype,
            **self.labels(),
            budget=budget,
            width=width,
        )

    def network_of_graph(
        self,
        source: str,
        output: Node,
        starts: Sequence[Start],
        budget: Budget | None = None,
        dtype: DTypeLike | None = None,
    ) -> Network:
        """Fold a graph into the network of the source, before any scaling."""
        steps = steps_of_graph(source, output, starts, budget)
        width = sum(start.width or 0 for start in starts) or None
        return self.network(source, steps, budget, dtype or kind_of(steps_in(output)), width)

    def named(
        self, outputs: Sequence[tuple[str, int]], inputs: Sequence[tuple[str, int]] = ()
    ) -> Options:
        """The same, with the names of heads and inputs of so many numbers where none are given."""
        return replace(
            self,
            input_names=self.input_names or _expanded(inputs),
            output_names=self.output_names or _expanded(outputs),
        )

    def labels(self) -> dict[str, Sequence[str] | None]:
        """Labels of the network before any scaling."""
        return {
            "input_names": None if self.input_scaling is not None else self.input_names,
            "output_names": None if self.output_scaling is not None else self.output_names,
        }

    def compared(
        self,
        source: str,
        network: Network,
        function: Callable[[Floats], Any],
        dtype: Any,
        limit: float = 1e-8,
    ) -> Network:
        """The network, scaled, if it agrees with its source; see `compare`."""
        return self.scaled(compare(source, network, function, dtype, self.report, limit=limit))

    def scaled(self, network: Network) -> Network:
        """The network of raw inputs and outputs."""
        if self.input_scaling is None and self.output_scaling is None:
            return network
        return network.scaled(
            input_scaling=self.input_scaling,
            output_scaling=self.output_scaling,
            input_names=self.input_names,
            output_names=self.output_names,
        )


def _expanded(named: Sequence[tuple[str, int]]) -> list[str] | None:
    """A name for each number: y, or y_1, y_2, ... of several; None unless all have their own."""
    names = [
        name if n == 1 else f"{name}_{i}" for name, n in named if name for i in range(1, n + 1)
    ]
    whole = all(name for name, _ in named) and len(set(names)) == len(names)
    return names if names and whole else None

"""One start: its steps from the first weights to the last, and snapshots to resume from."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from slopenet._types import Floats
from slopenet.training.monitor import Watch
from slopenet.training.problem import Optimizer

Arrays = dict[str, Floats]
Values = dict[str, Any]


class At(NamedTuple):
    """The state of a training between two epochs."""

    epoch: int
    state: Any
    rng: Mapping[str, Any]


class Training:
    """One start.

    Parameters
    ----------
    problem : object
        The function that the optimiser minimises.
    optimizer : Optimizer
    watch : Watch
    theta : (p,)
        The first weights.
    seed : int
        Seeds the order of batches.
    """

    def __init__(
        self, problem: Any, optimizer: Optimizer, watch: Watch, theta: Floats, seed: int
    ) -> None:
        self.problem, self.optimizer, self.watch = problem, optimizer, watch
        self._first = theta
        self._rng = np.random.default_rng(seed)
        # Replaced as a whole, so that a checkpoint always sees the end of an epoch.
        self.at = At(0, optimizer.start(theta, problem), self._rng.bit_generator.state)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        epoch, state, _ = self.at
        return bool(self.watch.stopped or state.done or epoch >= self.watch.epochs)

    @property
    def settled(self) -> bool:
        """Whether it can be compared with others: further steps will hardly change its error."""
        settled = getattr(self.optimizer, "settled", None)
        return self.over or (settled is not None and bool(settled(self.at.state)))

    def run(self, keep: Any, stop: threading.Event, *, to_compare: bool = False) -> None:
        """Train to the end, or until it is settled; `keep()` is called after every epoch."""
        while not (self.over or stop.is_set() or (to_compare and self.settled)):
            epoch, state, _ = self.at
            state = self.optimizer.step(state, self.problem, self._rng)
            penalty = self.problem.penalty(state.theta)
            self.watch.after(epoch + 1, state.theta, state.cost, penalty, last=bool(state.done))
            self.at = At(epoch + 1, state, self._rng.bit_generator.state)
            keep()

    @property
    def theta(self) -> Floats:
        """The best weights so far."""
        best = self.watch.best
        if self.watch.held_out is None and hasattr(self.optimizer, "result"):
            result: Floats = self.optimizer.result(self.at.state)[0]
            return result
        if best is not None:
            return best
        return self._first if self.watch.stopped else self.at.state.theta

    @property
    def reason(self) -> str:
        """Why it ended, as the end of a sentence."""
        epoch, state, _ = self.at
        if self.watch.stopped:
            return self.watch.stopped
        if state.done:
            return f"{state.done}, after {epoch} epochs"
        return f"all {epoch} epochs were used" if self.over else f"interrupted at epoch {epoch}"

    def snapshot(self) -> tuple[Arrays, Values]:
        """Arrays and values from which to resume at the end of the last whole epoch."""
        epoch, state, rng = self.at
        arrays, values = _fields_of(state)
        seen = self.watch.snapshot(epoch)
        arrays |= {f"watch.{name}": array for name, array in seen[0].items()}
        return arrays, {"epoch": epoch, "rng": rng, "state": values, "watch": seen[1]}

    def restore(self, arrays: Arrays, values: Values) -> None:
        """Resume from a snapshot."""
        kind = type(self.at.state)
        of_state = {n: array for n, array in arrays.items() if not n.startswith("watch.")}
        missing = {f.name: None for f in dataclasses.fields(kind)}
        state = kind(**(missing | of_state | values["state"]))
        self._rng.bit_generator.state = values["rng"]
        self.watch.restore(
            {n.removeprefix("watch."): a for n, a in arrays.items() if n not in of_state},
            values["watch"],
        )
        self.at = At(values["epoch"], state, values["rng"])


def _fields_of(state: Any) -> tuple[Arrays, Values]:
    arrays: Arrays = {}
    values: Values = {}
    for field in dataclasses.fields(state):
        x = getattr(state, field.name)
        (arrays if isinstance(x, np.ndarray) else values)[field.name] = x
    return arrays, values

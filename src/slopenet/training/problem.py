"""What an optimiser sees of the function that it minimises."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from slopenet._types import Floats


class Rule(NamedTuple):
    """How the core takes a step: by name, with constants, and arrays kept beside θ."""

    name: str
    constants: tuple[float, ...]
    buffers: tuple[Floats, ...]


class Problem(Protocol):
    """f(θ), a mean over samples."""

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """f and ∇f over all samples."""
        ...


class Batched(Problem, Protocol):
    """f(θ) that can also be descended batch by batch."""

    def penalty(self, theta: Floats) -> float:
        """The part of f that is no mean over samples."""
        ...

    def descend(
        self, rule: Rule, theta: Floats, order: Floats, rates: Floats, *, batch_size: int
    ) -> float:
        """Move θ and the rule's buffers, in place, by one step for each batch of the `order`.

        `rates` has the learning rate of each batch, of which the last may be smaller. Returns the
        mean over the samples of the costs that were met on the way, without a penalty.
        """
        ...

"""Optimisers, and the functions that they minimise, each as the other sees it."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from slopenet._types import Floats


class Rule(NamedTuple):
    """How the core takes a step: by name, with constants, and arrays kept along with θ."""

    name: str
    constants: tuple[float, ...]
    buffers: tuple[Floats, ...]


class Weights(NamedTuple):
    """The weights of the parts of f: l2, λ (n_L, n_1) of the slopes, μ (n_L,) along directions."""

    l2: float
    slope_weight: Floats
    dydv_weight: Floats


class MeanSquares(NamedTuple):
    """Mean squares of the residuals; NaN where no value or slope is known.

    Of the values (n_L,), the slopes (n_L, n_1), and the slopes along all directions (n_L,).
    """

    values: Floats
    slopes: Floats
    along: Floats


class Problem(Protocol):
    """f(θ), a mean over samples."""

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """f and ∇f over all samples."""
        ...


class Batched(Problem, Protocol):
    """f(θ) that can also be descended batch by batch."""

    def penalty(self, theta: Floats) -> float:
        """The part of f that is not a mean over samples."""
        ...

    def descend(
        self, rule: Rule, theta: Floats, order: Floats, rates: Floats, *, batch_size: int
    ) -> float:
        """Move θ and the rule's buffers, in place, by one step for each batch of the `order`.

        `rates` has the learning rate of each batch, of which the last may be smaller. Returns the
        mean over the samples of the costs that were met on the way, without a penalty.
        """
        ...


class Reweighable(Batched, Protocol):
    """f(θ) whose weights an optimiser may learn."""

    @property
    def samples(self) -> int:
        """The number of samples."""
        ...

    @property
    def has_slopes(self) -> bool:
        """Whether any slopes are known."""
        ...

    @property
    def weights(self) -> Weights:
        """The weights of f."""
        ...

    def weighed(self, weights: Weights) -> Batched:
        """The same f with other weights."""
        ...

    def mean_squares(self, theta: Floats, rows: Floats) -> MeanSquares:
        """Mean squares of the residuals of some samples."""
        ...


class OptimizerState(Protocol):
    """The fields that every optimiser's state has; all fields are arrays or plain values."""

    theta: Floats
    cost: float
    done: str


class Optimizer(Protocol):
    """State in, state out; the problem is a function of θ."""

    def start(self, theta: Floats, problem: Any) -> Any:
        """The state at θ."""

    def step(self, state: Any, problem: Any, rng: np.random.Generator) -> Any:
        """The next state; its `done` says in words why there will be none."""

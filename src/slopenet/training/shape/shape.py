"""Constraints together with the data and the units of one race: its problems and its judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import LayerActivation, LayerSpec, normalise_layer
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import Scaling
from slopenet.network import Network
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.kriging.problem import widths_of
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.nearest import nearest_to_process
from slopenet.training.shape.problem import Constrained
from slopenet.training.shape.rounds import Rounds
from slopenet.training.shape.search import Box
from slopenet.training.shape.violations import Violation, violations
from slopenet.training.start import At, Training
from slopenet.training.transform import Transform


class Shaping(Training):
    """A start that goes on from the end of another, until it obeys constraints."""

    def __init__(self, free: Training, problem: Constrained, watch: Any) -> None:
        super().__init__(problem, Rounds(), watch, free.theta, 0)
        self.at = At(free.at.epoch, *self.at[1:])

    @property
    def theta(self) -> Floats:
        """The last weights: those with the lowest cost may violate the constraints."""
        theta: Floats = self.at.state.theta
        return theta

    @property
    def sentence(self) -> str:
        """How it went, after the names of the constraints."""
        state = self.at.state
        if not len(state.X):
            return f"{self.reason}; no point was added"
        return f"{self.reason}; {len(state.X)} points were added in {state.round} rounds"


@dataclass(frozen=True, eq=False)
class Shape:
    """See the module.

    Attributes
    ----------
    constraints : sequence of Constraint
        In the user's units.
    scaling : Scaling
    transform : Transform or None
    box : Box
        In standard units.
    """

    constraints: Sequence[Constraint]
    scaling: Scaling
    transform: Transform | None
    box: Box

    @classmethod
    def of(
        cls,
        constraints: Sequence[Constraint],
        scaling: Scaling,
        transform: Transform | None,
        sets: Sequence[Data | None],
    ) -> Shape | None:
        """Of rows to learn from and to hold out, in standard units; None without constraints."""
        if not constraints:
            return None
        X = np.concatenate([each.X for each in sets if each is not None])
        zero = -scaling.m_x / scaling.s_x if transform is None else None
        return cls(constraints, scaling, transform, Box.of(X, zero))

    def problem(
        self, free: Training, activations: Sequence[LayerSpec], threads: int | None
    ) -> Constrained:
        """The problem of a start that ended, with constraints; its penalty l2 is kept.

        A kriging start has no penalty: the process takes its place, see `nearest`.
        """
        base = free.problem
        if isinstance(free.optimizer, Kriging):
            process = base.process
            sizes = widths_of(free.theta, process.X.shape[1], process.targets.shape[2])
            specs = _specs(activations, sizes)
            base = nearest_to_process(free, sizes, specs, self.box, threads)
        if isinstance(free.optimizer, Evidence):
            _, ridge, balance = free.optimizer.result(free.at.state)
            base = base.copy(l2=ridge / base.samples, balance=balance)
        standard = [each.standard(self.scaling, self.transform) for each in self.constraints]
        specs = _specs(activations, base.sizes)
        return Constrained(base, specs, standard, self.box, threads)

    def violations(self, networks: Sequence[Network]) -> tuple[Violation, ...]:
        """All that is left in some networks, in the user's units."""
        found = (
            violations(network, self.constraints, self.box, self._given, number)
            for number, network in enumerate(networks)
        )
        return tuple(each for some in found for each in some)

    def _given(self, Z: Floats) -> Floats:
        """Points in standard units, in the user's."""
        X = self.scaling.m_x + self.scaling.s_x * Z
        if self.transform is None or self.transform.inputs is None:
            return np.asarray(X)
        return self.transform.inputs.inverse(X)

    @property
    def label(self) -> str:
        """All constraints in words."""
        return ", ".join(each.label for each in self.constraints)


def _specs(activations: Sequence[LayerSpec], sizes: Sequence[int]) -> list[LayerActivation]:
    """σ of each layer, in its one form."""
    layers = zip(activations, sizes[1:], strict=True)
    return [normalise_layer(each, units) for each, units in layers]

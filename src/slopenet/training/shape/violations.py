"""What is left of the violations of constraints in a trained network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats
from slopenet.network import Network
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.search import Box, violated
from slopenet.training.shape.slack import any_curved, slacks


@dataclass(frozen=True, eq=False)
class Violation:
    """The worst point of a constraint that a network does not obey.

    Attributes
    ----------
    constraint : str
        The inequality, such as ``dprice/dstrike <= 0``.
    point : (n_1,)
        Where it fails by most, of all points that were searched.
    size : float
        By how much it fails: the part of the slope that is too much or too little, or minus the
        least curvature of the output in the inputs of the constraint, all in the user's units.
    network : int
        The number of the network in `Fit.ensemble`.
    """

    constraint: str
    point: Floats
    size: float
    network: int = 0

    def __str__(self) -> str:
        at = ", ".join(f"{x:.6g}" for x in self.point)
        of = f" of network {self.network}" if self.network else ""
        return f"{self.constraint}{of} fails by {self.size:.2g} at ({at})"


def violations(
    network: Network,
    constraints: Sequence[Constraint],
    box: Box,
    given: Callable[[Floats], Floats],
    number: int = 0,
) -> list[Violation]:
    """The worst violation of each constraint in a box of standard units; `given` are the user's."""

    def slack(Z: Floats) -> Floats:
        X = np.ascontiguousarray(given(Z))
        if not any_curved(constraints):
            return slacks(constraints, network.jacobian(X), None)
        return slacks(constraints, *network.value_jacobian_hessian(X)[1:])

    found = violated(slack, box, thorough=True, keep=1)
    return [
        Violation(constraints[int(c)].label, given(z[None])[0], float(-by), number)
        for z, c, by in zip(*found, strict=True)
    ]

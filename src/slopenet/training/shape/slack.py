"""By how much a network obeys constraints at points, from its exact slopes and curvatures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.training.shape.constraints import Constraint


def slacks(constraints: Sequence[Constraint], J: Floats, hessian: Floats | None) -> Floats:
    """Slack of each constraint (N, C); negative where it fails."""
    found = np.empty((len(J), len(constraints)))
    for c, each in enumerate(constraints):
        if each.curved:
            found[:, c] = _least(each, hessian)[0]
        else:
            found[:, c] = each.sign * J[:, each.output, each.inputs[0]] - each.bound
    return found


def direction(constraint: Constraint, hessian: Floats | None, inputs: int) -> Floats:
    """The direction (N, n_1) of the slope, or of the least curvature."""
    n = 1 if hessian is None else len(hessian)
    found = np.zeros((n, inputs))
    found[:, list(constraint.inputs)] = _least(constraint, hessian)[1] if constraint.curved else 1.0
    return found


def _least(constraint: Constraint, hessian: Floats | None) -> tuple[Floats, Floats]:
    """The least eigenvalue (N,) of s ∇²H_k in the inputs of a constraint, and its eigenvector."""
    if hessian is None:
        raise ValueError("a curvature needs the Hessian")
    inputs = list(constraint.inputs)
    block = constraint.sign * hessian[:, constraint.output][:, inputs][:, :, inputs]
    if len(inputs) == 1:
        return block[:, 0, 0], np.ones((len(block), 1))
    values, vectors = np.linalg.eigh(block)
    return values[:, 0], vectors[:, :, 0]


def any_curved(constraints: Sequence[Constraint]) -> bool:
    """Whether a constraint needs the Hessian."""
    return any(each.curved for each in constraints)

"""Least squares with penalties of constraints that fail at some points: an augmented Lagrangian.

With g_i(θ) the slack of a constraint at point i, a margin m, a weight μ and a multiplier λ_i ≥ 0,

    F(θ) = f(θ) + ½ μ Σ_i max(0, m + λ_i/μ - g_i(θ))²

is a sum of squares as f is (Hestenes 1969; Rockafellar 1973 for inequalities). A slope is a row of
the Jacobian times a direction v; a curvature is the difference of two slopes along its direction,

    v·∇²H_k v ≈ (∂H_k(x + εv) - ∂H_k(x - εv))·v / 2ε,

so that first derivatives of slopes by θ are all that a step of Levenberg-Marquardt needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import LayerActivation
from slopenet.evaluate.threads import get_num_threads
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.normal_equations import Products, Ridge, Summed
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.search import Box, Found, violated
from slopenet.training.shape.slack import any_curved, direction, slacks
from slopenet.training.shape.wide import Wide

# ε, in standard units: errors are of ε² times a fourth derivative.
EPSILON = 1e-4
# The largest margin as a share of the distance of two bounds.
_OF_ROOM = 0.25


@dataclass(frozen=True, eq=False)
class Penalties:
    """Points (n, n_1), directions (n, n_1), constraints (n,), λ (n,), μ and m."""

    X: Floats
    V: Floats
    which: Floats
    multipliers: Floats
    weight: float
    margin: float


class Constrained:
    """F(θ) of one network shape, in standard units.

    Parameters
    ----------
    base : LeastSquares
        f.
    activations : sequence of Activation or Runs
    constraints : sequence of Constraint
        In standard units.
    box : Box
        Where they hold.
    threads : int, optional
    """

    def __init__(
        self,
        base: LeastSquares,
        activations: Sequence[LayerActivation],
        constraints: Sequence[Constraint],
        box: Box,
        threads: int | None,
    ) -> None:
        self.base, self.constraints, self.box = base, list(constraints), box
        self.samples, self._threads = base.samples, threads
        rows: list[Any] = list(activations)
        self._core: Any = _core.Model64(base.sizes, rows, np.zeros(base.size))
        self._outputs = np.array([each.output for each in constraints])
        self._signs = np.array([each.sign for each in constraints])
        self._bounds = np.array([each.bound for each in constraints])
        self._rooms = np.array([each.room for each in constraints])
        self._curved = np.array([each.curved for each in constraints])

    def take(self, penalties: Penalties) -> None:
        """Set the points, and all that F needs of them."""
        which = penalties.which
        curved = self._curved[which]
        i = np.arange(len(which))
        # a slope has one end, a curvature two
        self._point = np.concatenate([i, i[curved]])
        step = np.where(curved, EPSILON, 0.0)[:, None] * penalties.V
        self._ends = np.concatenate([penalties.X + step, (penalties.X - step)[curved]])
        self._along = penalties.V[self._point][:, None]
        factor = self._signs[which] * np.where(curved, 0.5 / EPSILON, 1.0)
        self._factor = np.concatenate([factor, -factor[curved]])
        self._output = self._outputs[which][self._point]
        margin = np.minimum(penalties.margin, _OF_ROOM * self._rooms[which])
        self._weight = penalties.weight
        self._wanted = self._bounds[which] + margin
        self._shift = penalties.multipliers / penalties.weight

    def value(self, theta: Floats) -> float:
        """F(θ)."""
        missing = np.maximum(self.short_of(theta) + self._shift, 0.0)
        return self.base.value(theta) + 0.5 * self._weight * float(missing @ missing)

    def penalty(self, theta: Floats) -> float:
        """½ l2 Σ_l ‖W[l]‖²."""
        return self.base.penalty(theta)

    def short_of(self, theta: Floats) -> Floats:
        """By how much the margin is larger than the slack at each point (n,)."""
        if not len(self._ends):
            return self._wanted
        self._core.set(theta)
        Jv = self._run(slice(None), None)[1]
        slope = Jv[np.arange(len(self._ends)), 0, self._output]
        points = len(self._wanted)
        return np.asarray(
            self._wanted - np.bincount(self._point, self._factor * slope, minlength=points)
        )

    def linearise(self, theta: Floats) -> Summed | Wide:
        """The Gauss-Newton model at θ of f and the penalties that are not 0."""
        self.base.reweigh(theta)
        ridge = Ridge(self.base.l2, self.base.mask, self.base.mask * theta)
        r, J = self._rows(theta)
        blocks = self.base.blocks(theta)
        if self.base.height + len(r) < theta.size:
            rs, Js = zip(*blocks, (r, J), strict=True)
            return Wide(np.concatenate(rs), np.concatenate(Js), ridge)
        return Summed(Products.of(chain(blocks, [(r, J)]), theta.size), ridge)

    def _rows(self, theta: Floats) -> tuple[Floats, Floats]:
        """Residuals of penalties that are not 0, and their derivatives by θ."""
        missing = self.short_of(theta) + self._shift
        active = missing > 0
        ends = np.flatnonzero(active[self._point])
        J = np.zeros((int(active.sum()), theta.size))
        if len(ends):
            self._core.set(theta)
            outputs = self.base.sizes[-1]
            rows = self._run(ends, np.ones((len(ends), 2 * outputs)))[2]
            rows = rows.reshape(len(ends), 2, outputs, -1)
            rows = rows[np.arange(len(ends)), 1, self._output[ends]]
            rows *= -self._factor[ends, None]
            number = (np.cumsum(active) - 1)[self._point[ends]]
            first = ends < len(active)
            J[number[first]] = rows[first]
            J[number[~first]] += rows[~first]  # the other ends of curvatures
        root = np.sqrt(self._weight)
        return root * missing[active], root * J

    def _run(self, ends: Floats | slice, scale: Floats | None) -> tuple[Any, ...]:
        threads = get_num_threads() if self._threads is None else self._threads
        X, V = (np.ascontiguousarray(a[ends]) for a in (self._ends, self._along))
        found: tuple[Any, ...] = self._core.gauss_newton(X, V, 1, scale, False, threads)
        return found

    def violated(self, theta: Floats, *, thorough: bool) -> tuple[Found, Floats]:
        """Points where constraints fail at θ, and the directions in which they do."""
        self._core.set(theta)
        found = violated(self._slacks, self.box, thorough=thorough)
        V = np.zeros_like(found.X)
        for c, each in enumerate(self.constraints):
            here = found.which == c
            if here.any():
                hessian = (
                    self._core.hessian(found.X[here], None, self._threads) if each.curved else None
                )
                V[here] = direction(each, hessian, V.shape[1])
        return found, V

    def _slacks(self, X: Floats) -> Floats:
        X = np.ascontiguousarray(X)
        if not any_curved(self.constraints):
            return slacks(self.constraints, self._core.jacobian(X, None, self._threads), None)
        _, J, hessian = self._core.value_jacobian_hessian(X, None, self._threads)
        return slacks(self.constraints, J, hessian)

"""The mean cost of values and slopes as a function of θ, with its gradient.

    f(θ) = 1/N Σ_s w_s (C_s + C'_s) + ½ l2 Σ_l ‖W[l]‖²

C = ½ Σ_k v_k (H_k(x) - y_k)², where v is 1 unless given, and
C' = ½ Σ_ki λ_ki (∂H_k/∂x_i - T_ki)² + ½ Σ_mk μ_mk (v_m·∇H_k - t_mk)². NaN is a missing value or
slope. The core works on θ itself; no `Network` is built on the way.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import LayerActivation
from slopenet.dataset.dataset import Data
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import weight_mask
from slopenet.training.objective.residuals import mean_squares
from slopenet.training.problem import MeanSquares, Rule, Weights


class Costs(NamedTuple):
    """Mean costs of the values and of all slopes, the penalty, the gradient of their sum."""

    value: float
    slope: float
    penalty: float
    gradient: Floats | None

    @property
    def fit(self) -> float:
        """Cost of the values and slopes."""
        return self.value + self.slope

    @property
    def total(self) -> float:
        """f(θ)."""
        return self.fit + self.penalty


class Objective:
    """f(θ) of one network shape; call it with θ and data.

    Parameters
    ----------
    sizes : sequence of int
        n_1, ..., n_L.
    activations : sequence of Activation or Runs
        σ of each layer and its parameter.
    slope_weight : (n_L, n_1)
        λ, unless the data have one per sample.
    l2 : float
    dydv_weight : (n_L,), optional
        μ, 1 unless given, unless the data have one per sample.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[LayerActivation],
        slope_weight: Floats,
        l2: float = 0.0,
        *,
        dydv_weight: Floats | None = None,
    ) -> None:
        self.sizes = tuple(sizes)
        self.slope_weight = np.ascontiguousarray(slope_weight, np.float64)
        self.dydv_weight = np.ones(self.sizes[-1])
        if dydv_weight is not None:
            self.dydv_weight[:] = dydv_weight
        self.l2 = l2
        self._decayed = weight_mask(self.sizes)
        rows: list[Any] = list(activations)
        self._core = _core.Model64(self.sizes, rows, np.zeros_like(self._decayed))

    def __call__(
        self, theta: Floats, data: Data, *, gradient: bool = True, threads: int | None = None
    ) -> Costs:
        """Costs at θ over the samples of `data`."""
        if gradient:
            return self.costs_and_gradient(theta, data, threads=threads)[0]
        value, slope, _ = self._means(theta, data, gradient=False, threads=threads)
        return Costs(value, slope, self.penalty(theta), None)

    def costs_and_gradient(
        self, theta: Floats, data: Data, *, threads: int | None = None
    ) -> tuple[Costs, Floats]:
        """Costs at θ over the samples of `data`, and the gradient of their sum."""
        value, slope, mean = self._means(theta, data, gradient=True, threads=threads)
        total = mean + self.l2 * self._decayed * theta
        return Costs(value, slope, self.penalty(theta), total), total

    def _means(
        self, theta: Floats, data: Data, *, gradient: bool, threads: int | None
    ) -> tuple[float, float, Any]:
        """Costs of the values and of all slopes, and their gradient, None if not asked for."""
        self._core.set(theta)
        value, slope, summed, _ = self._core.backprop(
            self._task(data),
            want_theta=gradient,
            want_delta=False,
            threads=get_num_threads() if threads is None else threads,
        )
        n = len(data)
        return value / n, slope / n, None if summed is None else summed / n

    def _task(self, data: Data) -> _core.Task64:
        return self._core.task(
            data.X,
            data.y,
            data.dydx,
            self.slope_weight if data.slope_weight is None else data.slope_weight,
            data.directions,
            data.dydv,
            self.dydv_weight if data.dydv_weight is None else data.dydv_weight,
            data.sample_weight,
            value_weight=data.value_weight,
        )

    def on(self, data: Data, threads: int | None = None) -> OnData:
        """Bind f to the samples of `data`, for an optimiser."""
        return OnData(self, data, threads)

    def descend(
        self,
        rule: Rule,
        theta: Floats,
        data: Data,
        order: Floats,
        rates: Floats,
        *,
        batch_size: int,
        threads: int | None = None,
    ) -> float:
        """Take one step down f for each batch of the `order`; see `optimizers.problem.Batched`.

        θ and the rule's buffers are C-contiguous float64 arrays, moved in place.
        """
        total = self._core.descend_batches(
            rule.name,
            rule.constants,
            theta,
            rule.buffers,
            self._task(data),
            order,
            batch_size,
            rates,
            self.l2,
            get_num_threads() if threads is None else threads,
        )
        return total / len(order)

    def weighed(self, weights: Weights) -> Objective:
        """The same function with other weights."""
        other = copy.copy(self)
        other.l2, other.slope_weight, other.dydv_weight = weights
        return other

    def mean_squares(self, theta: Floats, data: Data, threads: int | None = None) -> MeanSquares:
        """Mean squares of the residuals at θ."""
        self._core.set(theta)
        threads = get_num_threads() if threads is None else threads
        found: Any = self._core.value_and_jacobian(data.X, None, threads)
        return mean_squares(data, *found)

    def penalty(self, theta: Floats) -> float:
        """½ l2 Σ_l ‖W[l]‖²."""
        weights = self._decayed * theta
        return 0.5 * self.l2 * float(weights @ weights)


@dataclass(frozen=True, eq=False)
class OnData:
    """f over the samples of one data set: all that an optimiser knows."""

    objective: Objective
    data: Data
    threads: int | None = None

    def value(self, theta: Floats) -> float:
        """f(θ)."""
        return self.objective(theta, self.data, gradient=False, threads=self.threads).total

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """f(θ) and its gradient over all samples."""
        costs, gradient = self.objective.costs_and_gradient(theta, self.data, threads=self.threads)
        return costs.total, gradient

    def penalty(self, theta: Floats) -> float:
        """½ l2 Σ_l ‖W[l]‖²."""
        return self.objective.penalty(theta)

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(self.data)

    @cached_property
    def has_slopes(self) -> bool:
        """Whether any slopes are known."""
        return any(
            slopes is not None and not np.isnan(slopes).all()
            for slopes in (self.data.dydx, self.data.dydv)
        )

    @property
    def weights(self) -> Weights:
        """The weights of f."""
        f = self.objective
        return Weights(f.l2, f.slope_weight, f.dydv_weight)

    def weighed(self, weights: Weights) -> OnData:
        """The same f with other weights."""
        return replace(self, objective=self.objective.weighed(weights))

    def mean_squares(self, theta: Floats, rows: Floats) -> MeanSquares:
        """Mean squares of the residuals of some samples."""
        return self.objective.mean_squares(theta, self.data.rows(rows), self.threads)

    def descend(
        self, rule: Rule, theta: Floats, order: Floats, rates: Floats, *, batch_size: int
    ) -> float:
        """`Objective.descend` over batches of the data."""
        return self.objective.descend(
            rule, theta, self.data, order, rates, batch_size=batch_size, threads=self.threads
        )

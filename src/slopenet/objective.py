"""The mean cost of values and slopes as a function of θ, with its gradient.

    f(θ) = Σ_s w_s (C_s + C'_s) / Σ_s w_s + ½ l2 Σ_l ‖W[l]‖²

C = ½ ‖y - H(x)‖² and C' = ½ Σ_ki λ_ki (∂H_k/∂x_i - T_ki)², a missing slope T_ki being NaN. The core
works on θ itself; no `Network` is built on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from slopenet import _core
from slopenet.arrays import Floats
from slopenet.data import Data
from slopenet.theta import unflatten
from slopenet.threads import get_num_threads


class Costs(NamedTuple):
    """Mean cost of the values, mean cost of the slopes, gradient of the whole objective."""

    value: float
    slope: float
    penalty: float
    gradient: Floats | None

    @property
    def total(self) -> float:
        """f(θ)."""
        return self.value + self.slope + self.penalty


class Objective:
    """f(θ) of one network shape; call it with θ and data.

    Parameters
    ----------
    sizes : sequence of int
        n_1, ..., n_L.
    activations : sequence of (str, float)
        σ of each layer and its parameter.
    slope_weight : (n_L, n_1)
        λ.
    l2 : float
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[tuple[str, float]],
        slope_weight: Floats,
        l2: float = 0.0,
    ) -> None:
        self.sizes = tuple(sizes)
        self.slope_weight = np.ascontiguousarray(slope_weight, np.float64)
        self.l2 = l2
        size = sum((a + 1) * b for a, b in zip(self.sizes[:-1], self.sizes[1:], strict=True))
        self._core = _core.Model64(self.sizes, list(activations), np.zeros(size))
        self._decayed = np.zeros(size)
        for W in unflatten(self._decayed, self.sizes)[0]:
            W[...] = 1.0

    def __call__(self, theta: Floats, data: Data, *, gradient: bool = True) -> Costs:
        """Costs at θ over the samples of `data`."""
        self._core.set(theta)
        total = float(len(data) if data.weight is None else data.weight.sum())
        value, slope, summed, _ = self._core.backprop(
            data.X,
            data.y,
            data.dydx,
            self.slope_weight,
            data.weight,
            given=False,
            want_theta=gradient,
            want_delta=False,
            threads=get_num_threads(),
        )
        weights = self._decayed * theta
        penalty = 0.5 * self.l2 * float(weights @ weights)
        mean = None if summed is None else summed / total + self.l2 * weights
        return Costs(value / total, slope / total, penalty, mean)

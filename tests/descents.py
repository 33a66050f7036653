"""Mini-batch descent in plain NumPy, for any gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slopenet.training.problem import Rule


class Plain:
    """A problem by its gradient(θ, rows); keeps the batches that it was asked for."""

    def __init__(self, gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        self.gradient = gradient
        self.batches: list[np.ndarray] = []
        self.rates: list[float] = []

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        raise NotImplementedError

    def penalty(self, theta: np.ndarray) -> float:
        return 0.0

    def descend(
        self,
        rule: Rule,
        theta: np.ndarray,
        order: np.ndarray,
        rates: np.ndarray,
        *,
        batch_size: int,
    ) -> float:
        for k, rate in enumerate(rates):
            rows = order[k * batch_size : (k + 1) * batch_size]
            self.batches.append(rows)
            self.rates.append(rate)
            g = self.gradient(theta, rows)
            if rule.name == "adam":
                beta_1, beta_2, epsilon = rule.constants
                m, v = rule.buffers
                m += (1 - beta_1) * (g - m)
                v += (1 - beta_2) * (g * g - v)
                theta -= rate * m / (np.sqrt(v) + epsilon)
            else:
                (mu,), (u,) = rule.constants, rule.buffers
                u[:] = mu * u + g
                theta -= rate * (u if rule.name == "momentum" else g + mu * u)
        return 0.0

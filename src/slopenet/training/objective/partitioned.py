"""f(θ) of data in parts: the terms of the parts, added in their order.

    f(θ) = 1/N Σ_parts Σ_s w_s (C_s + C'_s) + ½ l2 Σ_l ‖W[l]‖²

The same function as `gradient` and `least_squares` of all samples together, except for the rounding
of the sums: an optimiser takes the same steps on it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from slopenet._types import Floats
from slopenet.activations import LayerActivation
from slopenet.dataset.dataset import Data
from slopenet.dataset.partitions import Partitions, total
from slopenet.parameters import weight_mask
from slopenet.training.objective.gradient import Objective
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.normal_equations import Products, Ridge, Summed
from slopenet.training.objective.residuals import means, sums_of_squares
from slopenet.training.problem import MeanSquares, Weights


@dataclass(frozen=True, eq=False)
class Terms:
    """Parameters of f: the network's shape, λ (n_L, n_1), and the threads per part."""

    sizes: tuple[int, ...]
    activations: tuple[LayerActivation, ...]
    slope_weight: Floats
    threads: int | None = None


class Distributed:
    """f(θ) over partitions of `Data`, each with samples; for L-BFGS and Levenberg-Marquardt.

    Parameters
    ----------
    parts : Partitions
    terms : Terms
    l2 : float
        May be changed at any time.

    Attributes
    ----------
    balance : float
        ρ, by which λ is multiplied; may be changed at any time.
    """

    balance, log_shape = 1.0, 0.0

    def __init__(self, parts: Partitions, terms: Terms, l2: float = 0.0) -> None:
        self._parts, self._even_terms, self.l2 = parts, terms, l2
        self.samples: int = sum(parts.each(len))
        self._P = weight_mask(terms.sizes)
        self.size = len(self._P)

    @property
    def _terms(self) -> Terms:
        return replace(self._even_terms, slope_weight=self.balance * self._even_terms.slope_weight)

    @property
    def kinds(self) -> int:
        """The most values and slopes of an output per sample."""
        return -(-self.residuals // (self.samples * self._even_terms.sizes[-1]))

    @property
    def has_slopes(self) -> bool:
        """Whether any slopes are known."""
        return self.slopes > 0

    @property
    def weights(self) -> Weights:
        """The weights of f; slopes along directions are not part of it."""
        slope_weight = self._terms.slope_weight
        return Weights(self.l2, slope_weight, np.ones(len(slope_weight)))

    def weighed(self, weights: Weights) -> Distributed:
        """The same f with other weights."""
        other = copy.copy(self)
        other.l2, other.balance = weights.l2, 1.0
        other._even_terms = replace(self._even_terms, slope_weight=weights.slope_weight)
        return other

    def mean_squares(self, theta: Floats, rows: Floats | None = None) -> MeanSquares:  # noqa: ARG002
        """Mean squares of the residuals of all samples."""
        parts = total(self._parts.each(_squares, self._terms, theta))
        return means(tuple(zip(parts[::2], parts[1::2], strict=True)))

    @cached_property
    def _counts(self) -> tuple[int, int]:
        residuals, slopes = total(self._parts.each(_residuals, self._even_terms))
        return int(residuals), int(slopes)

    @property
    def residuals(self) -> int:
        """Number of known values and slopes."""
        return self._counts[0]

    @property
    def slopes(self) -> int:
        """Number of known slopes."""
        return self._counts[1]

    def value(self, theta: Floats) -> float:
        """f(θ)."""
        (cost,) = total(self._parts.each(_cost, self._terms, theta))
        return float(cost) / self.samples + self.penalty(theta)

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """f(θ) and its gradient."""
        cost, gradient = total(self._parts.each(_cost_and_gradient, self._terms, theta))
        penalised = self._ridge(theta)
        return (
            float(cost) / self.samples + penalised.cost,
            gradient / self.samples + self.l2 * penalised.theta,
        )

    def linearise(self, theta: Floats) -> Summed:
        """The Gauss-Newton model at θ, from JᵀJ (p, p) of every part."""
        JJ, Jr, rr = total(self._parts.each(_products, self._terms, theta))
        n = self.samples
        return Summed(Products(JJ / n, Jr / n, float(rr) / n), self._ridge(theta))

    def reweighed_value(self, theta: Floats) -> float:
        """f(θ), whose weights do not depend on θ."""
        return self.value(theta)

    def penalty(self, theta: Floats) -> float:
        """½ l2 Σ_l ‖W[l]‖²."""
        return self._ridge(theta).cost

    def _ridge(self, theta: Floats) -> Ridge:
        return Ridge(self.l2, self._P, self._P * theta)


def _cost(data: Data, terms: Terms, theta: Floats) -> tuple[float]:
    """Σ_s w_s (C_s + C'_s)."""
    f = Objective(terms.sizes, terms.activations, terms.slope_weight)
    return (len(data) * f(theta, data, gradient=False, threads=terms.threads).fit,)


def _cost_and_gradient(data: Data, terms: Terms, theta: Floats) -> tuple[float, Floats]:
    """Σ_s w_s (C_s + C'_s) and its gradient."""
    f = Objective(terms.sizes, terms.activations, terms.slope_weight)
    costs, gradient = f.costs_and_gradient(theta, data, threads=terms.threads)
    return len(data) * costs.fit, len(data) * gradient


def _squares(data: Data, terms: Terms, theta: Floats) -> tuple[Floats, ...]:
    """The sums that mean squares of values and slopes are made of."""
    f = Objective(terms.sizes, terms.activations, terms.slope_weight)
    sums = sums_of_squares(data, *f.values_and_slopes(theta, data, terms.threads))
    return tuple(each for pair in sums for each in pair)


def _residuals(data: Data, terms: Terms) -> tuple[float, float]:
    f = _least_squares(data, terms)
    return f.residuals, f.slopes


def _products(data: Data, terms: Terms, theta: Floats) -> tuple[Floats, Floats, float]:
    """JᵀJ, Jᵀr and ‖r‖² of residuals that are not divided by √N."""
    JJ, Jr, rr = _least_squares(data, terms).products(theta)
    return len(data) * JJ, len(data) * Jr, len(data) * rr


def _least_squares(data: Data, terms: Terms) -> LeastSquares:
    return LeastSquares(
        terms.sizes, terms.activations, data, terms.slope_weight, threads=terms.threads
    )

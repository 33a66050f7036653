"""Least squares in which outliers count less: residuals with the density of Student's t.

    -log t(r) = (ν + 1)/2 log(1 + u²/ν) + log σ + constant,    u = r/σ

is the least over w of ½ w u² and a function of w, at w = (ν + 1)/(ν + u²). With the weights w of θ,
a step that lowers Σ w r² therefore lowers Σ -log t too: least squares, reweighted at each step
(Lange, Little & Taylor 1989). The values of one output share σ and ν, and so do its slopes. Both
are the most likely ones: at such a σ, Σ w u² is the number of residuals that share it; ν is small
where there are outliers, and the residuals of a large ν are nearly normal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import gammaln

from slopenet._types import Floats
from slopenet.training.objective.least_squares import FREE, LeastSquares
from slopenet.training.objective.normal_equations import Dual, Primal

# The ν to choose from.
FREEDOMS = (16.0, 8.0, 4.0, 2.0, 1.0)
# log σ² has converged when it changes by less than this; σ² is never smaller than _LEAST.
_SAME, _LEAST, _ROUNDS = 1e-6, 1e-32, 100
# An outlier is so many deviations off, or more, where _MEDIAN_DEVIATION of one is the median.
_OUTLIER, _MEDIAN_DEVIATION = 5.0, 0.6745


class Spread(NamedTuple):
    """σ and ν of some residuals, the sums of their log densities and of the parts without σ."""

    sigma: float
    freedom: float
    log_density: float
    log_shape: float


class RobustLeastSquares(LeastSquares):
    """As `LeastSquares`, with the weights w of the θ at which it was last linearised.

    Attributes
    ----------
    log_shape : float
        Σ log t + Σ log σ: what the log density of the residuals has in addition to the normal one
        of its reweighted residuals, but for a constant.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._w: Floats = np.ones(self._target.shape)
        self._set_scale()

    def reweigh(self, theta: Floats) -> None:
        """Take the weights w of the residuals at θ."""
        r, self.log_shape = self._missed_at(theta), 0.0
        self._w = np.empty_like(r)
        for group in self._groups():
            spread = _spread(r[:, group], self._counts[:, group])
            squares = (r[:, group] / spread.sigma) ** 2
            self._w[:, group] = (spread.freedom + 1) / (spread.freedom + squares)
            self.log_shape += spread.log_shape
        self._set_scale()

    def judged(self, theta: Floats) -> float:
        """Half the mean over the samples of Σ s² of its residuals.

        s is the deviation of normal residuals of the same log density: outliers and σ both count.
        """
        return self._judged(self._missed_at(theta))

    def _judged(self, r: Floats) -> float:
        total = 0.0
        for group in self._groups():
            counts = self._counts[:, group]
            R = float(counts.sum())
            if R:
                log_density = _spread(r[:, group], counts).log_density
                total += R * np.exp(-2 * log_density / R - np.log(2 * np.pi) - 1)
        return 0.5 * float(total)

    def _missed_at(self, theta: Floats) -> Floats:
        """The residuals at θ (N, columns), of one copy of each sample."""
        self._core.set(theta)
        H, Jv, *_ = self._run(slice(None), None, factors=False)
        return self._scale_of_one * self._missed(slice(None), H, Jv)

    def _groups(self) -> Iterator[Floats]:
        """Masks of the columns that share σ and ν: values of an output, slopes of an output."""
        outputs, columns = self.sizes[-1], np.arange(self._target.shape[1])
        for k in range(outputs):
            yield columns == k
            if self.slopes:
                yield (columns % outputs == k) & (columns >= outputs)

    def _set_scale(self) -> None:
        super()._set_scale()
        self._scale_of_one = self._scale / np.sqrt(self._copies)  # one copy, w = 1
        self._scale = self._scale * np.sqrt(self._w)

    def linearise(self, theta: Floats) -> Primal | Dual:
        """The Gauss-Newton model at θ of the residuals with the weights of θ."""
        self.reweigh(theta)
        return super().linearise(theta)

    def left_out(self, theta: Floats) -> float:
        """As of least squares, with s² in place of the mean square of the residuals left out."""
        model = self.linearise(theta)
        e = model.residuals_left_out(FREE / self.samples, self._w.shape[1])
        e = e / np.sqrt(self._w * self._copies * self._factors_of_balance())
        return 2 * self._judged(e) / self.samples

    def outliers(self, theta: Floats) -> tuple[float, float]:
        """How many values and slopes θ misses by more than 5 deviations of most of their kind."""
        r, far = np.abs(self._missed_at(theta)), np.zeros(self._target.shape)
        for group in self._groups():
            counts = self._counts[:, group]
            if counts.any():
                typical = np.median(r[:, group][counts > 0]) / _MEDIAN_DEVIATION
                far[:, group] = counts * (r[:, group] > _OUTLIER * typical)
        values = float(far[:, : self.sizes[-1]].sum())
        return values, float(far.sum()) - values


def _spread(r: Floats, counts: Floats, freedoms: Sequence[float] = FREEDOMS) -> Spread:
    """The most likely σ and ν of residuals, each there `counts` times."""
    squares, counts = r[counts > 0] ** 2, counts[counts > 0]
    if not squares.size:
        return Spread(1.0, freedoms[0], 0.0, 0.0)
    variance = max(float(np.median(squares)), _LEAST)
    found = []
    for freedom in freedoms:
        variance = _variance(squares, counts / counts.sum(), freedom, variance)
        half = 0.5 * (freedom + 1)
        log_shape = counts.sum() * (gammaln(half) - gammaln(half - 0.5) - 0.5 * np.log(freedom))
        log_shape -= half * float(counts @ np.log1p(squares / (freedom * variance)))
        log_density = log_shape - 0.5 * counts.sum() * np.log(np.pi * variance)
        found.append(Spread(np.sqrt(variance), freedom, float(log_density), float(log_shape)))
    return max(found, key=lambda spread: spread.log_density)


def _variance(squares: Floats, shares: Floats, freedom: float, variance: float) -> float:
    """σ² at which the mean of w u² is 1: Newton's method for its logarithm, from a first guess."""
    for _ in range(_ROUNDS):
        part = squares / (freedom * variance + squares)  # w u² as a share of its limit
        excess = (freedom + 1) * float(shares @ part) - 1
        falls = (freedom + 1) * float(shares @ (part * (1 - part)))
        step = float(np.clip(excess / max(falls, 1e-3), -2, 2))
        variance = max(variance * float(np.exp(step)), _LEAST)
        if abs(step) <= _SAME or variance == _LEAST:
            break
    return variance

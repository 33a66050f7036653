"""From the standard deviations of values and slopes to their weights.

With values of deviations σ_sk and slopes of deviations σ_ski the log density is, but for constants,

    -½ Σ_sk (H_k(x_s) - y_sk)²/σ_sk² - ½ Σ_ski (∂H_k/∂x_i - T_ski)²/σ_ski²

so that the weights are v_sk = (c/σ_sk)² and λ_ski = (c/σ_ski)². All deviations are in standard
units; c is such that v has the mean 1, because the size of all noise is found from the data. If
only deviations of slopes are known, c is such that λ has the mean 1 in each output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import even_weights

# A value or slope says nothing about the scale of its column if its deviation is so many times
# the median one.
_UNRELIABLE = 3.0
# An outlier is so many deviations off the median of its column, or more, where MEDIAN_DEVIATION
# times the deviation is the median distance.
_FAR, _MEDIAN_DEVIATION = 6.0, 0.6745


def reliable(data: Data, *, outliers: bool = True) -> Data:
    """The same data without the values and slopes that are much noisier than most of their column.

    Means and spreads of columns are those of the rest. With `outliers` False it is also without
    those that are far from most of their column.
    """
    y, dydx = data.y, data.dydx
    if data.y_std is not None:
        y = np.where(_is_reliable(data.y_std), y, np.nan)
    if dydx is not None and data.dydx_std is not None:
        dydx = np.where(_is_reliable(data.dydx_std), dydx, np.nan)
    if not outliers:
        y, dydx = _without_outliers(y), None if dydx is None else _without_outliers(dydx)
    return replace(data, y=y, dydx=dydx)


def _without_outliers(x: Floats) -> Floats:
    """Columns x (N, ...) with NaN in place of outliers; none where most of a column is the same."""
    known = ~np.isnan(x).all(axis=0)
    distance = np.abs(x - np.nanmedian(np.where(known, x, 0.0), axis=0))
    typical = np.nanmedian(np.where(known, distance, 0.0), axis=0) / _MEDIAN_DEVIATION
    return np.where((distance <= _FAR * typical) | (typical == 0), x, np.nan)


def _is_reliable(std: Floats) -> Floats:
    finite = np.where(np.isfinite(std), std, np.nan)
    typical = np.nanmedian(np.where(np.isfinite(std).any(axis=0), finite, 1.0), axis=0)
    return np.asarray(std <= _UNRELIABLE * typical)


@dataclass(frozen=True, eq=False)
class Noise:
    """The deviations that have the weight 1, in standard units.

    Attributes
    ----------
    values : float, optional
        c of the values; None if their deviations are not known.
    slopes : (n_L, 1), optional
        c of the slopes of each output; None if their deviations are not known.
    share : (n_L,)
        Mean weight of the known values of each output; 1 if there are none.
    """

    values: float | None
    slopes: Floats | None
    share: Floats

    @classmethod
    def of(cls, data: Data) -> Noise:
        """Find c from data in standard units."""
        values, slopes, share = None, None, np.ones(data.y.shape[1])
        if data.y_std is not None:
            values = float(_unit(data.y_std, data.sample_weight))
            v = (values / data.y_std) ** 2
            share = np.average(v, axis=0, weights=data.sample_weight)
            known = np.average(np.isfinite(data.y_std), axis=0, weights=data.sample_weight)
            share = np.where(known > 0, share / np.where(known > 0, known, 1.0), 1.0)
        if data.dydx_std is not None:
            each = np.moveaxis(data.dydx_std, 1, 0)
            own = [_unit(std, data.sample_weight) for std in each]
            slopes = np.array(own if values is None else [values] * len(own))[:, None]
        return cls(values, slopes, share)

    def shared_weights(
        self, data: Data, slope_weight: Floats | float = 1.0
    ) -> tuple[Floats, Floats]:
        """λ (n_L, n_1) and μ (n_L,) as `even_weights`, by which those per sample are multiplied.

        Where the deviations of values and slopes are known, so is the weight of one compared with
        the other, and λ is `slope_weight`.
        """
        weight, along = even_weights(data, slope_weight)
        if self.values is not None and self.slopes is not None:
            weight = np.ascontiguousarray(np.broadcast_to(slope_weight, weight.shape), float)
            return weight, along * self.share
        return weight * self.share[:, None], along * self.share

    def weigh(self, data: Data) -> Data:
        """The same data with the weights of their values and slopes, those given multiplied."""
        if self.values is not None and data.y_std is not None:
            data = replace(data, value_weight=(self.values / data.y_std) ** 2)
        elif (unknown := np.isnan(data.y)).any():
            data = replace(data, value_weight=np.where(unknown, 0.0, 1.0))
        if self.slopes is not None and data.dydx_std is not None:
            weight = (self.slopes / data.dydx_std) ** 2
            given = 1.0 if data.slope_weight is None else data.slope_weight
            data = replace(data, slope_weight=weight * given)
        return data


def _unit(std: Floats, sample_weight: Floats | None) -> float:
    """The deviation at which the weights of all that is known have a mean of 1; 1 if nothing is."""
    known = np.isfinite(std)
    if not known.any():
        return 1.0
    least = std[known].min()
    rows = np.ones(len(std)) if sample_weight is None else sample_weight
    counts = known * rows.reshape(-1, *[1] * (std.ndim - 1))
    return float(least * np.sqrt(counts.sum() / (counts * (least / std) ** 2).sum()))

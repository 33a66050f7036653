"""Logarithms of columns over decades: learned in their place, then folded into the network.

With u = log(c_x x + d_x) and v = log(c_y y + d_y), entry by entry, the slopes to learn are those of
v in u, and deviations follow to first order:

    ∂v_k/∂u_i = ∂y_k/∂x_i · (dv_k/dy_k) / (du_i/dx_i)

u is a first layer with the diagonal weights c_x, the biases d_x and σ = log; y is a last layer with
σ = exp, and a diagonal one behind it where d_y is not 0. So the network takes and gives the user's
units, and has their derivatives, without a case of its own anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats
from slopenet.activations import LayerSpec
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import Scaling
from slopenet.posterior.units import Units
from slopenet.training.quality import FitErrors

Layers = tuple[list[Floats], list[Floats], list[LayerSpec]]
"""W[l], b[l] and σ of each layer."""

# Columns that are not wide share the layer: log(1 + h/REACH), where h is from -1 to 1. That is
# nearly a straight line, and exists for h > -REACH.
REACH = 16.0
# An exp beyond it is infinite.
_LARGEST = 700.0


@dataclass(frozen=True, eq=False)
class Logarithm:
    """u = log(c x + d) of the columns of an array; c and d are (n,).

    Wide columns have d = 0 and a c with which the mean of u is 0.
    """

    c: Floats
    d: Floats

    @classmethod
    def of(cls, columns: Floats, wide: Floats) -> Logarithm:
        """The logarithms of the `wide` columns (n,), nearly straight lines of the others."""
        low, high = columns.min(axis=0), columns.max(axis=0)
        half = np.where(high > low, (high - low) / 2, 1.0)
        c = 1 / (REACH * half)
        d = 1 - (low + high) / 2 * c
        for i in np.flatnonzero(wide):
            sign = np.sign(columns[0, i])
            c[i], d[i] = sign / np.exp(np.mean(np.log(sign * columns[:, i]))), 0.0
        return cls(c, d)

    def __call__(self, x: Floats) -> Floats:
        """u (N, n)."""
        return np.asarray(np.log(self.c * x + self.d))

    def rate(self, x: Floats) -> Floats:
        """du/dx (N, n)."""
        return np.asarray(self.c / (self.c * x + self.d))

    def inverse(self, u: Floats) -> Floats:
        """x (N, n)."""
        return np.asarray((np.exp(np.minimum(u, _LARGEST)) - self.d) / self.c)


@dataclass(frozen=True, eq=False)
class Transform:
    """Logarithms of inputs and of outputs, None where the columns themselves are learned.

    `label` names the wide columns.
    """

    inputs: Logarithm | None
    outputs: Logarithm | None
    label: str

    def forward(self, data: Data) -> Data:
        """The data to learn, in logarithms."""
        rate_x, rate_y = self._rates(data.X, data.y)
        per_slope = rate_y[:, :, None] / rate_x[:, None, :]
        dydv = None if data.dydv is None else data.dydv * rate_y[:, None, :]
        v = None if data.directions is None else data.directions * rate_x[:, None, :]
        return replace(
            data,
            X=data.X if self.inputs is None else self.inputs(data.X),
            y=data.y if self.outputs is None else self.outputs(data.y),
            dydx=None if data.dydx is None else data.dydx * per_slope,
            directions=v,
            dydv=dydv,
            y_std=None if data.y_std is None else data.y_std * np.abs(rate_y),
            dydx_std=None if data.dydx_std is None else data.dydx_std * np.abs(per_slope),
        )

    def fold(self, weights: list[Floats], biases: list[Floats], sigmas: list[LayerSpec]) -> Layers:
        """The layers that take x and give y in the user's units."""
        W, b, specs = list(weights), list(biases), list(sigmas)
        if self.outputs is not None:
            c, d = self.outputs.c, self.outputs.d
            specs[-1] = "exp"
            if (d == 0).all() and (c > 0).all():
                b[-1] = b[-1] - np.log(c)
            else:
                W, b, specs = [*W, np.diag(1 / c)], [*b, -d / c], [*specs, "identity"]
        if self.inputs is not None:
            W, b = [np.diag(self.inputs.c), *W], [self.inputs.d, *b]
            specs = ["log", *specs]
        return W, b, specs

    def left_out(
        self,
        missed: Floats,
        targets: Floats,
        distances: Floats | float,
        scaling: Scaling,
        X: Floats,
    ) -> FitErrors | None:
        """`FitErrors.of_missed` in the user's units; None if these are not the rows of X.

        `missed` and `targets` are those of the logarithms in standard units. Values are missed by
        the difference of the exponentials in the direction where it is larger, slopes to first
        order.
        """
        if len(missed) != len(X):
            return None
        spread = np.concatenate(
            [np.ones((1, len(scaling.s_y))), 1 / scaling.s_x[:, None] + 0 * scaling.s_y]
        )
        spread = (spread * scaling.s_y)[: missed.shape[1]]
        near = distances if isinstance(distances, float) else distances[: missed.shape[1]]
        missed = np.copysign(np.hypot(missed, near), missed) * spread
        targets = targets * spread
        targets[:, 0] += scaling.m_y
        off, v = missed[:, :1], targets[:, :1]
        y = v if self.outputs is None else self.outputs.inverse(v[:, 0])[:, None]
        rate_x, rate_y = self._rates(X, y[:, 0])
        to_y = 1 / rate_y[:, None]
        to_slopes = to_y * rate_x[:, :, None]
        of_slopes, slopes = missed[:, 1:], targets[:, 1:]
        if self.outputs is not None:
            of_slopes = of_slopes + slopes * off
            off = np.expm1(np.minimum(np.abs(off), _LARGEST))
        of_slopes, slopes = (a * to_slopes[:, : a.shape[1]] for a in (of_slopes, slopes))
        return FitErrors.of_missed(
            np.concatenate([off * to_y, of_slopes], axis=1), np.concatenate([y, slopes], axis=1)
        )

    def log_rate(self, data: Data) -> float:
        """Mean of log |d learned / d given| over all known targets, each row as often as it counts.

        By so much is the mean log density of the given targets larger than that of the learned.
        """
        total, count = 0.0, 0.0
        weight = np.ones(len(data)) if data.sample_weight is None else data.sample_weight
        rate_x, rate_y = self._rates(data.X, data.y)
        of_slopes = rate_y[:, :, None] / rate_x[:, None, :]
        of_along = None if data.directions is None else rate_y[:, None, :]
        kinds = [(data.y, rate_y), (data.dydx, of_slopes), (data.dydv, of_along)]
        for given, rate in kinds:
            if given is not None and rate is not None:
                known = ~np.isnan(given) * weight.reshape(-1, *[1] * (given.ndim - 1))
                total += float((known * np.log(np.abs(np.broadcast_to(rate, given.shape)))).sum())
                count += float(known.sum())
        return total / count

    def _rates(self, X: Floats, y: Floats) -> tuple[Floats, Floats]:
        """du/dx (N, n_1) and dv/dy (N, n_L)."""
        return (
            np.ones_like(X) if self.inputs is None else self.inputs.rate(X),
            np.ones_like(y) if self.outputs is None else self.outputs.rate(y),
        )


def units_of(scaling: Scaling, transform: Transform | None) -> Units:
    """The units of a posterior of what was learned."""
    logs = (None, None) if transform is None else (transform.inputs, transform.outputs)
    log_x, log_y = (None if each is None else np.stack([each.c, each.d]) for each in logs)
    return Units(scaling.m_x, scaling.s_x, scaling.s_y, log_x, log_y)

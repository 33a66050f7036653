"""Standardisation of inputs and outputs, and its folding into W[2], b[2], W[L], b[L].

x̃ = (x - m_x)/s_x and ỹ = (y - m_y)/s_y, so a slope in standard units is T̃_ki = T_ki s_x,i/s_y,k,
and a slope along v becomes that along ṽ = v/s_x, scaled to length 1: t̃_k = t_k/(s_y,k ‖v/s_x‖).
Slopes are scaled by the chain rule, never by their own statistics.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.dataset.moments import centre_and_spread, few_known, has, root_mean_square
from slopenet.dataset.partitions import Listed, Partitions

# Beyond these limits squares leave the range of float64.
_SMALLEST, _LARGEST = 1e-150, 1e150
# Values that spread by less than this, compared with their slopes, are scaled by the slopes; so are
# outputs of which fewer values are known, next to others that are not: these say little about the
# spread of all.
_FLAT, _FEW = 1e-3, 10


def _require_range(name: str, spread: Floats) -> None:
    bad = (spread != 0) & ~((spread >= _SMALLEST) & (spread <= _LARGEST))
    if bad.any():
        i = int(np.argmax(bad))
        raise ValueError(
            f"{name}[:, {i}] must spread by 0, or by {_SMALLEST:.0e} to {_LARGEST:.0e},"
            f" got {spread[i]:.1e}: rescale it"
        )


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centres m_x (n_1,), m_y (n_L,) and spreads s_x, s_y, none of them zero.

    `constant` (n_1,) marks the inputs that never change; their spread is taken as 1.
    """

    m_x: Floats
    s_x: Floats
    m_y: Floats
    s_y: Floats
    constant: Floats

    @classmethod
    def of(cls, data: Data, *, outputs: bool) -> Scaling:
        """Scales of a data set; `outputs` only where the last activation is identity.

        Raises
        ------
        ValueError
            If a column spreads by less than 1e-150, but not by 0, or by more than 1e150.
        """
        return cls.over(Listed([data]), outputs=outputs)

    @classmethod
    def over(cls, parts: Partitions, *, outputs: bool) -> Scaling:
        """As `of`, of the data in all parts together; each of them has samples."""
        m_x, s_x = centre_and_spread(parts, "X")
        _require_range("X", s_x)
        constant = s_x == 0
        s_x = np.where(constant, 1.0, s_x)
        m_y, s_y = centre_and_spread(parts, "y")
        _require_range("y", s_y)
        if not outputs:
            return cls(m_x, s_x, np.zeros_like(m_y), np.ones_like(s_y), constant)
        if has(parts, "dydx"):
            # Slopes have a scale too: the values may all be the same, except for rounding.
            by_slopes = root_mean_square(parts, "dydx", s_x)
            enough = (s_y > _FLAT * by_slopes) & ~few_known(parts, _FEW)
            s_y = np.where(enough, s_y, np.maximum(s_y, by_slopes))
            _require_range("dydx * X", s_y)
        elif has(parts, "dydv") and (few := few_known(parts, _FEW)).any():
            unscaled = cls(m_x, s_x, m_y, np.ones_like(s_y), constant)
            by_slopes = root_mean_square(parts.map(unscaled.standardise), "dydv")
            s_y = np.where(few, np.maximum(s_y, by_slopes), s_y)
        return cls(m_x, s_x, m_y, np.where(s_y > 0, s_y, 1.0), constant)

    def standardise(self, data: Data) -> Data:
        """Return the same data in standard units."""
        per_slope = self.s_x / self.s_y[:, None]
        dydx = None if data.dydx is None else data.dydx * per_slope
        y_std = None if data.y_std is None else data.y_std / self.s_y
        dydx_std = None if data.dydx_std is None else data.dydx_std * per_slope
        v, dydv = data.directions, data.dydv
        if v is not None and dydv is not None:
            v = v / self.s_x
            length = np.linalg.norm(v, axis=-1, keepdims=True)
            length = np.where(length > 0, length, 1.0)
            v, dydv = v / length, dydv / self.s_y / length
        X, y = data.X - self.m_x, data.y - self.m_y
        X /= self.s_x
        y /= self.s_y
        stds = {"y_std": y_std, "dydx_std": dydx_std}
        return replace(data, X=X, y=y, dydx=dydx, directions=v, dydv=dydv, **stds)

    def log_rate(self, data: Data) -> float:
        """Mean of log (d standard / d given) over all known targets, as often as rows count."""
        total, count = 0.0, 0.0
        weight = np.ones(len(data)) if data.sample_weight is None else data.sample_weight
        kinds = [(data.y, 1 / self.s_y), (data.dydx, self.s_x / self.s_y[:, None])]
        if data.directions is not None:
            length = np.linalg.norm(data.directions / self.s_x, axis=-1, keepdims=True)
            kinds.append((data.dydv, 1 / (self.s_y * np.where(length > 0, length, 1.0))))
        for given, rate in kinds:
            if given is not None:
                known = ~np.isnan(given) * weight.reshape(-1, *[1] * (given.ndim - 1))
                total += float((known * np.log(np.broadcast_to(rate, given.shape))).sum())
                count += float(known.sum())
        return total / count

    def fold(
        self, weights: list[Floats], biases: list[Floats]
    ) -> tuple[list[Floats], list[Floats]]:
        """W[l], b[l] that take x and give y in the user's units."""
        W, b = [w.copy() for w in weights], [v.copy() for v in biases]
        W[0] = W[0] / self.s_x
        b[0] = b[0] - W[0] @ self.m_x
        W[-1] = self.s_y[:, None] * W[-1]
        b[-1] = self.s_y * b[-1] + self.m_y
        return W, b

    def unfold(
        self, weights: list[Floats], biases: list[Floats]
    ) -> tuple[list[Floats], list[Floats]]:
        """The inverse of `fold`."""
        W, b = [w.copy() for w in weights], [v.copy() for v in biases]
        W[-1] = W[-1] / self.s_y[:, None]
        b[-1] = (b[-1] - self.m_y) / self.s_y
        b[0] = b[0] + W[0] @ self.m_x
        W[0] = W[0] * self.s_x
        return W, b


def even_weights(data: Data, slope_weight: Floats | float = 1.0) -> tuple[Floats, Floats]:
    """λ (n_L, n_1) and μ (n_L,) that give the slopes of each output the weight of its values.

    λ_k = slope_weight · var(y_k) / (n_1 · mean square of output k's slopes), in standard units: one
    number per output, so that the direction of a gradient never changes; μ_k likewise, for slopes
    along M directions. Where the values are flat, or few are known, slope_weight/n_1 and 1/M.
    """
    return even_weights_over(Listed([data]), slope_weight)


def even_weights_over(
    parts: Partitions, slope_weight: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """As `even_weights`, of the data in all parts together."""
    inputs, outputs, M = next(iter(parts.each(_counts)))
    each = _even_weight(parts, "dydx", outputs)[:, None] / inputs * slope_weight
    weight = np.ascontiguousarray(np.broadcast_to(each, (outputs, inputs)))
    return weight, _even_weight(parts, "dydv", outputs) / M


def _counts(data: Data) -> tuple[int, int, int]:
    """n_1, n_L, M."""
    return data.X.shape[1], data.y.shape[1], 1 if data.dydv is None else data.dydv.shape[1]


def _even_weight(parts: Partitions, name: str, outputs: int) -> Floats:
    """var(y_k) / (mean square of the slopes of output k), 1 where one of the two is 0."""
    if not has(parts, name):
        return np.ones(outputs)
    square = root_mean_square(parts, name) ** 2
    square = np.where(square > 0, square, 1.0)
    variance = centre_and_spread(parts, "y")[1] ** 2
    enough = (variance > _FLAT**2 * square) & ~few_known(parts, _FEW)
    return np.asarray(np.where(enough, variance, square) / square)

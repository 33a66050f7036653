"""The function h(u) = φ(u) + u Φ(u) of the normal law, as a logarithm that never underflows.

φ and Φ are the density and the distribution of a standard normal variable. A variable of mean m
and standard deviation s is below b by s h((b - m)/s) in the mean. With x = -u, R = Φ(u)/φ(u) and
T = 1/R - x,

    h = φ (1 - x R) = φ R T,  h' = Φ,  (log h)' = 1/T,  φ/h = 1/(R T).

For u above -3 these follow from the formulas as they are. Below, x R is nearly 1, so T comes from
the continued fraction T = 1/(x + 2/(x + 3/(x + ...))) (Abramowitz & Stegun 1964, 26.2.14).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, ndtr

from slopenet._types import Floats

_TAIL = -3.0
# From here on, the neglected rest of the fraction is below the rounding of its value.
_TERMS = 70
_LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)


class LogH(NamedTuple):
    """log h, its derivative Φ/h, and φ/h, of each u."""

    log: Floats
    slope: Floats
    density: Floats


def log_h(u: Floats) -> LogH:
    """See the module; u may be of any shape, and infinite."""
    near = np.maximum(u, _TAIL)
    with np.errstate(over="ignore"):
        log_density = -0.5 * u * u - _LOG_ROOT_TWO_PI
        density = np.exp(-0.5 * near * near) / np.sqrt(2 * np.pi)
    h = density + near * ndtr(near)
    above = LogH(np.log(h), ndtr(near) / h, density / h)
    x = -np.minimum(u, _TAIL)
    T = np.zeros_like(x)
    for k in range(_TERMS, 0, -1):
        T = k / (x + T)
    R = np.sqrt(np.pi / 2) * erfcx(x / np.sqrt(2))
    with np.errstate(divide="ignore", over="ignore"):
        below = LogH(log_density + np.log(R) + np.log(T), 1 / T, (x + T) / T)
    pairs = zip(above, below, strict=True)
    return LogH(*(np.where(u < _TAIL, tail, body) for body, tail in pairs))

"""Expected improvement, with its exact gradient from the posterior.

With b the best known value, m and s the network's value and standard deviation at x, and
u = (b - m)/s, the expected improvement of a minimum is

    EI = (b - m) Φ(u) + s φ(u) = s h(u),  ∂EI/∂x = -Φ(u) ∂m/∂x + φ(u) ∂s/∂x,
    log EI = log s + log h(u),  ∂(log EI)/∂x = (-Φ(u) ∂m/∂x + φ(u) ∂s/∂x)/(s h(u)),

where s ∂s/∂x = cov(f, ∂f/∂x | data) (Jones, Schonlau & Welch 1998). Far from any improvement EI
and its gradient underflow to 0; log EI and its gradient do not (Ament et al. 2023).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, overload

import numpy as np

from slopenet._types import Floats, Points
from slopenet.network import Network
from slopenet.optimize.normal import log_h
from slopenet.validate import arrays, components


class Moments(NamedTuple):
    """m (N,), s (N,), ∂m/∂x (N, n_1) and s ∂s/∂x (N, n_1) of one output, to be minimised."""

    m: Floats
    s: Floats
    by_x: Floats
    s_by_x: Floats


def moments(net: Network, X: Floats, k: int, sign: float) -> Moments:
    """Those of ±f_k at the rows of X."""
    H, J = (np.asarray(each, np.float64) for each in net.value_and_jacobian(X))
    C = net.covariance(X)[:, k]
    return Moments(sign * H[:, k], np.sqrt(C[:, 0, 0]), sign * J[:, k], C[:, 0, 1:])


def log_improvement(best: float, m: Floats, s: Floats) -> tuple[Floats, Floats, Floats]:
    """Log EI, and its derivatives by m and by s; s must be positive."""
    found = log_h((best - m) / s)
    return np.log(s) + found.log, -found.slope / s, found.density / s


@overload
def expected_improvement(
    net: Network,
    X: Points,
    best: float | None = ...,
    *,
    output: int | str = ...,
    maximise: bool = ...,
    log: bool = ...,
    gradient: Literal[False] = ...,
) -> Floats: ...
@overload
def expected_improvement(
    net: Network,
    X: Points,
    best: float | None = ...,
    *,
    output: int | str = ...,
    maximise: bool = ...,
    log: bool = ...,
    gradient: Literal[True],
) -> tuple[Floats, Floats]: ...
def expected_improvement(
    net: Network,
    X: Points,
    best: float | None = None,
    *,
    output: int | str = 0,
    maximise: bool = False,
    log: bool = False,
    gradient: bool = False,
) -> Any:
    """Expected improvement of an output on the best known value: (N,), or a number for one point.

    EI(x) = E[max(best - f(x), 0)], for a maximum E[max(f(x) - best, 0)].

    Parameters
    ----------
    net : Network
        With a posterior: see `Network.std`.
    X : (N, n_1) or (n_1,)
    best : float, optional
        The best known value, in the units of the output. Default: the least (the largest) value of
        the training data, from the card of the network.
    output : int or str
        The output, by index or name.
    maximise : bool
        Whether large values are good.
    log : bool
        Whether to return log EI, which tells points apart where EI underflows.
    gradient : bool
        Whether to return the gradient with respect to x too.

    Returns
    -------
    EI : (N,)
        Where the standard deviation is 0, max(best - m, 0), and -inf as its logarithm if that is 0.
    gradient : (N, n_1)
        If asked for; NaN where log EI is -inf.

    Raises
    ------
    ValueError
        If X does not fit, the network has no posterior, or nothing tells the best value.
    """
    points = arrays.points("X", X, net.sizes[0], np.float64, net.input_names)
    rows = points.reshape(-1, points.shape[-1])
    k, sign, least = target(net, best, output, maximise=maximise)
    m, s, by_x, s_by_x = moments(net, rows, k, sign)
    sure = s == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, by_m, by_s = log_improvement(least, m, np.where(sure, 1.0, s))
        slopes = by_m[:, None] * by_x + (by_s / s)[:, None] * s_by_x
        gain = least - m
        slopes[sure] = np.where(gain > 0, -1 / gain, np.nan)[sure, None] * by_x[sure]
        logs[sure] = np.log(np.maximum(gain, 0.0))[sure]
    value = logs
    if not log:
        value = np.exp(logs)
        slopes = np.where(value[:, None] > 0, value[:, None] * slopes, 0.0)
    if points.ndim == 1:
        value, slopes = value[0], slopes[0]
    return (value, slopes) if gradient else value


def target(
    net: Network, best: float | None, output: int | str, *, maximise: bool
) -> tuple[int, float, float]:
    """The index of the output, the sign that makes it one to minimise, and the best value then."""
    names = components.labels(net.output_names, "y", net.sizes[-1])
    k, sign = components.index_of("output", output, names), -1.0 if maximise else 1.0
    if best is None:
        if net.card is None:
            raise ValueError("best must be given for a network without a card of its training data")
        own = net.card.outputs[k]
        best = own.maximum if maximise else own.minimum
    value = float(best)
    if not np.isfinite(value):
        raise ValueError(f"best must be a finite number, got {value}")
    return k, sign, sign * value

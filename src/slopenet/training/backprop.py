"""Backpropagation through a network: δ[l], ∂C/∂W[l] and ∂C/∂b[l] of values and slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slopenet._types import Floats
from slopenet.evaluate.threads import get_num_threads
from slopenet.network import Network
from slopenet.parameters import unflatten
from slopenet.validate import arrays


@dataclass(frozen=True, eq=False)
class Backprop:
    """Cost and gradient by backpropagation. Index i of each list is layer l = i + 2.

    Attributes
    ----------
    cost : float
        Mean over the samples of C = ½ ‖y - H(x)‖², plus C' where slopes of either kind are given.
    delta : list of (N, n_l)
        δ[l] = ∂(C + C')/∂z[l] of each sample.
    dW : list of (n_l, n_{l-1})
        Mean over the samples of ∂/∂W[l].
    db : list of (n_l,)
        Mean over the samples of ∂/∂b[l].
    """

    cost: float
    delta: list[Floats]
    dW: list[Floats]
    db: list[Floats]


def backprop(
    net: Network,
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    slope_weight: Any = 1.0,
    directions: Any = None,
    along: Any = None,
    along_weight: Any = 1.0,
) -> Backprop:
    """Gradient of the squared error of values, and of slopes where given.

    C = ½ ‖y - H(x)‖² and C' = ½ Σ_ki λ_ki (∂H_k/∂x_i - dydx_ki)² of each sample, to which M slopes
    along directions v_m add ½ Σ_mk μ_mk (v_m·∇H_k - along_mk)², at the cost of M, not of n_1; see
    the module `slopenet.derivation` for every equation.

    Parameters
    ----------
    net : Network
    X : (N, n_1) or (n_1,)
    y : (N, n_L), or (N,) for one output
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        True slopes; NaN where one is missing.
    slope_weight : float, (n_L, n_1) or (N, n_L, n_1)
        λ.
    directions : (N, M, n_1), or (M, n_1) for all samples, optional
        v_m, of any length.
    along : (N, M, n_L), or (N, M) for one output, optional
        True slopes along them; NaN where one is missing.
    along_weight : float, (n_L,) or (N, M, n_L)
        μ.

    For a single point X (n_1,) all other arrays drop the N too.

    Returns
    -------
    Backprop
        For a single point δ[l] is (n_l,).

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit or an entry is not finite.
    """
    dtype, inputs, outputs = net.dtype, net.sizes[0], net.sizes[-1]
    points = arrays.points("X", X, inputs, dtype, net.input_names)
    arrays.require_finite("X", points)
    single = points.ndim == 1
    n = 1 if single else points.shape[0]
    if n == 0:
        raise ValueError("X must have at least one row, got none")
    rows = None if single else n
    values = arrays.targets("y", y, (rows, outputs), dtype, net.output_names)
    if dydx is not None:
        labels = (net.input_names, net.output_names)
        dydx = arrays.slopes("dydx", dydx, (rows, outputs, inputs), dtype, labels)
    lead, shape = () if single else (n,), (outputs, inputs)
    weight = arrays.weights("slope_weight", slope_weight, shape, (*lead, *shape), dtype)
    v, dydv = arrays.slopes_along(directions, along, (rows, *shape), dtype)
    each = (outputs,) if dydv is None else dydv.shape
    along_weight = arrays.weights("along_weight", along_weight, (outputs,), each, dtype)
    task = net._core.task(
        points.reshape(n, inputs),
        values.reshape(n, outputs),
        None if dydx is None else dydx.reshape(n, outputs, inputs),
        weight,
        None if v is None else v.reshape(n, *v.shape[-2:]),
        dydv,
        along_weight,
    )
    value_cost, slope_cost, theta, delta = net._core.backprop(
        task, want_theta=True, want_delta=True, threads=get_num_threads()
    )
    dW, db = unflatten(theta / n, net.sizes)
    if single:
        delta = [d[0] for d in delta]
    return Backprop((value_cost + slope_cost) / n, list(delta), dW, db)

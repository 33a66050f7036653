"""SciPy: objectives, constraints, residuals and linear operators with exact derivatives.

    f = objective(net, "cost")
    minimize(f.fun, x0, jac=f.jac, hess=f.hess, bounds=f.bounds, method="trust-constr",
             constraints=constraint(net, 0, 1, outputs=["stress"]))

SciPy requests values and slopes at the same x in two calls. One sweep computes both, and the last x
is remembered. SciPy's optimisers get float64 for any dtype of the network. The `bounds` of a
function are the ranges of the training data, infinite for a network without a card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint

from slopenet._types import Floats
from slopenet.adapters._last import Last
from slopenet.adapters._operator import linear_operator
from slopenet.adapters._parts import bounds, only, require_network
from slopenet.io.card import Range
from slopenet.network import Network
from slopenet.validate import arrays

__all__ = ["Objective", "Residuals", "constraint", "linear_operator", "objective"]

OfOutputs: TypeAlias = Callable[[Floats], tuple[float, Any, Any]]
"""g: maps outputs H (n_L,) to its value, gradient (n_L,) and Hessian (n_L, n_L) or None."""


class Residuals:
    """ρ(x) = w ∘ (H(x) - y), to be made small by `scipy.optimize.least_squares`.

    ``least_squares(r.fun, x0, jac=r.jac)`` finds inputs whose outputs are y.

    Parameters
    ----------
    network : Network
    y : (n_L,), or a number for one output
        The wanted outputs.
    weights : (n_L,) or a number, optional
        w, 1 unless given.

    Raises
    ------
    TypeError, ValueError
        If an array does not fit the network.

    Attributes
    ----------
    bounds : scipy.optimize.Bounds
        The ranges of the training data.
    """

    def __init__(self, network: Network, y: Any, weights: Any = 1.0) -> None:
        n_L = (require_network(network).sizes[-1],)
        self._y = arrays.one_or_each("y", y, n_L, np.float64)
        self._w = arrays.one_or_each("weights", weights, n_L, np.float64)
        self._at = Last(network.value_and_jacobian)
        self.bounds = Bounds(*bounds(network))

    def fun(self, x: Floats) -> Floats:
        """ρ (n_L,)."""
        return np.asarray(self._w * (self._at(x)[0] - self._y))

    def jac(self, x: Floats) -> Floats:
        """∂ρ/∂x (n_L, n_1)."""
        return np.asarray(self._w[:, None] * self._at(x)[1])


class Objective:
    """f(x) = g(H(x)) with its exact derivatives; `objective` makes one.

    ∇f = Jᵀ ∇g  and  ∇²f = Jᵀ ∇²g J + Σ_k (∇g)_k ∇²H_k,  J = ∂H/∂x.
    """

    def __init__(self, network: Network, of: OfOutputs) -> None:
        self._network, self._of = network, of
        self._at = Last(self._evaluate)
        self._curvature = Last(self._hessian)
        self.bounds = Bounds(*bounds(network))

    def fun(self, x: Floats) -> float:
        """f."""
        return float(self._at(x)[1])

    def jac(self, x: Floats) -> Floats:
        """∇f (n_1,)."""
        J, _, slope, _ = self._at(x)
        return np.asarray(slope @ J)

    def hess(self, x: Floats) -> Floats:
        """∇²f (n_1, n_1)."""
        return self._curvature(x).copy()

    def hessp(self, x: Floats, p: Floats) -> Floats:
        """∇²f p (n_1,), without the Hessian."""
        J, _, slope, hessian_of_g = self._at(x)
        along_slope = slope @ self._network.hvp(x, p)
        return np.asarray(J.T @ (_known(hessian_of_g) @ (J @ p)) + along_slope)

    def _evaluate(self, x: Floats) -> tuple[Floats, float, Floats, Floats | None]:
        H, J = self._network.value_and_jacobian(x)
        value, slope, hessian_of_g = self._of(H.astype(float))
        n_L = H.size
        gradient = arrays.floats("the gradient of g", slope)
        arrays.require_shape("the gradient of g", gradient, [(n_L,)])
        if hessian_of_g is not None:
            hessian_of_g = arrays.floats("the Hessian of g", hessian_of_g)
            arrays.require_shape("the Hessian of g", hessian_of_g, [(n_L, n_L)])
        return J.astype(float), value, gradient, hessian_of_g

    def _hessian(self, x: Floats) -> Floats:
        J, _, slope, hessian_of_g = self._at(x)
        total = J.T @ (_known(hessian_of_g) @ J) + self._network.weighted_hessian(x, slope)
        return np.asarray((total + total.T) / 2)


def objective(network: Network, of: Any = 0) -> Objective:
    """A scalar to minimise: ``minimize(f.fun, x0, jac=f.jac, hess=f.hess)`` or ``hessp=f.hessp``.

    Parameters
    ----------
    network : Network
    of : int, str, (n_L,) or function
        An output, by index (-1 is the last) or name; or u, for u·H; or a function g of all outputs
        H (n_L,) that gives its value, its gradient (n_L,) and its Hessian (n_L, n_L), None if it is
        not known.

    Returns
    -------
    Objective
        With the methods ``fun(x)``, ``jac(x)``, ``hess(x)`` and ``hessp(x, p)``, and ``bounds``.

    Raises
    ------
    TypeError, ValueError
        If the output does not exist, or u does not fit.

    Notes
    -----
    An output, or u·H, is computed as a network of one output, at the cost of one output.
    """
    require_network(network)
    if callable(of):
        return Objective(network, of)
    if isinstance(of, str | int | np.integer):
        return Objective(only(network, [of]), _itself)
    return Objective(_weighted(network, of), _itself)


def constraint(
    network: Network,
    lower: Any,
    upper: Any,
    *,
    outputs: Sequence[int | str] | None = None,
    keep_feasible: Any = False,
) -> NonlinearConstraint:
    """``lower <= H(x) <= upper`` with exact Jacobian and Hessian.

    Parameters
    ----------
    network : Network
    lower, upper : number or one for each output
        ``-np.inf`` and ``np.inf`` for no bound; equal for an equality.
    outputs : sequence of int or str, optional
        The bounded outputs, in the order of the bounds; all by default.
    keep_feasible : bool, or one for each output
        Whether the solver must stay inside at every step, as in SciPy.

    Returns
    -------
    scipy.optimize.NonlinearConstraint

    Raises
    ------
    TypeError, ValueError
        If an output does not exist, or is given twice.
    """
    bounded = require_network(network) if outputs is None else only(network, outputs)
    residuals = Residuals(bounded, 0.0)
    return NonlinearConstraint(
        residuals.fun,
        lower,
        upper,
        jac=residuals.jac,
        hess=partial(_lagrangian, bounded),
        keep_feasible=keep_feasible,
    )


def _lagrangian(network: Network, x: Floats, v: Floats) -> Floats:
    """Σ_k v_k ∇²H_k."""
    return np.asarray(network.weighted_hessian(x, v), float)


def _itself(H: Floats) -> tuple[float, Floats, Floats]:
    """g(H) = H of one output."""
    return H[0], np.ones(1), np.zeros((1, 1))


def _weighted(network: Network, u: Any) -> Network:
    """u·H as a network of one output: one more layer, without σ."""
    row = arrays.floats("of", u, network.dtype)
    arrays.require_shape("of", row, [(network.sizes[-1],)])
    card = network.card and replace(network.card, outputs=(Range(),), errors=None)
    return Network(
        [*network.weights, row[None]],
        [*network.biases, np.zeros(1, network.dtype)],
        [*network.activations, "identity"],
        input_names=network.input_names,
        dtype=network.dtype,
        card=card,
    )


def _known(hessian_of_g: Floats | None) -> Floats:
    if hessian_of_g is None:
        raise ValueError(
            "the Hessian of the objective needs that of g: let g give its Hessian (n_L, n_L) in"
            " place of None, or let SciPy do without hess and hessp"
        )
    return hessian_of_g

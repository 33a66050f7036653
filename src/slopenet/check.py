"""Does the network's every derivative agree with an independent numerical method?

The complex step, ∂f/∂x = Im f(x + ih)/h with h = 1e-30, has no cancellation: it is exact to
rounding, and knows nothing of σ' (Squire & Trapp 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet import arrays, derivation, settings
from slopenet.arrays import Floats
from slopenet.backprop import backprop
from slopenet.network import Network
from slopenet.settings import RandomSource
from slopenet.theta import flatten, unflatten

STEP = 1e-30
DIRECTIONS = 8


@dataclass(frozen=True)
class Check:
    """The verdict on a network's derivatives; `str` says it in words and numbers.

    Attributes
    ----------
    errors : dict of str to float
        For each derivative the largest difference from the complex step, over the largest entry.
    tolerance : float
        What rounding may explain: 5000 times the precision of the network's dtype.
    points : int
        How many points were tried.
    """

    errors: dict[str, float]
    tolerance: float
    points: int

    @property
    def passed(self) -> bool:
        """Whether every difference is within the tolerance."""
        return all(error <= self.tolerance for error in self.errors.values())

    def __str__(self) -> str:
        where = f"{self.points} point{'s' if self.points != 1 else ''}"
        wrong = [name for name, error in self.errors.items() if not error <= self.tolerance]
        if wrong:
            verdict = f"NOT all derivatives agree with the complex step: {', '.join(wrong)}"
        else:
            verdict = "All derivatives agree with the complex step"
        lines = [f"{verdict} ({where}, tolerance {self.tolerance:.1e} of the largest entry)."]
        for name, error in self.errors.items():
            mark = "ok" if error <= self.tolerance else "WRONG"
            lines.append(f"  {name:<28} differs by {error:.1e}   {mark}")
        return "\n".join(lines)


def check_derivatives(net: Network, X: Any, *, rng: RandomSource = 0) -> Check:
    """Test the Jacobian, J v, Jᵀ u and backpropagation of `net` at the points X by complex steps.

    Parameters
    ----------
    net : Network
    X : (N, n_1) or (n_1,)
        Where to test; at a kink of relu and the like the left derivative is expected.
    rng : numpy Generator or seed
        For the random directions v and u, the targets, and the directions in θ.

    Returns
    -------
    Check
        ``check.passed``, ``check.errors``, and in words ``print(check)``.

    Raises
    ------
    ValueError, TypeError
        If X does not fit, or lies so far out that H or ∂H/∂x leaves the range of the dtype.
    """
    points = np.atleast_2d(arrays.points("X", X, net.sizes[0], net.dtype, net.input_names))
    if points.shape[0] == 0:
        raise ValueError("X has no rows, so there is nothing to check")
    arrays.require_finite("X", points)
    generator = settings.generator(rng)
    exact = points.astype(np.float64)
    chain = derivation.Chain(
        [w.astype(np.float64) for w in net.weights],
        [b.astype(np.float64) for b in net.biases],
        net.chain().activations,
    )
    with np.errstate(over="ignore", invalid="ignore"):
        H = derivation.forward(chain, exact).a[-1]
        J = np.stack(
            [_step(chain, exact, STEP * 1j * unit) for unit in np.eye(points.shape[1])], axis=-1
        )
    limit = float(np.sqrt(np.finfo(net.dtype).max))  # costs are squares
    within = (np.abs(H) < limit).all(axis=1) & (np.abs(J) < limit).all(axis=(1, 2))
    if not within.all():
        raise ValueError(
            f"at X[{int(np.argmin(within))}] the network or its slopes are beyond {limit:.0e}:"
            " nothing there can be compared"
        )
    v = generator.normal(size=points.shape).astype(net.dtype)
    u = generator.normal(size=(points.shape[0], net.sizes[-1])).astype(net.dtype)
    y = generator.normal(size=u.shape).astype(net.dtype)
    Jv = np.einsum("nki,ni->nk", J, v)
    Ju = np.einsum("nki,nk->ni", J, u)
    given = backprop(net, points, y)
    gradient = flatten(given.dW, given.db)
    theta = flatten(chain.W, chain.b)
    directions = generator.normal(size=(DIRECTIONS, theta.size))
    true_rates = [
        _cost_rate(chain, net.sizes, exact, y, theta=theta, direction=d) for d in directions
    ]
    scale = float(np.linalg.norm(gradient))
    errors = {
        "jacobian": _relative(net.jacobian(points), J),
        "value_and_jacobian": _relative(net.value_and_jacobian(points)[1], J),
        "jvp": _relative(net.jvp(points, v), Jv, np.abs(J).max()),
        "vjp": _relative(net.vjp(points, u), Ju, np.abs(J).max()),
        "backprop (gradient in θ)": _relative(directions @ gradient, np.array(true_rates), scale),
    }
    return Check(errors, 5000 * float(np.finfo(net.dtype).eps), points.shape[0])


def _step(chain: derivation.Chain, x: Floats, ih: Any) -> Floats:
    return np.asarray(derivation.forward(chain, x + ih).a[-1].imag / STEP)


def _cost_rate(
    chain: derivation.Chain, sizes: Any, x: Floats, y: Floats, *, theta: Floats, direction: Floats
) -> float:
    """Rate of the mean cost along a direction in θ."""
    W, b = unflatten(theta + STEP * 1j * direction, sizes)
    H = derivation.forward(derivation.Chain(W, b, chain.activations), x).a[-1]
    return float(np.mean(derivation.cost(H, y)).imag / STEP)


def _relative(got: Floats, wanted: Floats, scale: float | None = None) -> float:
    largest = float(np.abs(wanted).max()) if scale is None else float(scale)
    difference = float(np.abs(got - wanted).max())
    return difference / largest if largest > 0 else difference

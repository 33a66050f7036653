"""The check of every derivative of a network against the complex step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from slopenet._types import Floats
from slopenet.activations import Head
from slopenet.derivation import Chain, forward
from slopenet.evaluate.agreement import Agreement, largest_difference, rows, table
from slopenet.gradcheck import complex_step
from slopenet.network import Network
from slopenet.parameters import flatten
from slopenet.training.backprop import backprop
from slopenet.validate import arrays, settings
from slopenet.validate.settings import RandomSource

DIRECTIONS = 8
_AT_ONCE = 2**22  # entries of the Hessians that are held at once


@dataclass(frozen=True, repr=False)
class Check:
    """The verdict on a network's derivatives; `str` says it in words and numbers.

    Attributes
    ----------
    agreements : tuple of Agreement
        One per derivative: the network's result against that of the complex step.
    points : int
        How many points were tried.
    """

    agreements: tuple[Agreement, ...]
    points: int

    @property
    def errors(self) -> dict[str, float]:
        """Per derivative, the largest difference from the complex step, over the largest entry."""
        return {each.quantity: each.difference for each in self.agreements}

    @property
    def tolerance(self) -> float:
        """The difference that rounding may explain: 5000 times the precision of the dtype."""
        return self.agreements[0].tolerance

    @property
    def passed(self) -> bool:
        """Whether every difference is within the tolerance."""
        return all(each.ok for each in self.agreements)

    def __str__(self) -> str:
        return "\n".join([self._verdict, *table(self.agreements)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from slopenet.html import pages

        return pages.verdict(self._verdict, rows(self.agreements))

    @property
    def _verdict(self) -> str:
        where = f"{self.points} point{'s' if self.points != 1 else ''}"
        wrong = [each.quantity for each in self.agreements if not each.ok]
        if wrong:
            verdict = f"NOT all derivatives agree with the complex step: {', '.join(wrong)}"
        else:
            verdict = "All derivatives agree with the complex step"
        return f"{verdict} ({where}, tolerance {self.tolerance:.1e} of the largest entry)."


def check_derivatives(net: Network, X: Any, *, rng: RandomSource = 0) -> Check:
    """Test every derivative of `net`, first and second, at the points X by complex steps.

    Steps of H give the Jacobian, J v, Jᵀ u and backpropagation. Steps of the Jacobian give the
    Hessian, Σ_k u_k ∇²H_k (both, for more than 8 inputs, times 8 random directions), the product
    with v, and the Laplacian.

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
        If X does not fit, or lies so far out that H or a derivative leaves the range of the dtype.
    """
    points = np.atleast_2d(arrays.points("X", X, net.sizes[0], net.dtype, net.input_names))
    if points.shape[0] == 0:
        raise ValueError("X has no rows, so there is nothing to check")
    arrays.require_finite("X", points)
    generator = settings.generator(rng)
    v = generator.normal(size=points.shape).astype(net.dtype)
    u = generator.normal(size=(points.shape[0], net.sizes[-1])).astype(net.dtype)
    y = generator.normal(size=u.shape).astype(net.dtype)
    chain = Chain(
        [w.astype(np.float64) for w in net.weights],
        [b.astype(np.float64) for b in net.biases],
        net.chain().activations,
    )
    few = net.sizes[0] <= DIRECTIONS
    along = np.eye(net.sizes[0]) if few else generator.normal(size=(DIRECTIONS, net.sizes[0]))
    x = points.astype(np.float64)
    true = _true(chain, x, v, along)
    _require_within(float(np.sqrt(np.finfo(net.dtype).max)), true)  # costs are squares
    largest_slope, largest_curvature = float(np.abs(true.J).max()), float(np.abs(true.along).max())
    compared = {
        "jacobian": (net.jacobian(points), true.J, largest_slope),
        "value_and_jacobian": (net.value_and_jacobian(points)[1], true.J, largest_slope),
        "jvp": (net.jvp(points, v), np.einsum("nki,ni->nk", true.J, v), largest_slope),
        "vjp": (net.vjp(points, u), np.einsum("nki,nk->ni", true.J, u), largest_slope),
        **_gradient(net, chain, points, y, generator),
        "hessian": (_times(net.hessian, along, points), true.along, largest_curvature),
        "hvp": (net.hvp(points, v), true.hvp, float(np.abs(true.hvp).max())),
        "weighted_hessian": (
            _times(net.weighted_hessian, along, points, u),
            np.einsum("nkid,nk->nid", true.along, u),
            largest_curvature,
        ),
        "laplacian": (
            net.laplacian(points),
            true.curvatures.sum(axis=-1),
            float(np.abs(true.curvatures).sum(axis=-1).max()),
        ),
    }  # fmt: skip
    tolerance = 5000 * float(np.finfo(net.dtype).eps)
    agreements = [
        Agreement(name, largest_difference(*three), tolerance) for name, three in compared.items()
    ]
    return Check(tuple(agreements), points.shape[0])


def _gradient(
    net: Network, chain: Chain, X: Floats, y: Floats, rng: np.random.Generator
) -> dict[str, tuple[Floats, Floats, float]]:
    """The gradient in θ along random directions; nothing of a network with a softmax."""
    if isinstance(chain.activations[-1], Head):
        return {}
    backward = backprop(net, X, y)
    gradient = flatten(backward.dW, backward.db)
    steps = rng.normal(size=(DIRECTIONS, gradient.size))
    rates = [complex_step.cost(chain, X.astype(np.float64), y, step) for step in steps]
    scale = float(np.linalg.norm(gradient))
    return {"backprop (gradient in θ)": (steps @ gradient, np.array(rates), scale)}


class _True(NamedTuple):
    """The results of the complex step at N points."""

    H: Floats  # (N, n_L)
    J: Floats  # (N, n_L, n_1)
    curvatures: Floats  # ∂²H_k/∂x_i², (N, n_L, n_1)
    hvp: Floats  # ∇²H_k v, (N, n_L, n_1)
    along: Floats  # ∇²H_k times each direction d, (N, n_L, n_1, d)


def _true(chain: Chain, x: Floats, v: Floats, along: Floats) -> _True:
    with np.errstate(over="ignore", invalid="ignore"):
        return _True(
            forward(chain, x).a[-1],
            *complex_step.along_axes(chain, x),
            complex_step.hvp(chain, x, v),
            np.stack([complex_step.hvp(chain, x, d) for d in along], axis=-1),
        )


def _require_within(limit: float, true: _True) -> None:
    within = np.ones(len(true.H), bool)
    for quantity in true:
        within &= (np.abs(quantity) < limit).reshape(len(within), -1).all(axis=1)
    if not within.all():
        raise ValueError(
            f"at X[{int(np.argmin(within))}] the network or a derivative is beyond {limit:.0e}:"
            " nothing there can be compared"
        )


def _times(hessian: Callable[..., Floats], along: Floats, *rows: Floats) -> Floats:
    """Products of Hessians with each direction, (N, ..., n_1, d), some samples at a time."""
    n = len(rows[0])
    each = max(1, hessian(*(row[:1] for row in rows)).size)
    pieces = -(-n * each // _AT_ONCE)
    parts = zip(*(np.array_split(row, min(n, pieces)) for row in rows), strict=True)
    return np.concatenate([hessian(*part) @ along.T for part in parts])

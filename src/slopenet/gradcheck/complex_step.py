"""Derivatives by the complex step, the checker's independent method.

∂f/∂x = Im f(x + ih)/h with h = 1e-30 has no cancellation: it is exact to rounding (Squire & Trapp
1998). For first derivatives f is H, and the step knows nothing of σ'; for second derivatives f is
∂H/∂x = D[L] W[L] ··· D[2] W[2] at complex x, and the step knows nothing of σ''.
"""

from __future__ import annotations

import numpy as np

from slopenet import derivation
from slopenet._types import Floats
from slopenet.derivation import Chain
from slopenet.evaluate.array_api import jacobian, jvp, of_chain
from slopenet.parameters import flatten, unflatten

STEP = 1e-30


def along_axes(chain: Chain, x: Floats) -> tuple[Floats, Floats]:
    """∂H_k/∂x_i, the rate of H along x_i, and ∂²H_k/∂x_i², that of ∂H/∂x_i; (N, n_L, n_1) both."""
    shape = (x.shape[0], chain.W[-1].shape[0], x.shape[1])
    slopes, curvatures = np.empty(shape), np.empty(shape)
    for i, e in enumerate(np.eye(x.shape[1])):
        moved = _moved(x, e)
        slopes[:, :, i] = _rate(derivation.forward(chain, moved).a[-1])
        curvatures[:, :, i] = _rate(of_chain(jvp, chain, moved, e))
    return slopes, curvatures


def hvp(chain: Chain, x: Floats, v: Floats) -> Floats:
    """∇²H_k v (N, n_L, n_1), v (N, n_1) or (n_1,): the rate of ∂H/∂x along v."""
    return _rate(of_chain(jacobian, chain, _moved(x, v)))


def cost(chain: Chain, x: Floats, y: Floats, direction: Floats) -> float:
    """Rate of the mean cost along a direction in θ, the flat W and b of the chain."""
    sizes = (chain.W[0].shape[1], *(w.shape[0] for w in chain.W))
    W, b = unflatten(_moved(flatten(chain.W, chain.b), direction), sizes)
    H = derivation.forward(Chain(W, b, chain.activations), x).a[-1]
    return float(_rate(derivation.cost(H, y)).mean())


def _moved(x: Floats, v: Floats) -> Floats:
    return np.asarray(x + STEP * 1j * v)


def _rate(f: Floats) -> Floats:
    return np.asarray(f.imag / STEP)

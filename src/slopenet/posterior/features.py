"""Functions of x in which the uncertainty of a network is written, with their slopes.

Small changes of the weights change an output nearly by a combination of the activations of all
layers, of the inputs, and of a constant: exactly so for the weights of the last layer. These
functions are smooth, far away they grow no faster than the network, and cost little more than its
values and slopes.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import LayerActivation, normalise
from slopenet.derivation import Chain
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import flatten, unflatten
from slopenet.posterior.posterior import Network
from slopenet.posterior.units import Units


class Learned:
    """A network without the layers of logarithms, in standard units.

    Its functions are 1, x and a[l] of all hidden layers, in this order.

    Parameters
    ----------
    weights, biases : sequence of array
    activations : sequence of Activation or Runs
    """

    def __init__(
        self,
        weights: Sequence[Floats],
        biases: Sequence[Floats],
        activations: Sequence[LayerActivation],
    ) -> None:
        self.sizes = (weights[0].shape[1], *(len(b) for b in biases))
        self.number = 1 + sum(self.sizes[:-1])
        rows: list[Any] = list(activations)
        self.theta, self._activations = flatten(list(weights), list(biases)), rows
        self._hidden = [
            _core.Model64(
                self.sizes[: layer + 1],
                rows[:layer],
                flatten(list(weights[:layer]), list(biases[:layer])),
            )
            for layer in range(1, len(self.sizes) - 1)
        ]

    @property
    def last(self) -> Floats:
        """W[L]ᵀ as combinations of the functions: the outputs without b[L] (m, n_L)."""
        root = np.zeros((self.number, self.sizes[-1]))
        W, _ = unflatten(self.theta, self.sizes)
        root[-self.sizes[-2] :] = W[-1].T
        return root

    @classmethod
    def of(cls, chain: Chain, units: Units) -> Learned:
        """The network that was trained, from the layers of the one that was made of it.

        Biases of its last layer stay in the user's units: no slope depends on them.
        """
        own = trained(chain, units)
        W = [np.asarray(w, np.float64) for w in chain.W[own]]
        b = [np.asarray(v, np.float64) for v in chain.b[own]]
        sigmas = list(chain.activations[own])
        if units.log_y is not None:
            sigmas[-1] = normalise("identity")
        b[0] = b[0] + W[0] @ units.m_x
        W[0] = W[0] * units.s_x
        W[-1] = W[-1] / units.s_y[:, None]
        return cls(W, b, sigmas)

    def combined(self, Z: Floats, root: Floats, *, slopes: bool) -> Floats:
        """Combinations `root` (m, r) of the functions at Z (N, n_1), and slopes: (N, kinds, r)."""
        inputs = self.sizes[0]
        kinds, hidden = 1 + inputs if slopes else 1, root[1 + inputs :]
        found = np.empty((len(Z), kinds, len(hidden)))
        at = 0
        for core, width in zip(self._hidden, self.sizes[1:-1], strict=True):
            own = slice(at, at + width)
            at += width
            if slopes:
                both: Any = core.value_and_jacobian(Z, None, get_num_threads())
                found[:, 0, own], found[:, 1:, own] = both[0], both[1].transpose(0, 2, 1)
            else:
                found[:, 0, own] = core.values(Z, None, get_num_threads())
        result = (found.reshape(-1, len(hidden)) @ hidden).reshape(len(Z), kinds, -1)
        result[:, 0] += root[0] + Z @ root[1 : 1 + inputs]
        if slopes:
            result[:, 1:] += root[1 : 1 + inputs]
        return np.asarray(result)

    def features(self, Z: Floats) -> Floats:
        """The functions and their slopes at Z (N, n_1): (N, 1 + n_1, m)."""
        return self.combined(Z, np.eye(self.number), slopes=True)

    def rows(self, Z: Floats, *, kinds: int) -> Floats:
        """∂/∂θ of values, and slopes if kinds > 1, at Z (N, n_1): (N, kinds, n_L, p)."""
        outputs = self.sizes[-1]
        core = _core.Model64(self.sizes, self._activations, self.theta)
        ones = np.ones((len(Z), kinds * outputs))
        _, _, J, *_ = core.gauss_newton(Z, None, kinds - 1, ones, False, get_num_threads())
        return np.asarray(J).reshape(len(Z), kinds, outputs, -1)


def learned_sizes(chain: Chain, units: Units) -> tuple[int, ...]:
    """n_1, ..., n_L of the network that was trained; empty if no layer is left."""
    W = chain.W[trained(chain, units)]
    return (W[0].shape[1], *(each.shape[0] for each in W)) if W else ()


def trained(chain: Chain, units: Units) -> slice:
    """The layers that were trained, between those of logarithms."""
    exponential = getattr(chain.activations[-1], "name", "") == "exp"
    behind = units.log_y is not None and not exponential  # a layer that undoes c and d
    return slice(int(units.log_x is not None), len(chain.W) - behind)


class Last:
    """The learned network of the network that was asked for last."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._of: tuple[weakref.ref[Network], Learned] | None = None

    def __call__(self, network: Network) -> Learned:
        """The learned network."""
        known = self._of
        if known is None or known[0]() is not network:
            known = weakref.ref(network), Learned.of(network.chain(), self._units)
            self._of = known
        return known[1]

    def __reduce__(self) -> tuple[type[Last], tuple[Units]]:
        return Last, (self._units,)

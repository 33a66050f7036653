"""Functions of x in which the uncertainty of a network is written, with their slopes.

A change δW, δb of layer l changes output k by

    δH_k = Σ_j G[l]_kj(x) (δW_j a[l-1](x) + δb_j),  G[l]_k = ∂H_k/∂z[l],

so the activations a[l] of all layers, the adjoints G[l]_k and a constant span, nearly, all small
changes of H_k. They and their slopes come from the sweep that Gauss-Newton steps use.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import Activation, normalise
from slopenet.derivation import Chain
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import flatten
from slopenet.posterior.posterior import Network
from slopenet.posterior.units import Units


class Learned:
    """A network without the layers of logarithms, in standard units.

    Parameters
    ----------
    sizes : sequence of int
    activations : sequence of Activation
    theta : (p,)
    """

    def __init__(
        self, sizes: Sequence[int], activations: Sequence[Activation], theta: Floats
    ) -> None:
        self.sizes, self.activations = tuple(sizes), list(activations)
        self.theta = theta
        self._core = _core.Model64(self.sizes, self.activations, theta)

    @classmethod
    def of(cls, chain: Chain, units: Units) -> Learned:
        """The network that was trained, from the layers of the one that was made of it."""
        W = [np.asarray(w, np.float64) for w in chain.W]
        b = [np.asarray(v, np.float64) for v in chain.b]
        sigmas = list(chain.activations)
        if units.log_x is not None:
            W, b, sigmas = W[1:], b[1:], sigmas[1:]
        if units.log_y is not None:
            if sigmas[-1].name != "exp":  # behind it is a layer that undoes c and d
                W, b, sigmas = W[:-1], b[:-1], sigmas[:-1]
            sigmas[-1] = normalise("identity")
        b[0] = b[0] + W[0] @ units.m_x
        W[0] = W[0] * units.s_x
        W[-1] = W[-1] / units.s_y[:, None]
        b[-1] = b[-1] / units.s_y
        return cls([W[0].shape[1], *(len(v) for v in b)], sigmas, flatten(W, b))

    @property
    def number(self) -> int:
        """The number m of functions."""
        return number_of(self.sizes, linear=self._linear)

    @property
    def _linear(self) -> bool:
        return self.activations[-1].linear

    def features(self, Z: Floats, *, slopes: bool) -> Floats:
        """The functions of each output at Z (N, n_1), then their slopes: (n_L, N, 1 + n_1, m)."""
        inputs, outputs = self.sizes[0], self.sizes[-1]
        kinds = 1 + inputs if slopes else 1
        threads = get_num_threads()
        _, _, _, *layers = self._core.gauss_newton(Z, None, kinds - 1, None, True, threads)
        found = np.zeros((outputs, len(Z), kinds, self.number))
        found[:, :, 0, 0] = 1.0
        at = 1
        for layer, (a, G, tangents, E) in enumerate(zip(*layers, strict=True)):
            own = slice(at, at + a.shape[1])
            found[:, :, 0, own], found[:, :, 1:, own] = a, tangents
            at = own.stop
            if layer < len(self.sizes) - 2:
                own = slice(at, at + G.shape[2])
                found[:, :, 0, own] = G.transpose(1, 0, 2)
                found[:, :, 1:, own] = E.transpose(2, 0, 1, 3)
                at = own.stop
        if not self._linear:
            k = np.arange(outputs)
            found[:, :, 0, at] = G[:, k, k].T
            found[:, :, 1:, at] = E[:, :, k, k].transpose(2, 0, 1)
        return found

    def rows(self, Z: Floats) -> Floats:
        """∂/∂θ of values and slopes at Z: (N, 1 + n_1, n_L, p)."""
        inputs, outputs = self.sizes[0], self.sizes[-1]
        ones = np.ones((len(Z), (1 + inputs) * outputs))
        threads = get_num_threads()
        _, _, J, *_ = self._core.gauss_newton(Z, None, inputs, ones, False, threads)
        return np.asarray(J).reshape(len(Z), 1 + inputs, outputs, -1)


def number_of(sizes: Sequence[int], *, linear: bool) -> int:
    """The number m of functions of a network with these widths."""
    return 1 + sum(sizes[:-1]) + sum(sizes[1:-1]) + (not linear)


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

"""The interface of all posteriors: the covariance of a function given its data.

A posterior says how far the true function may be from the network, at a point and between points.
Its methods take the network that it belongs to, because slopes of logarithms depend on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from slopenet._types import Floats
from slopenet.derivation import Chain
from slopenet.posterior.rivals import Rival
from slopenet.posterior.units import Units


class Network(Protocol):
    """The methods of a network that posteriors use."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        ...

    def chain(self) -> Chain:
        """W[l], b[l] and σ of every layer."""
        ...

    def __call__(self, X: Any) -> Any:
        """H(x) (N, n_L)."""
        ...

    def value_and_jacobian(self, X: Any) -> tuple[Any, Any]:
        """H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1)."""
        ...


class Posterior(ABC):
    """Covariances of the values and slopes of a network with given inputs and outputs.

    Attributes
    ----------
    kind : str
        Its name in a model file.
    units : Units
    noise : (n_L, 1 + n_1)
        Standard deviations of the noise of the value and of each slope, in standard units; 0 for
        slopes that were not given.
    rivals : tuple of Rival
        Other networks of the same data, whose distances it knows; mostly none.
    """

    kind: str
    units: Units
    noise: Floats
    rivals: tuple[Rival, ...] = ()

    @property
    def inputs(self) -> int:
        """n_1."""
        return len(self.units.s_x)

    @property
    def outputs(self) -> int:
        """n_L."""
        return len(self.units.s_y)

    def suits(self, chain: Chain) -> bool:  # noqa: ARG002
        """Whether it may be the posterior of a network of these layers, by their sizes."""
        return True

    def covariance(self, network: Network, X: Floats, *, noise: bool = False) -> Floats:
        """Covariance of the value and the slopes of each output: (N, n_L, 1 + n_1, 1 + n_1).

        With `noise`, of measured values and slopes.
        """
        H, J = (np.asarray(each, np.float64) for each in network.value_and_jacobian(X))
        C = self._standard(network, X)
        diagonal = np.einsum("nkii->nki", C)  # a view
        np.maximum(diagonal, 0.0, out=diagonal)
        if noise:
            diagonal += self.noise**2
        return self.units.covariance(C, X, H, J)

    def variances(
        self, network: Network, X: Floats, *, slopes: bool, noise: bool = False
    ) -> Floats:
        """Variances of the value and of the slopes, (N, n_L, 1 + n_1), or of values: (N, n_L, 1).

        The diagonal of `covariance`, for less work.
        """
        if slopes and self.units.log_y is not None:
            C = self.covariance(network, X, noise=noise)
            return np.asarray(np.einsum("nkii->nki", C))
        found = np.maximum(self._diagonal(network, X, slopes=slopes), 0.0)
        if noise:
            found = found + self.noise[:, : found.shape[2]] ** 2
        rates = self._rates(network, X)
        factors = self.units.kinds(X, rates) if slopes else rates[:, :, None]
        return np.asarray(found * factors**2)

    def terms(self, network: Network, X: Floats) -> Floats:
        """The size of the numbers of which variances are differences: (N, n_L, 1 + n_1).

        Variances are known to the precision times this.
        """
        root = np.sqrt(self._terms(network, X))
        H, J = (np.asarray(each, np.float64) for each in network.value_and_jacobian(X))
        found = root * np.abs(self.units.kinds(X, self.units.values(H)))
        if self.units.log_y is not None:  # of two parts, as in `Units.covariance`
            found[:, :, 1:] += np.abs(J) * self.units.s_y[:, None] * root[:, :, :1]
        return np.asarray(found**2)

    def _terms(self, network: Network, X: Floats) -> Floats:
        """As `terms`, in standard units: the variances, where these are sums of squares."""
        return np.maximum(self._diagonal(network, X, slopes=True), 0.0)

    def joint(self, network: Network, X: Floats) -> Floats:
        """Covariance of the values at all points: (n_L, N, N)."""
        rates = self._rates(network, X).T
        C = self._standard_joint(network, X, slopes=False)[:, :, 0, :, 0]
        return np.asarray(C * rates[:, :, None] * rates[:, None])

    def joint_with_slopes(self, network: Network, X: Floats) -> Floats:
        """Covariance of values and slopes at all points: (n_L, N, 1 + n_1, N, 1 + n_1)."""
        H, J = (np.asarray(each, np.float64) for each in network.value_and_jacobian(X))
        return self.units.joint(self._standard_joint(network, X, slopes=True), X, H, J)

    def _rates(self, network: Network, X: Floats) -> Floats:
        H = np.zeros((len(X), self.outputs)) if self.units.log_y is None else network(X)
        return self.units.values(np.asarray(H, np.float64))

    @abstractmethod
    def some(self, outputs: Sequence[int]) -> Posterior | None:
        """The posterior of some of the outputs; None if it needs all of them."""

    @abstractmethod
    def stored(self) -> Mapping[str, Floats]:
        """The arrays of a model file, by the names in `slopenet.io.stored_posterior`."""

    @classmethod
    @abstractmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> Posterior:
        """The posterior of the arrays of a model file, of the right shapes.

        Raises
        ------
        ValueError
            If a number is out of range.
        """

    @abstractmethod
    def _standard(self, network: Network, X: Floats) -> Floats:
        """As `covariance`, in standard units."""

    @abstractmethod
    def _diagonal(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        """As `variances`, in standard units."""

    @abstractmethod
    def _standard_joint(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        """As `joint_with_slopes`, in standard units; without slopes (n_L, N, 1, N, 1)."""

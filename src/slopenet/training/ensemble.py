"""Several networks of the same data: their mean, and how far they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from slopenet.network import Network


class Ensemble:
    """Networks that take and give the same; what they give is averaged.

    Where they were trained they agree; how far they do elsewhere says how far to trust them.

    Parameters
    ----------
    networks : sequence of Network
        At least one, all with as many inputs and outputs.

    Attributes
    ----------
    networks : tuple of Network
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = tuple(networks)
        ends = {(net.sizes[0], net.sizes[-1]) for net in self.networks}
        if len(ends) != 1:
            raise ValueError(
                "networks must be at least one, with as many inputs and outputs each, got"
                f" {sorted(ends)}"
            )

    def __len__(self) -> int:
        return len(self.networks)

    def __iter__(self) -> Iterator[Network]:
        return iter(self.networks)

    def __repr__(self) -> str:
        return f"<Ensemble of {len(self)} networks, each {self.networks[0]!r}>"

    def __call__(self, X: Any) -> Any:
        """Mean of H(x) (N, n_L)."""
        return self._all(lambda net: net(X)).mean(axis=0)

    def jacobian(self, X: Any) -> Any:
        """Mean of ∂H/∂x (N, n_L, n_1): the slope of the mean."""
        return self._all(lambda net: net.jacobian(X)).mean(axis=0)

    def hessian(self, X: Any) -> Any:
        """Mean of ∇²H_k (N, n_L, n_1, n_1)."""
        return self._all(lambda net: net.hessian(X)).mean(axis=0)

    def spread(self, X: Any) -> Any:
        """Standard deviation of H(x) over the networks (N, n_L); of a single one 0."""
        return self._deviation(self._all(lambda net: net(X)))

    def jacobian_spread(self, X: Any) -> Any:
        """Standard deviation of ∂H/∂x over the networks (N, n_L, n_1)."""
        return self._deviation(self._all(lambda net: net.jacobian(X)))

    def _all(self, ask: Callable[[Network], Any]) -> Any:
        return np.stack([ask(net) for net in self.networks])

    def _deviation(self, results: Any) -> Any:
        return results.std(axis=0, ddof=1 if len(self) > 1 else 0)

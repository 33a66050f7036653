"""Several networks trained on the same data: their mean, and their spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from slopenet.network import Network


class Ensemble:
    """Networks with the same inputs and outputs, whose results are averaged.

    They agree near the data that they were trained on; their spread elsewhere says how far to trust
    the mean.

    Parameters
    ----------
    networks : sequence of Network
        At least one, all with the same numbers of inputs and outputs.

    Attributes
    ----------
    networks : tuple of Network
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = tuple(networks)
        ends = {(net.sizes[0], net.sizes[-1]) for net in self.networks}
        if len(ends) != 1:
            raise ValueError(
                "networks must be at least one, all with the same numbers of inputs and outputs,"
                f" got {sorted(ends)}"
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
        """Standard deviation of H(x) over the networks (N, n_L); 0 for a single one."""
        return self._deviation(self._all(lambda net: net(X)))

    def jacobian_spread(self, X: Any) -> Any:
        """Standard deviation of ∂H/∂x over the networks (N, n_L, n_1)."""
        return self._deviation(self._all(lambda net: net.jacobian(X)))

    def _all(self, ask: Callable[[Network], Any]) -> Any:
        return np.stack([ask(net) for net in self.networks])

    def _deviation(self, results: Any) -> Any:
        return results.std(axis=0, ddof=1 if len(self) > 1 else 0)

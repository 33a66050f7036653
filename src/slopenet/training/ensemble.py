"""Several networks trained on the same data: their mean, and their spread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats, FrameT, Points
from slopenet.evaluate.table import predicted_frame
from slopenet.io import model_file
from slopenet.io.card import Card
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save all networks in one file, as `Network.save` does one; `slopenet.load` loads it."""
        model_file.write_ensemble(path, [net.contents() for net in self.networks])

    def __len__(self) -> int:
        return len(self.networks)

    def __iter__(self) -> Iterator[Network]:
        return iter(self.networks)

    def __repr__(self) -> str:
        return f"<Ensemble of {len(self)} networks, each {self.networks[0]!r}>"

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L of the first network."""
        return self.networks[0].sizes

    @property
    def input_names(self) -> tuple[str, ...] | None:
        """Labels of the components of x."""
        return self.networks[0].input_names

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Labels of the components of H(x)."""
        return self.networks[0].output_names

    @property
    def card(self) -> Card | None:
        """What the networks were trained on; see `Network.card`."""
        return self.networks[0].card

    def inside(self, X: Points) -> Any:
        """Whether each row of X is within the ranges of the training data; see `Network.inside`."""
        return self.networks[0].inside(X)

    def __call__(self, X: Points, *, threads: int | None = None) -> Floats:
        """Mean of H(x) (N, n_L)."""
        return self._mean(lambda net: net(X, threads=threads))

    def value_and_jacobian(self, X: Points, *, threads: int | None = None) -> tuple[Floats, Floats]:
        """Means of H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1)."""
        both = [net.value_and_jacobian(X, threads=threads) for net in self.networks]
        values, slopes = (np.stack(each) for each in zip(*both, strict=True))
        return values.mean(axis=0), slopes.mean(axis=0)

    def jacobian(self, X: Points) -> Floats:
        """Mean of ∂H/∂x (N, n_L, n_1): the slope of the mean."""
        return self._mean(lambda net: net.jacobian(X))

    def hessian(self, X: Points) -> Floats:
        """Mean of ∇²H_k (N, n_L, n_1, n_1)."""
        return self._mean(lambda net: net.hessian(X))

    def spread(self, X: Points) -> Floats:
        """Standard deviation of H(x) over the networks (N, n_L); 0 for a single one."""
        return self._deviation(self._all(lambda net: net(X)))

    def jacobian_spread(self, X: Points) -> Floats:
        """Standard deviation of ∂H/∂x over the networks (N, n_L, n_1)."""
        return self._deviation(self._all(lambda net: net.jacobian(X)))

    def table(self, frame: FrameT, *, slopes: bool = True, spread: bool = False) -> FrameT:
        """Return the mean of the values and slopes at every row of a data frame, as a data frame.

        As `Network.table`. With `spread`, the columns ``rho_spread``, ``drho/dT_spread``, ... of
        the standard deviations over the networks follow.
        """
        found: FrameT = predicted_frame(self, frame, slopes=slopes, spread=spread)
        return found

    def _all(self, ask: Callable[[Network], Any]) -> Floats:
        return np.stack([ask(net) for net in self.networks])

    def _mean(self, ask: Callable[[Network], Any]) -> Floats:
        mean: Floats = self._all(ask).mean(axis=0)
        return mean

    def _deviation(self, results: Floats) -> Floats:
        deviation: Floats = results.std(axis=0, ddof=1 if len(self) > 1 else 0)
        return deviation

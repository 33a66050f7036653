"""A task for all contenders, and the errors of a network on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.training.functions import Numbers
from slopenet import ActivationName, Network
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import Scaling
from slopenet.evaluate.errors import relative_errors

Layers = list[tuple[Numbers, Numbers]]


@dataclass(frozen=True, eq=False)
class Task:
    """Rows to train on and to test on, hidden widths (tanh), and settings of the contenders.

    Attributes
    ----------
    fits : dict of str to dict
        Settings of `slopenet.fit`, by the name of the way.
    jenn : dict, optional
        Settings of JENN's `fit`; None if it takes no part.
    epochs, batch, rates
        For Adam in scikit-learn, torch and JAX; full batches unless given.
    """

    train: Data
    test: Data
    hidden: tuple[int, ...]
    epochs: int
    batch: int | None = None
    rates: tuple[float, ...] = (1e-2,)
    fits: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"": {}})
    jenn: Mapping[str, Any] | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        return (self.train.X.shape[1], *self.hidden, self.train.y.shape[1])

    @cached_property
    def scaling(self) -> Scaling:
        """The standard units of the training rows."""
        return Scaling.of(self.train, outputs=True)

    @cached_property
    def standard(self) -> Data:
        """The training rows in standard units."""
        return self.scaling.standardise(self.train)

    def start(self, seed: int) -> Layers:
        """Return the first W and b of each layer, in standard units."""
        net = Network.random(self.sizes, hidden="tanh", rng=seed)
        return list(zip(net.weights, net.biases, strict=True))

    def network(self, layers: Layers) -> Network:
        """Turn W and b in standard units into a network in the units of the data."""
        weights, biases = self.scaling.fold([W for W, _ in layers], [b for _, b in layers])
        hidden: list[ActivationName] = ["tanh"] * len(self.hidden)
        return Network(weights, biases, [*hidden, "identity"])

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """Rows of each batch of an epoch."""
        if self.batch is None:
            yield slice(None)
            return
        order = rng.permutation(len(self.train))
        yield from (order[i : i + self.batch] for i in range(0, len(order), self.batch))


def errors(network: Network, data: Data) -> tuple[float, float]:
    """Relative errors of values and slopes, the root mean square over outputs and inputs."""
    found = relative_errors(network, data.X, data.y, data.dydx).relative
    value, slope = (float(np.sqrt(np.mean(each**2))) for each in (found[:, 0], found[:, 1:]))
    return value, slope


def collapsed(network: Network, data: Data) -> bool:
    """Whether a network returns NaN or, up to 1 % of the spread of the true values, a constant."""
    H = network(data.X)
    return not bool((np.std(H, axis=0) > 0.01 * np.std(data.y, axis=0)).all())


def determination(got: Numbers, true: Numbers) -> float:
    """R²."""
    return float(1 - np.sum((got - true) ** 2) / np.sum((true - true.mean()) ** 2))

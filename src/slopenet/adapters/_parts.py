"""A network's inputs and outputs by name, and the network of some of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import GivenLayerSpec
from slopenet.network import Network
from slopenet.validate import settings
from slopenet.validate.components import index_of, labels


def require_network(network: object) -> Network:
    """`network` itself.

    Raises
    ------
    TypeError
        If it is not a Network.
    """
    if not isinstance(network, Network):
        hint = "; pass its .network" if hasattr(network, "network") else ""
        raise TypeError(f"network must be a Network, got {settings.short(network)}{hint}")
    return network


class OfNetwork:
    """A function of a network, as an adapter returns it. It pickles.

    Attributes
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.network,)

    def __repr__(self) -> str:
        return f"function({self.network!r})"


def input_names(network: Network) -> tuple[str, ...]:
    """The names of the inputs, or x1, x2, ..."""
    return labels(network.input_names, "x", network.sizes[0])


def output_names(network: Network) -> tuple[str, ...]:
    """The names of the outputs, or y1, y2, ..."""
    return labels(network.output_names, "y", network.sizes[-1])


def bounds(network: Network) -> tuple[Floats, Floats]:
    """The least and the largest inputs of the training data (n_1,), infinite where unknown."""
    if network.card is None:
        infinite = np.full(network.sizes[0], np.inf)
        return -infinite, infinite
    lower, upper = network.card.bounds.T
    return lower.copy(), upper.copy()


def only(network: Network, outputs: Sequence[Any]) -> Network:
    """The network of some outputs: their rows of W[L] and b[L], with the same bits.

    Raises
    ------
    ValueError
        If there are none, one is unknown, or one is given twice.
    """
    names = output_names(network)
    rows = [index_of("output", output, names) for output in outputs]
    if not rows or len(set(rows)) != len(rows):
        raise ValueError(f"outputs must be different outputs, at least one, got {outputs}")
    return Network(
        [*network.weights[:-1], network.weights[-1][rows]],
        [*network.biases[:-1], network.biases[-1][rows]],
        [*network.activations[:-1], _of_units(network, rows)],
        input_names=network.input_names,
        output_names=network.output_names and [names[row] for row in rows],
        dtype=network.dtype,
        card=network.card and network.card.of_outputs(rows),
        posterior=network.posterior and network.posterior.some(rows),
    )


def _of_units(network: Network, rows: Sequence[int]) -> GivenLayerSpec:
    """σ of some units of the last layer."""
    runs = network.chain().activations[-1].runs(network.sizes[-1])
    each = [activation for activation, count in runs for _ in range(count)]
    return [each[row] for row in rows]

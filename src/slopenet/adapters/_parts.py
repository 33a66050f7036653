"""A network's inputs and outputs by name, and the network of some of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet.network import Network
from slopenet.validate import settings


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


def input_names(network: Network) -> tuple[str, ...]:
    """The names of the inputs, or x1, x2, ..."""
    return network.input_names or tuple(f"x{i + 1}" for i in range(network.sizes[0]))


def output_names(network: Network) -> tuple[str, ...]:
    """The names of the outputs, or y1, y2, ..."""
    return network.output_names or tuple(f"y{i + 1}" for i in range(network.sizes[-1]))


def place(network: Network, output: Any) -> int:
    """The index of an output that is given by name or index.

    Raises
    ------
    ValueError
        If the network has no such output.
    """
    names, n_L = output_names(network), network.sizes[-1]
    if isinstance(output, str) and output in names:
        return names.index(output)
    whole = isinstance(output, int | np.integer) and not isinstance(output, bool)
    if whole and -n_L <= output < n_L:
        return int(output) % n_L
    raise ValueError(
        f"an output is one of {', '.join(names)}, or an index less than {n_L},"
        f" got {settings.short(output)}"
    )


def only(network: Network, outputs: Sequence[Any]) -> Network:
    """The network of some outputs: their rows of W[L] and b[L], with the same bits.

    Raises
    ------
    ValueError
        If there are none, one is unknown, or one is given twice.
    """
    rows = [place(network, output) for output in outputs]
    if not rows or len(set(rows)) != len(rows):
        raise ValueError(f"outputs must be different outputs, at least one, got {outputs}")
    names = network.output_names
    return Network(
        [*network.weights[:-1], network.weights[-1][rows]],
        [*network.biases[:-1], network.biases[-1][rows]],
        network.activations,
        input_names=network.input_names,
        output_names=None if names is None else [names[row] for row in rows],
        dtype=network.dtype,
    )

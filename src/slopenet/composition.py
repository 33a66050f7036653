"""Networks behind each other as one network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from slopenet.activations import normalise
from slopenet.maps.scaling import folded
from slopenet.network import Network
from slopenet.validate import settings


def compose(*networks: Network) -> Network:
    """Return the network of ``last(...second(first(x)))``, with exact derivatives of the whole.

    Parameters
    ----------
    *networks : Network
        From the inputs on: each takes as many numbers as the one before it gives.

    Returns
    -------
    Network
        float32 if all are, else float64. An output layer without an activation is multiplied into
        the layer behind it. Inputs are named as those of the first, outputs as those of the last;
        there is no card.

    Raises
    ------
    ValueError
        If the networks do not chain, or name the same numbers in another order.
    """
    for network in networks:
        if not isinstance(network, Network):
            raise TypeError(f"compose takes networks, got {settings.short(network)}")
    if not networks:
        raise ValueError("compose takes at least one network, got none")
    for i, (first, then) in enumerate(pairwise(networks), 2):
        given, taken = first.sizes[-1], then.sizes[0]
        if given != taken:
            raise ValueError(f"network {i} must take {given} numbers, as come in, got {taken}")
        made, wanted = first.output_names, then.input_names
        if made and wanted and made != wanted and sorted(made) == sorted(wanted):
            raise ValueError(
                f"network {i} must take {', '.join(made)} in this order, got {', '.join(wanted)}"
            )
    layers = [
        layer
        for network in networks
        for layer in zip(network.weights, network.biases, network.activations, strict=True)
    ]
    single = all(network.dtype == np.float32 for network in networks)
    W, b, activations = zip(*folded(layers, [], [], normalise("identity").written()), strict=True)
    return Network(
        *(W, b, list(activations)),
        input_names=networks[0].input_names,
        output_names=networks[-1].output_names,
        dtype=np.float32 if single else np.float64,
    )

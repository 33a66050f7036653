"""The activations of a layer as a model file has them."""

from __future__ import annotations

from typing import Any

from slopenet.activations import Head, LayerActivation, Runs
from slopenet.io.contents import StoredLayer


def stored_layer(activation: LayerActivation) -> StoredLayer:
    """The contents of a file."""
    if isinstance(activation, Runs):
        return tuple((each.name, each.parameters, count) for each, count in activation)
    if isinstance(activation, Head):
        return activation.name, ()
    return activation.name, activation.parameters


def layer_spec(stored: StoredLayer) -> Any:
    """The specification of an activation that a network takes."""

    def spec(name: Any, given: Any) -> Any:
        return (name, *given) if given else name

    if isinstance(stored[0], str):
        return spec(*stored)
    return tuple((spec(name, given), count) for name, given, count in stored)

"""Training that starts from a network that the user has."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from slopenet.activations import Activation, ActivationSpec, LayerActivation, different, normalise
from slopenet.network import Network
from slopenet.training.settings import AUTO, Auto, FitSettings
from slopenet.validate.settings import short

# Layers that only logarithms of columns have: they take values of one sign alone.
_OF_TRANSFORMS = ("log", "exp")


def settings_from(start: Any, settings: FitSettings) -> FitSettings:
    """The settings of a fit that starts from a network, whose layers they take, or from none.

    Raises
    ------
    TypeError
        If `start` is not a Network.
    ValueError
        If a setting contradicts it.
    """
    if start is None:
        return settings
    if not isinstance(start, Network):
        raise TypeError(f"start must be a Network, got {type(start).__name__}")
    hidden = tuple(start.sizes[1:-1])
    layers = [_different(each) for each in start.chain().activations]
    for name in _OF_TRANSFORMS:
        if any(activation.name == name for each in layers for activation in each):
            raise ValueError(f"start must not have layers of {name!r}, which steps could leave NaN")
    if settings.method == "kriging":
        raise ValueError("start must be left out with method 'kriging', which has no first weights")
    for name, most in (("ensemble", settings.ensemble), ("restarts", settings.restarts)):
        if most is not None and most > 1:
            raise ValueError(f"{name} must be left out or 1 with start, got {most}")
    if settings.transform == "log":
        raise ValueError("transform must be 'auto' or 'none' with start, got 'log'")
    if settings.hidden != AUTO and _widths(settings.hidden) != hidden:
        raise ValueError(
            f"hidden must be left out or {hidden} as in start, got {short(settings.hidden)}"
        )
    inner = {activation for each in layers[:-1] for activation in each}
    if settings.activation != AUTO and inner - {normalise(settings.activation)}:
        raise ValueError(
            f"activation must be left out or that of start, got {short(settings.activation)}"
        )
    output = normalise(settings.output)
    if not output.linear and layers[-1] != [output]:
        raise ValueError(f"output must be left out or that of start, got {short(settings.output)}")
    first: ActivationSpec | Auto = layers[0][0].written() if hidden else AUTO
    of_outputs = next((each for each in layers[-1] if not each.linear), layers[-1][0])
    return replace(
        settings,
        hidden=hidden,
        activation=first,
        output=of_outputs.written(),
        transform="none",
        restarts=None if settings.ensemble else 1,
    )


def _different(activation: LayerActivation) -> list[Activation]:
    """The activations of a layer; the plan takes those of each unit from the network."""
    return different([activation])


def _widths(hidden: Any) -> tuple[int, ...]:
    return (hidden,) if isinstance(hidden, int) else tuple(hidden)


def require_widths(start: Network | None, inputs: int, outputs: int) -> None:
    """Raise a ValueError unless a network, if there is one, fits the data."""
    if start is not None and (start.sizes[0], start.sizes[-1]) != (inputs, outputs):
        raise ValueError(
            f"start has {start.sizes[0]} inputs and {start.sizes[-1]} outputs, X and y have"
            f" {inputs} and {outputs}"
        )


def hash_of(start: Network) -> str:
    """A checksum of the layers."""
    digest = hashlib.sha256(repr(start.activations).encode())
    for array in (*start.weights, *start.biases):
        digest.update(array.tobytes())
    return digest.hexdigest()

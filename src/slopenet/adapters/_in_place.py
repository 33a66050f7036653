"""Training the model of another library in place: from its weights, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slopenet.network import Network
from slopenet.training.fit import fit
from slopenet.training.methods import MethodName
from slopenet.training.outcome import Fit


def trained(
    start: Network,
    data: tuple[Any, Any, Any],
    method: MethodName,
    settings: Mapping[str, Any],
    array: Callable[[Any], Any],
) -> Fit:
    """`slopenet.fit` from a network on X, y and dydx; `array` takes tensors of the library."""
    X, y, dydx = (each if each is None else array(each) for each in data)
    named = {name: array(each) for name, each in settings.items()}
    return fit(X, y, dydx, start=start, method=method, **named)


def as_written(found: Fit, network: Network) -> Fit:
    """The fit with the network that the model has become, rounded to its dtype."""
    network = network.with_card(found.network.card).with_posterior(found.network.posterior)
    return replace(found, network=network, ensemble=type(found.ensemble)([network]))

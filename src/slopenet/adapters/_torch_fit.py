"""Levenberg-Marquardt for a module of torch: trained as a network, its weights written back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.adapters._in_place import as_written, trained
from slopenet.importers import from_torch
from slopenet.importers.torch.numbers import numpy_of
from slopenet.maps.affine import refuse
from slopenet.network import Network
from slopenet.training.methods import MethodName
from slopenet.training.outcome import Fit

# Modules that become a part of a neighbouring layer, from which their weights cannot be told.
_FOLDED = (nn.BatchNorm1d, nn.CELU, nn.LogSigmoid)


def fit_module(
    module: Any,
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    activations: Mapping[type, ActivationSpec] | None = None,
    method: MethodName = "lm",
    **settings: Any,
) -> Fit:
    """Train a module of torch in place, from its own weights, by Levenberg-Marquardt.

    MATLAB's trainlm is this method, and trainbr is it with a penalty found by the evidence, which
    is the default here too (``l2="auto"``; ``l2=0.0`` is trainlm).

    Parameters
    ----------
    module : torch.nn.Module
        One that `slopenet.from_torch` imports, with a Linear with bias per layer and an activation
        or nothing between two of them. Its dtype and device stay as they are. Its Dropout is off,
        as in eval mode.
    X, y, dydx : as in `slopenet.fit`, tensors too
    activations : mapping of type to activation, optional
        As in `slopenet.from_torch`.
    method : str
        A method of `slopenet.fit` other than kriging.
    **settings
        Further arguments of `slopenet.fit`.

    Returns
    -------
    Fit
        Its network is the module's: the weights are those that the module has now, in its dtype.

    Raises
    ------
    UnsupportedNetworkError
        If `from_torch` does not understand the module, or a layer cannot be written back.
    ValueError, TypeError
        As in `slopenet.fit`. The module is unchanged after any error, and after
        `slopenet.Interrupted`.
    """
    start = from_torch(module, activations=activations, dtype=np.float64)
    linears = _layers_of(module, start)
    found = trained(start, (X, y, dydx), method, settings, _array)
    with torch.no_grad():
        pairs = zip(linears, found.network.weights, found.network.biases, strict=True)
        for linear, W, b in pairs:
            linear.weight.copy_(torch.from_numpy(np.array(W)))
            linear.bias.copy_(torch.from_numpy(np.array(b)))
    return as_written(found, _network(found.network, linears))


def _array(x: Any) -> Any:
    """A tensor as an array; anything else as it is."""
    return numpy_of(x) if isinstance(x, torch.Tensor) else x


def _layers_of(module: Any, network: Network) -> list[nn.Linear]:
    """The Linear of each layer of the network.

    Raises
    ------
    UnsupportedNetworkError
        If its weights are not those of a layer, or may not be changed.
    """
    linears: list[nn.Linear] = []
    seen: set[int] = set()
    for path, child in _leaves(module, ""):
        where = f"module {path or 'itself'} ({type(child).__name__})"
        if isinstance(child, _FOLDED):
            refuse(where, "it becomes a part of another layer, so it cannot be written back")
        if not isinstance(child, nn.Linear):
            continue
        if child.bias is None:
            refuse(where, "it has no bias, which training needs: make it with bias=True")
        if is_parametrized(child):
            refuse(where, "it is parametrized, so its weights cannot be written back")
        if not (child.weight.requires_grad and child.bias.requires_grad):
            refuse(where, "it is frozen, but all layers are trained")
        if {child.weight.data_ptr(), child.bias.data_ptr()} & seen:
            refuse(where, "it shares its weights with another layer")
        seen |= {child.weight.data_ptr(), child.bias.data_ptr()}
        linears.append(child)
    shapes = [tuple(linear.weight.shape) for linear in linears]
    if shapes != [w.shape for w in network.weights]:
        layers = f"its {len(linears)} Linear are {len(network.weights)} layers"
        refuse("the module", f"{layers}: put an activation between any two of them")
    return linears


def _leaves(module: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Modules without children, in the order in which they are run; those run twice, twice."""
    children = list(module._modules.items())
    if not children or not isinstance(module, nn.Sequential):
        yield path, module
        return
    for name, child in children:
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _network(like: Network, linears: list[nn.Linear]) -> Network:
    """The network with the weights as the module has them, rounded to its dtype."""
    W: list[Floats] = [numpy_of(linear.weight) for linear in linears]
    b: list[Floats] = [numpy_of(linear.bias) for linear in linears]
    return Network(
        [np.array(w) for w in W],
        [np.array(v) for v in b],
        list(like.activations),
        input_names=like.input_names,
        output_names=like.output_names,
    )

"""Modules of Equinox, and of Flax nnx."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._options import Options
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._state_dict import dense_layers, with_activations
from slopenet.importers._steps import Step, sigma
from slopenet.importers.jax.parameters import leaves
from slopenet.maps.affine import UnsupportedNetworkError, affine, refuse
from slopenet.network import Network

_TRACE = "pass inputs=, the number of inputs, to trace it"


def steps_of_module(module: Any, where: str) -> Iterator[Step]:
    """Steps of an Equinox MLP or Sequential, or of one of its layers."""
    kind = type(module).__name__
    here = f"{where} ({kind})"
    match kind:
        case "MLP":
            *hidden, last = module.layers
            for i, layer in enumerate(hidden):
                yield from steps_of_module(layer, f"{where}.layers[{i}]")
                yield _sigma(f"{where}.activation", module.activation)
            yield from steps_of_module(last, f"{where}.layers[-1]")
            yield _sigma(f"{where}.final_activation", module.final_activation)
        case "Sequential":
            for i, layer in enumerate(module.layers):
                yield from steps_of_module(layer, f"{where}.layers[{i}]")
        case "Linear":
            if "scalar" in (module.in_features, module.out_features):
                refuse(here, "it takes or gives a scalar; an axis of one number is wanted")
            bias = 0.0 if module.bias is None else np.atleast_1d(module.bias)
            yield affine(here, np.asarray(module.weight), bias)
        case "Lambda":
            yield _sigma(here, module.fn)
        case "Identity" | "Dropout":
            pass
        case _:
            refuse(
                here,
                "it is none of MLP, Sequential, Linear, Lambda, Dropout and Identity; " + _TRACE,
            )


def _sigma(where: str, function: Any) -> Step:
    """σ of a function of JAX, recognised by its values; the same number in every unit."""
    import jax

    try:
        spec = activation_of_library(jax.vmap(function))
    except (TypeError, ValueError):
        spec = None
    if spec is None:
        refuse(where, "slopenet has no activation with its values")
    return sigma(where, spec)


def runner(module: Any) -> tuple[Any, np.dtype[Any]]:
    """The values of a module, and the dtype that it computes in."""
    import equinox
    import jax

    alone = equinox.nn.inference_mode(module)
    weights = jax.tree_util.tree_leaves(equinox.filter(module, equinox.is_inexact_array))
    dtype = np.result_type(*(weight.dtype for weight in weights))

    def values(X: Floats) -> Any:
        return jax.vmap(alone)(jax.numpy.asarray(X))

    return values, np.dtype(np.float64 if dtype == np.float64 else np.float32)


def is_nnx(model: Any) -> bool:
    """Whether it is a module of Flax nnx, which must be loaded then."""
    nnx = sys.modules.get("flax.nnx")
    return nnx is not None and isinstance(model, nnx.Module)


def network_of_nnx(
    model: Any,
    name: str,
    options: Options,
    activation: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec,
) -> Network:
    """The weights of a module of Flax nnx, compared with the module itself if it can be called."""
    from flax import nnx

    tensors = dict(leaves(nnx.to_pure_dict(nnx.state(model, nnx.Param))))
    steps = with_activations(dense_layers(tensors), activation, output)
    network = options.network(name, steps)
    if not callable(model):
        return options.scaled(network)
    dtype = np.result_type(*(np.asarray(tensor).dtype for tensor in tensors.values()))
    single = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    try:
        return options.compared(name, network, lambda X: np.asarray(model(X)), single)
    except UnsupportedNetworkError as error:
        raise UnsupportedNetworkError(f"{error}; {_TRACE}") from None


def evaluated(model: Any) -> Any:
    """A function of JAX; a copy of a module of Equinox or nnx, in eval mode.

    A module within one of Equinox's transformations stays as it is.
    """
    if is_nnx(model):
        from flax import nnx

        copied = nnx.clone(model)
        copied.eval()
        return copied
    equinox = sys.modules.get("equinox")
    is_module = equinox is not None and isinstance(model, equinox.Module)
    if equinox is not None and is_module and not hasattr(model, "__wrapped__"):
        return equinox.nn.inference_mode(model)
    return model

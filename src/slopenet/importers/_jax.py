"""Networks of JAX: modules of Equinox, params of Flax, and plain lists of (W, b)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._options import Options
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._state_dict import dense_layers, with_activations
from slopenet.importers._steps import Step, sigma
from slopenet.importers._verify import Report, checked
from slopenet.maps.affine import affine, refuse
from slopenet.network import Network


def from_jax(
    model: Any,
    activation: ActivationSpec | Sequence[ActivationSpec] | None = None,
    output: ActivationSpec = "identity",
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
    check: Any = None,
) -> Network:
    """Import a network of JAX.

    Parameters
    ----------
    model : equinox.nn.MLP or Sequential, mapping, or sequence of pairs
        A module of Equinox, of Linear, Lambda, Dropout and Identity. Or the params of Flax, linen
        or nnx, any tree of ``{"kernel": (n_{l-1}, n_l), "bias": (n_l,)}``, layers in the order of
        the mapping and of numbers in their names, with a warning where it is that of the alphabet,
        in which JAX sorts, and another one chains too; haiku's ``{"w", "b"}`` too, and a module of
        nnx, which is called and compared. Or a list of (W, b), W as (n_l, n_{l-1}) or transposed,
        whichever fits; weights that are all square are taken as (n_l, n_{l-1}). stax's empty
        entries are skipped, and entries may be ``{"w": W, "b": b}``.
    activation : activation, or sequence of activations
        σ of the hidden layers, one for all or one per layer. An Equinox module contains it.
    output : activation
        σ of the last layer, if `model` has weights alone.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and an Equinox module on random points; weights
        alone cannot be run.
    check : (X, Y), or callable, optional
        A witness of the source: points (N, n_1) and its values there, or a function of X that
        gives them, such as ``module``'s own. With a scaling, X and Y are raw. Weights alone do not
        tell what is done between them; with a witness, another network than it is an error.

    Raises
    ------
    UnsupportedNetworkError
        If a part is none of those above, which is named, or if the values differ.
    ImportError
        If JAX is not installed, for an Equinox module.
    """
    name = f"JAX {type(model).__name__}"
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    if not isinstance(model, Mapping | list | tuple) and hasattr(model, "layers"):
        if activation is not None:
            raise ValueError("activation is given, but a module has its own")
        network = options.network(name, _module(model, "module"))
        return checked(name, options.compared(name, network, *_runner(model)), check)
    if activation is None:
        raise ValueError(
            "activation must be given, since weights do not contain it: from_jax(params, 'tanh')"
        )
    if isinstance(model, Mapping):
        layers = dense_layers(dict(_leaves(model)), alphabet=check is None)
    elif isinstance(model, list | tuple):
        layers = _listed(model)
    elif _is_nnx(model):
        return checked(name, _of_nnx(model, name, options, activation, output), check)
    else:
        raise TypeError(
            "model must be a module of Equinox or Flax nnx, params or a list of (W, b), got"
            f" {name[4:]}"
        )
    steps = with_activations(layers, activation, output)
    return checked(name, options.scaled(options.network(name, steps)), check)


def _module(module: Any, where: str) -> Iterator[Step]:
    """Steps of an Equinox MLP or Sequential, or of one of its layers."""
    kind = type(module).__name__
    here = f"{where} ({kind})"
    match kind:
        case "MLP":
            *hidden, last = module.layers
            for i, layer in enumerate(hidden):
                yield from _module(layer, f"{where}.layers[{i}]")
                yield _sigma(f"{where}.activation", module.activation)
            yield from _module(last, f"{where}.layers[-1]")
            yield _sigma(f"{where}.final_activation", module.final_activation)
        case "Sequential":
            for i, layer in enumerate(module.layers):
                yield from _module(layer, f"{where}.layers[{i}]")
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
            refuse(here, "it is none of MLP, Sequential, Linear, Lambda, Dropout and Identity")


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


def _runner(module: Any) -> tuple[Any, np.dtype[Any]]:
    """The values of a module, and the dtype that it computes in."""
    import equinox
    import jax

    alone = equinox.nn.inference_mode(module)
    weights = jax.tree_util.tree_leaves(equinox.filter(module, equinox.is_inexact_array))
    dtype = np.result_type(*(weight.dtype for weight in weights))

    def values(X: Floats) -> Any:
        return jax.vmap(alone)(jax.numpy.asarray(X))

    return values, np.dtype(np.float64 if dtype == np.float64 else np.float32)


def _leaves(tree: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Arrays of a tree of mappings by their path, the collection ``params`` left out of it."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from _leaves(value, "" if path == "params" else path)
        else:
            yield path, value


def _is_nnx(model: Any) -> bool:
    nnx = sys.modules.get("flax.nnx")
    return nnx is not None and isinstance(model, nnx.Module)


def _of_nnx(
    model: Any,
    name: str,
    options: Options,
    activation: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec,
) -> Network:
    """The weights of a module of Flax nnx, compared with the module itself if it can be called."""
    from flax import nnx

    tensors = dict(_leaves(nnx.to_pure_dict(nnx.state(model, nnx.Param))))
    steps = with_activations(dense_layers(tensors), activation, output)
    network = options.network(name, steps)
    if not callable(model):
        return options.scaled(network)
    dtype = np.result_type(*(np.asarray(tensor).dtype for tensor in tensors.values()))
    single = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    return options.compared(name, network, lambda X: np.asarray(model(X)), single)


def _listed(model: Sequence[Any]) -> list[Step]:
    """Layers of a list of pairs or of mappings; empty ones are stax's layers without weights."""
    layers = [each for each in model if not (isinstance(each, list | tuple) and len(each) == 0)]
    if any(isinstance(each, Mapping) for each in layers):
        tensors: dict[str, Any] = {}
        for i, each in enumerate(layers):
            if not isinstance(each, Mapping):
                raise TypeError(f"model has mappings and, at {i}, {type(each).__name__}")
            tensors |= {f"{i}.{key}": value for key, value in each.items()}
        return dense_layers(tensors)
    return _pairs(layers)


def _pairs(model: Sequence[Any]) -> list[Step]:
    """Layers of a list of (W, b), all of W as (n_l, n_{l-1}) or all transposed."""
    pairs: list[tuple[Floats, Floats]] = []
    for i, pair in enumerate(model):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError(f"model[{i}] must be a pair (W, b), got {type(pair).__name__}")
        W, b = np.asarray(pair[0]), np.asarray(pair[1])
        if W.ndim != 2 or b.ndim != 1:
            refuse(f"layer {i}", f"W {W.shape} and b {b.shape} make no dense layer")
        pairs.append((W, b))
    transposed = not _fits(pairs) and _fits([(W.T, b) for W, b in pairs])
    return [affine(f"layer {i}", W.T if transposed else W, b) for i, (W, b) in enumerate(pairs)]


def _fits(pairs: list[tuple[Floats, Floats]]) -> bool:
    """Whether W[l] are (n_l, n_{l-1})."""
    chains = all(here.shape[1] == below.shape[0] for (below, _), (here, _) in pairwise(pairs))
    return chains and all(len(W) == len(b) for W, b in pairs)

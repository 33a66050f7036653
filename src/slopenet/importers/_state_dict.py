"""Weights by name, as a state dict of torch or a params tree of Flax holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec, normalise
from slopenet.importers._fold import network_of
from slopenet.importers._steps import Sigma, Step, affine, refuse
from slopenet.network import Network
from slopenet.validate import settings
from slopenet.validate.layers import check_activations


def from_state_dict(
    tensors: Mapping[str, Any],
    activation: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec = "identity",
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
) -> Network:
    """Import weights by name: ``net.0.weight``, ``net.0.bias``, ``net.2.weight``, ...

    Parameters
    ----------
    tensors : mapping of str to array
        W[l] as ``*.weight`` (n_l, n_{l-1}) or as ``*.kernel`` (n_{l-1}, n_l), and b[l] as
        ``*.bias`` (n_l,), which may be absent. Layers are taken in the natural order of their
        names, 2 before 10, if the names have numbers, else in the mapping's. The
        results of ``module.state_dict()``, ``safetensors.numpy.load_file(path)`` and
        ``numpy.load("w.npz")`` will do.
    activation : activation, or sequence of activations
        σ of the hidden layers, which the weights do not contain: one for all, or one per layer.
    output : activation
        σ of the last layer.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'.
    input_names, output_names : sequence of str, optional
        Labels of the network.

    Raises
    ------
    UnsupportedNetworkError
        If a name is none of these, which is said, or if the shapes do not chain.
    """
    layers = dense_layers(tensors)
    if not layers:
        raise ValueError("tensors is empty; names such as 'net.0.weight' are wanted")
    return network_of(
        "state dict",
        with_activations(layers, activation, output),
        dtype=dtype,
        input_names=input_names,
        output_names=output_names,
    )


def dense_layers(tensors: Mapping[str, Any]) -> list[Step]:
    """W a + b of each layer, from names that end in weight or kernel, and bias."""
    found: dict[str, dict[str, Any]] = {}
    if not hasattr(tensors, "items"):
        raise TypeError(f"tensors must map names to arrays, got {settings.short(tensors)}")
    for name, tensor in tensors.items():
        prefix, _, kind = name.rpartition(".")
        if kind not in ("weight", "kernel", "bias"):
            refuse(
                f"tensor {name!r}",
                "names must end in .weight (or .kernel) and .bias; a layer with more, as BatchNorm"
                " has, can only be imported from the module",
            )
        found.setdefault(prefix, {})[kind] = _array(tensor)
    return [_layer(prefix, found[prefix]) for prefix in _in_order(list(found))]


def with_activations(
    layers: Sequence[Step],
    activation: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec,
) -> list[Step]:
    """Layers, each followed by its σ."""
    hidden = len(layers) - 1
    each = check_activations(activation, hidden, "activation", "hidden layers")
    steps: list[Step] = []
    for layer, sigma in zip(layers, [*each, normalise(output)], strict=True):
        steps += [layer, Sigma(sigma, layer.where)]
    return steps


def _layer(prefix: str, tensors: dict[str, Any]) -> Step:
    where = f"layer {prefix!r}"
    if len(tensors.keys() & {"weight", "kernel"}) != 1:
        refuse(where, f"it has {' and '.join(tensors)}, not one weight or kernel")
    W = tensors["weight"] if "weight" in tensors else tensors["kernel"].T
    if W.ndim != 2:
        refuse(where, f"its weights have shape {W.shape}; a dense layer has a matrix")
    return affine(where, W, tensors.get("bias", 0.0))


def _in_order(prefixes: list[str]) -> list[str]:
    """By the numbers in them, if all have some; else as they came."""
    if not all(re.search(r"\d", prefix) for prefix in prefixes):
        return prefixes
    return sorted(
        prefixes,
        key=lambda prefix: [
            (1, int(part), "") if part.isdigit() else (0, 0, part)
            for part in re.split(r"(\d+)", prefix)
        ],
    )


def _array(tensor: Any) -> Floats:
    """A tensor of any library as a NumPy array."""
    if hasattr(tensor, "detach"):
        from slopenet.importers._torch import numpy_of

        return numpy_of(tensor)
    return np.asarray(tensor)

"""Weights by name, as a state dict of torch or a params tree of Flax holds them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec, normalise
from slopenet.importers._options import Options
from slopenet.importers._order import in_order, require_chain, warn_of_alphabet
from slopenet.importers._steps import Sigma, Step
from slopenet.importers._verify import checked
from slopenet.io.contents import ModelFileError
from slopenet.maps.affine import Affine, affine, refuse
from slopenet.network import Network
from slopenet.validate import settings
from slopenet.validate.layers import check_activations

_ONE_LETTER = {"w": "w", "W": "w", "b": "bias", "B": "bias", "kernel": "kernel", "bias": "bias"}
_NUMBERED_NAME = re.compile(r"(?P<kind>[wW]|weights?|[bB]|bias|biases)_?(?P<number>\d+)")
_NUMBERED = {"0": "kernel", "1": "bias"}  # in a weights file of Keras 3


def from_state_dict(
    tensors: Mapping[str, Any],
    activation: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec = "identity",
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    check: Any = None,
) -> Network:
    """Import weights by name: ``net.0.weight``, ``net.0.bias``, ``net.2.weight``, ...

    Parameters
    ----------
    tensors : mapping of str to array
        W[l] as ``*.weight`` (n_l, n_{l-1}) or as ``*.kernel`` (n_{l-1}, n_l), and b[l] as
        ``*.bias`` (n_l,), which may be absent. ``/`` may stand for ``.``, and the ``:0`` of Keras
        may follow. ``w`` and ``b`` (haiku), and ``W0``, ``b0``, ``W1``, ... are weights too, in
        the orientation that chains; if both do, that is an error. Layers are taken in the order of
        the mapping; names that differ in a number alone are sorted by it, 2 before 10. A warning
        says where that is the order of the alphabet and another one chains too. The results of
        ``module.state_dict()``, ``safetensors.numpy.load_file(path)`` and
        ``numpy.load("w.npz")`` will do, and an open ``h5py.File`` of weights of Keras.
    activation : activation, or sequence of activations
        σ of the hidden layers, which the weights do not contain: one for all, or one per layer.
    output : activation
        σ of the last layer.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    check : (X, Y), or callable, optional
        A witness of the source: points (N, n_1) and its values there, or a function of X that
        gives them, such as ``module``'s own. With a scaling, X and Y are raw. Weights alone do not
        tell what is done between them; with a witness, another network than it is an error.

    Raises
    ------
    UnsupportedNetworkError
        If a name is none of these, which is said, or if the shapes do not chain in this order;
        orders in which they do are shown. If the network differs from `check`.
    """
    alphabet = check is None and not isinstance(tensors, OrderedDict)  # that of torch is ordered
    layers = dense_layers(tensors, alphabet=alphabet)
    if not layers:
        raise ValueError("tensors is empty; names such as 'net.0.weight' are wanted")
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, None)
    steps = with_activations(layers, activation, output)
    return checked("state dict", options.scaled(options.network("state dict", steps)), check)


def dense_layers(tensors: Mapping[str, Any], *, alphabet: bool = False) -> list[Step]:
    """W a + b of each layer, from names that end in weight or kernel, and bias.

    `alphabet` is whether to warn of an order that may be that of the alphabet alone.
    """
    found: dict[str, dict[str, Any]] = {}
    if not hasattr(tensors, "items"):
        raise TypeError(f"tensors must map names to arrays, got {settings.short(tensors)}")
    for name, tensor in _flat(tensors):
        prefix, kind = _parts(name)
        if kind not in ("weight", "kernel", "w", "bias"):
            refuse(
                f"tensor {name!r}",
                "names must end in .weight (or .kernel, .w) and .bias (or .b), or be as W0 and b0;"
                " a layer with more, as BatchNorm"
                " has, can only be imported from the module",
            )
        if kind in found.setdefault(prefix, {}):
            refuse(f"layer {prefix!r}", f"it has two {kind}s")
        found[prefix][kind] = _array(tensor)
    names = in_order(list(found))
    _orient(names, found)
    layers = [_layer(prefix, found[prefix]) for prefix in names]
    shapes = [layer.A.shape[::-1] for layer in layers]
    require_chain(names, shapes)
    if alphabet:
        warn_of_alphabet(list(found), names, shapes)
    return list(layers)


def _flat(tensors: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Arrays by name, those of an open HDF5 file among them."""
    if not hasattr(tensors, "attrs"):
        yield from tensors.items()
        return
    from slopenet.importers.keras import hdf5

    try:
        yield from hdf5.weights(tensors)
    except ModelFileError as error:
        file = getattr(tensors, "file", None)
        raise ModelFileError(f"{getattr(file, 'filename', 'tensors')}: {error}") from error


def _parts(name: str) -> tuple[str, str]:
    """Name of a layer, and the kind of its array: dense_1/kernel:0, net.0.weight, dense/vars/1."""
    prefix, _, kind = re.sub(r":0$", "", name).replace("/", ".").rpartition(".")
    numbered = _NUMBERED_NAME.fullmatch(kind)
    if numbered is not None:
        letter = numbered["kind"][0].lower()
        return f"{prefix}.{numbered['number']}".lstrip("."), {"w": "w", "b": "bias"}[letter]
    if kind in _ONE_LETTER:
        return prefix, _ONE_LETTER[kind]
    if prefix.endswith(".vars") and kind in _NUMBERED:
        return prefix.removesuffix(".vars"), _NUMBERED[kind]
    return prefix, kind


def _orient(names: list[str], found: dict[str, dict[str, Any]]) -> None:
    """Call each ``w`` a weight (n_l, n_{l-1}) or a kernel, its transpose, whichever chains.

    Raises
    ------
    UnsupportedNetworkError
        If both do, as for square matrices, unless the names are haiku's, whose w are kernels.
    """
    unknown = [name for name in names if "w" in found[name]]
    if not unknown:
        return
    kinds = [kind for kind in ("weight", "kernel") if _chains_as(kind, [found[n] for n in names])]
    if len(kinds) > 1 and not any("~" in name.split(".") for name in unknown):
        refuse(
            f"layer {unknown[0]!r}",
            "its w fits as (n_l, n_{l-1}) and as (n_{l-1}, n_l), as do all; call them weight for"
            " the first, kernel for the second",
        )
    kind = kinds[-1] if kinds else "kernel"
    for name in unknown:
        if kind in found[name]:
            refuse(f"layer {name!r}", f"it has a w and a {kind}")
        found[name][kind] = found[name].pop("w")


def _chains_as(kind: str, layers: list[dict[str, Any]]) -> bool:
    """Whether layers chain, with each w of this kind."""
    before = None
    for layer in layers:
        W = layer.get("w", layer.get("weight", layer.get("kernel")))
        if W is None or W.ndim != 2:
            return False
        own = kind if "w" in layer else "weight" if "weight" in layer else "kernel"
        given, taken = W.shape if own == "weight" else W.shape[::-1]
        if before not in (None, taken) or layer.get("bias", np.empty(given)).shape != (given,):
            return False
        before = given
    return True


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


def _layer(prefix: str, tensors: dict[str, Any]) -> Affine:
    where = f"layer {prefix!r}"
    if len(tensors.keys() & {"weight", "kernel"}) != 1:
        refuse(where, f"it has {' and '.join(tensors)}, not one weight or kernel")
    W = tensors["weight"] if "weight" in tensors else tensors["kernel"].T
    if W.ndim != 2:
        refuse(where, f"its weights have shape {W.shape}; a dense layer has a matrix")
    return affine(where, W, tensors.get("bias", 0.0))


def _array(tensor: Any) -> Floats:
    """A tensor of any library as a NumPy array."""
    if hasattr(tensor, "detach"):
        from slopenet.importers.torch.numbers import numpy_of

        return numpy_of(tensor)
    return np.asarray(tensor)

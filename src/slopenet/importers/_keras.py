"""Networks of Keras: Dense stacks, Sequential or functional, and layers that fold into them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.importers._fold import network_of
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._steps import (
    Step,
    affine,
    batch_normalisation,
    refuse,
    scaling,
    sigma,
)
from slopenet.importers._verify import Report, compare
from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular
from slopenet.network import Network

# Layers that change nothing in inference.
_NOTHING = {
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "InputLayer",
}
# Layers that act entry by entry.
_ACTIVATIONS = {"Activation", "ELU", "LeakyReLU", "PReLU", "ReLU"}
_LIMIT = 1e-5  # Keras computes parts of a float64 model in float32
_SUFFIXES = (".keras", ".h5", ".hdf5")
_INSTALL = "pip install 'keras>=3.15.1'"


def from_keras(
    model: Any,
    *,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    report: Report | None = None,
) -> Network:
    """Import a network of Keras, as it is in inference.

    Parameters
    ----------
    model : keras.Model, or path
        A Sequential or functional model that is one chain of Dense, activations,
        BatchNormalization, Normalization, Rescaling, Dropout and Flatten, other such models among
        them; or a .keras or .h5 file of one, which Keras loads in its safe mode.
    dtype : {float64, float32}, optional
        Of the network, instead of the weights'. Folding in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    report : callable, optional
        Called with a `Comparison` of the network and the model on random points.

    Raises
    ------
    UnsupportedNetworkError
        If a layer is none of those above, which is named, or if the values differ.
    ModelFileError
        If a file is damaged, or if Keras will not load it, as in its safe mode any code in it.
    OSError
        If it cannot be read.
    ImportError
        If Keras is not installed, or, for a file, one older than 3.15.1 that is not of 3.12.4 and
        later of its series: those let a hostile file read other files into the weights.

    Notes
    -----
    Activations are recognised by their values, so a function of your own will do if it is one of
    slopenet's table.
    """
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            f"from_keras needs Keras and one of its backends: {_INSTALL} jax"
        ) from error
    if isinstance(model, str | os.PathLike):
        model = _load(keras, Path(model))
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model must be a Keras model or a path, got {type(model).__name__}")
    source = f"Keras {type(model).__name__} {model.name!r}"
    if not model.built:
        refuse(source, "it has no weights yet; call it once, or give it an Input")
    network = network_of(
        source,
        _walk(keras, model),
        dtype=dtype,
        input_names=input_names,
        output_names=output_names,
    )

    def values(X: Floats) -> Any:
        return keras.ops.convert_to_numpy(model(X, training=False))

    return compare(source, network, values, _precision(model), report, limit=_LIMIT)


def _load(keras: Any, path: Path) -> Any:
    if not is_safe(keras.__version__):
        raise ImportError(
            f"Keras {keras.__version__} is installed, which a hostile file can have read any file;"
            f" loading {path} needs 3.15.1 or later, or 3.12.4 or later of 3.12: {_INSTALL}"
        )
    if path.suffix not in _SUFFIXES:
        raise ValueError(f"{path} must end in one of {', '.join(_SUFFIXES)}, as Keras demands")
    with regular(path) as opened:
        require(opened is not None, f"{path} is not a regular file")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras, h5py and zipfile raise whatever they stumble over
        said = " ".join(str(error).split())[:300]
        raise ModelFileError(f"{path} cannot be loaded by Keras: {said}") from error


def is_safe(version: str) -> bool:
    """Whether a version of Keras opens a file from a stranger without harm.

    Others follow external links and external storage of HDF5 to any file that the user may read,
    3.11 and earlier also run code of .h5 files.
    """
    parts = re.match(r"(\d+)\.(\d+)\.(\d+)(a|b|rc|\.dev)?", version)
    if parts is None:
        return False
    release = tuple(int(part) for part in parts.groups()[:3])
    if parts[4] and release in {(3, 12, 4), (3, 15, 1)}:  # from before the release
        return False
    return (3, 12, 4) <= release < (3, 13) or release >= (3, 15, 1)


def _precision(model: Any) -> np.dtype[Any]:
    """float64 if every layer computes in it."""
    policies = {layer.compute_dtype for layer in model._flatten_layers()}
    return np.dtype(np.float64 if policies == {"float64"} else np.float32)


def _walk(keras: Any, layer: Any) -> Iterator[Step]:
    """Steps of a layer, or of all layers of a model in order."""
    if isinstance(layer, keras.Sequential):
        for inner in layer.layers:
            yield from _walk(keras, inner)
    elif isinstance(layer, keras.Model):
        for inner in _chain(layer):
            yield from _walk(keras, inner)
    else:
        yield from _steps(keras, layer)


def _chain(model: Any) -> list[Any]:
    """Layers of a functional model from its input to its output."""
    where = f"model {model.name!r}"
    if not hasattr(model, "operations") or len(model.inputs) != 1 or len(model.outputs) != 1:
        refuse(where, "it is not a Sequential or functional model with one input and one output")
    chain: list[Any] = []
    tensor = model.outputs[0]
    while tensor is not model.inputs[0]:
        operation, node, _ = tensor._keras_history
        given = operation._inbound_nodes[node].input_tensors
        if len(given) != 1:
            refuse(
                f"layer {operation.name!r} ({type(operation).__name__})",
                f"{len(given)} branches meet in it; a chain of layers has one",
            )
        chain.insert(0, operation)
        tensor = given[0]
    return chain


def _steps(keras: Any, layer: Any) -> list[Step]:
    name = type(layer).__name__
    where = f"layer {layer.name!r} ({name})"
    if not isinstance(layer, keras.Layer):  # a function of keras.ops
        return _activation(keras, where, layer)
    known = getattr(keras.layers, name, None)
    if known is None or type(layer).call is not known.call:
        refuse(where, "it is not a layer of Keras itself")
    if name in _ACTIVATIONS:
        return _activation(keras, where, layer)
    if name not in _RULES and name not in _NOTHING:
        refuse(where, "it is neither a dense layer nor an activation that slopenet has")
    return _RULES[name](keras, where, layer) if name in _RULES else []


def _activation(keras: Any, where: str, function: Any) -> list[Step]:
    """σ of a function or layer that acts entry by entry, recognised by its values."""

    def values(z: Floats) -> Floats:
        # In rows of one number: a function that mixes a row, as softmax does, is a constant.
        return np.ravel(
            keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(z[:, None])))
        )

    try:
        spec = activation_of_library(values)
    except (TypeError, ValueError):  # a function of more than one number
        spec = None
    if spec is None:
        refuse(where, f"slopenet has no activation like {getattr(function, '__name__', 'it')!r}")
    return [sigma(where, spec)]


def _numbers(keras: Any, tensor: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _dense(keras: Any, where: str, layer: Any) -> list[Step]:
    W = _numbers(keras, layer.kernel)
    b = 0.0 if layer.bias is None else _numbers(keras, layer.bias)
    steps: list[Step] = [affine(where, W.T, b)]
    if layer.activation is not None:
        steps += _activation(keras, where, layer.activation)
    return steps


def _batch_normalisation(keras: Any, where: str, layer: Any) -> list[Step]:
    gamma, beta = (None if p is None else _numbers(keras, p) for p in (layer.gamma, layer.beta))
    mean = _numbers(keras, layer.moving_mean)
    variance = _numbers(keras, layer.moving_variance).astype(np.float64) + layer.epsilon
    return [batch_normalisation(where, mean, variance, gamma, beta)]


def _normalisation(keras: Any, where: str, layer: Any) -> list[Step]:
    mean, variance = (_numbers(keras, x) for x in (layer.mean, layer.variance))
    if mean.ndim and mean.size != mean.shape[-1]:
        refuse(where, f"its mean has the shape {mean.shape}; one number per column is wanted")
    mean, variance = np.squeeze(mean), np.squeeze(variance)
    spread = np.maximum(np.sqrt(variance.astype(np.float64)), keras.config.epsilon())
    if layer.invert:
        return [affine(where, spread, mean)]
    return [scaling(where, mean, spread)]


def _rescaling(keras: Any, where: str, layer: Any) -> list[Step]:
    del keras
    scale, offset = np.squeeze(layer.scale), np.squeeze(layer.offset)
    return [affine(where, scale, offset)]


def _flatten(keras: Any, where: str, layer: Any) -> list[Step]:
    del keras
    if len(layer.input.shape) != 2:
        refuse(where, f"it makes a row of {layer.input.shape[1:]}; one axis of inputs is wanted")
    return []


_RULES: dict[str, Callable[[Any, str, Any], list[Step]]] = {
    "Dense": _dense,
    "BatchNormalization": _batch_normalisation,
    "Normalization": _normalisation,
    "Rescaling": _rescaling,
    "Flatten": _flatten,
}

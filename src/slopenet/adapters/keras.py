"""Keras: a model that is trained in place by Levenberg-Marquardt.

fit_module(model, X, y, dydx)   # MATLAB's trainlm and trainbr for a model of Keras
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.adapters._in_place import as_written, trained
from slopenet.importers import from_keras
from slopenet.importers.keras.model import leaves
from slopenet.maps.affine import refuse
from slopenet.network import Network
from slopenet.training.methods import MethodName
from slopenet.training.outcome import Fit

try:
    import keras
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.keras needs Keras and one of its backends: pip install keras jax"
    ) from error

__all__ = ["fit_module"]


def fit_module(
    model: Any,
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    method: MethodName = "lm",
    **settings: Any,
) -> Fit:
    """Train a model of Keras in place, from its own weights, by Levenberg-Marquardt.

    MATLAB's trainlm is this method, and trainbr is it with a penalty found by the evidence, which
    is the default here too (``l2="auto"``; ``l2=0.0`` is trainlm).

    Parameters
    ----------
    model : keras.Model
        A Sequential or functional model that `slopenet.from_keras` imports, with a Dense with bias
        per layer and an activation or nothing between two of them. Its dtype stays as it is. Its
        Dropout is off, as in inference. It needs no optimizer.
    X, y, dydx : as in `slopenet.fit`, tensors of Keras' backend too
    method : str
        A method of `slopenet.fit` other than kriging.
    **settings
        Further arguments of `slopenet.fit`.

    Returns
    -------
    Fit
        Its network is the model's: the weights are those that the model has now, in its dtype.

    Raises
    ------
    UnsupportedNetworkError
        If `from_keras` does not understand the model, a layer cannot be written back, or the
        trained model gives other values than the network.
    ValueError, TypeError
        As in `slopenet.fit`. The model is unchanged after any error, and after
        `slopenet.Interrupted`.
    """
    start = from_keras(model, dtype=np.float64)
    layers = _dense_layers(model, start)
    before = [(_array(layer.kernel), _array(layer.bias)) for layer in layers]
    found = trained(start, (X, y, dydx), method, settings, _array)
    own = found.network
    for layer, W, b in zip(layers, own.weights, own.biases, strict=True):
        _assign(layer, W.T, b)
    try:
        network = from_keras(model, input_names=own.input_names, output_names=own.output_names)
    except BaseException:
        for layer, (kernel, bias) in zip(layers, before, strict=True):
            _assign(layer, kernel, bias)
        raise
    return as_written(found, network)


def _array(x: Any) -> Any:
    """A tensor or a variable as an array; anything else as it is."""
    is_tensor = keras.ops.is_tensor(x) or isinstance(x, keras.Variable)
    return np.asarray(keras.ops.convert_to_numpy(x)) if is_tensor else x


def _assign(layer: Any, kernel: Any, bias: Any) -> None:
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)


def _dense_layers(model: Any, network: Network) -> list[Any]:
    """The Dense of each layer of the network.

    Raises
    ------
    UnsupportedNetworkError
        If its weights are not those of a layer, or may not be changed.
    """
    found: list[Any] = []
    for layer in leaves(keras, model):
        where = f"layer {layer.name!r} ({type(layer).__name__})"
        if not isinstance(layer, keras.layers.Dense):
            if getattr(layer, "weights", None) or isinstance(layer, keras.layers.Rescaling):
                refuse(where, "it becomes a part of another layer, so it cannot be written back")
            continue
        if layer.bias is None:
            refuse(where, "it has no bias, which training needs: make it with use_bias=True")
        if not (layer.trainable and layer.kernel.trainable and layer.bias.trainable):
            refuse(where, "it is frozen, but all layers are trained")
        if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
            refuse(where, "its kernel is quantized or has LoRA, so it cannot be written back")
        if any(layer is other for other in found):
            refuse(where, "it stands in two places, with the same weights")
        found.append(layer)
    kernels = [_array(layer.kernel).T for layer in found]
    if [w.shape for w in kernels] != [w.shape for w in network.weights]:
        layers = f"its {len(found)} Dense are {len(network.weights)} layers"
        refuse(f"model {model.name!r}", f"{layers}: put an activation between any two of them")
    for layer, kernel, W in zip(found, kernels, network.weights, strict=True):
        if not np.array_equal(kernel, W):
            where = f"layer {layer.name!r} (Dense)"
            refuse(where, "an activation next to it becomes a part of it, as log_sigmoid does")
    return found

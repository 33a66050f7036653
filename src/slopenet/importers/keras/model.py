"""Models of Keras in memory as steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import HEADS, ActivationSpec
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._steps import Step, scaled, sigma
from slopenet.importers.keras import rules
from slopenet.maps.affine import refuse

# Layers that act entry by entry.
_ACTIVATIONS = {"Activation", "ELU", "LeakyReLU", "PReLU", "ReLU"}


def steps_and_values(
    model: Any,
) -> tuple[str, list[Step], Callable[[Floats], Any], np.dtype[Any]]:
    """Name of a model, its steps, its values as a function of X, and the dtype of these.

    Raises
    ------
    UnsupportedNetworkError
        If a layer is none that slopenet has.
    ImportError
        If Keras is not installed.
    """
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            "from_keras needs Keras and one of its backends for a model in memory:"
            " pip install keras jax"
        ) from error
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model must be a Keras model or a path, got {type(model).__name__}")
    source = f"Keras {type(model).__name__} {model.name!r}"
    if not model.built:
        refuse(source, "it has no weights yet; call it once, or give it an Input")

    def values(X: Floats) -> Any:
        return keras.ops.convert_to_numpy(model(X, training=False))

    steps = [step for layer in leaves(keras, model) for step in _steps(keras, layer)]
    return source, steps, values, _precision(model)


def _precision(model: Any) -> np.dtype[Any]:
    """float64 if every layer computes in it."""
    policies = {layer.compute_dtype for layer in model._flatten_layers()}
    return np.dtype(np.float64 if policies == {"float64"} else np.float32)


def leaves(keras: Any, layer: Any) -> Iterator[Any]:
    """The layer, or all layers of a model in order, those of models inside it among them."""
    if isinstance(layer, keras.Sequential):
        inside = layer.layers
    elif isinstance(layer, keras.Model):
        inside = _chain(layer)
    else:
        yield layer
        return
    for each in inside:
        yield from leaves(keras, each)


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
    if name == "Softmax":
        if layer.axis not in (-1, 1):
            refuse(where, f"its axis is {layer.axis}; one number per column is wanted")
        return [sigma(where, "softmax")]
    if name not in _RULES and name not in rules.NOTHING:
        refuse(where, rules.UNKNOWN)
    return _RULES[name](keras, where, layer) if name in _RULES else []


def _activation(keras: Any, where: str, function: Any) -> list[Step]:
    """σ of a function or layer, recognised by its values if it acts entry by entry."""
    own = getattr(function, "activation", function)  # of a layer Activation
    for name in (*HEADS, "hard_sigmoid"):
        if own is getattr(keras.activations, name):
            return rules.hard_sigmoid(where) if name not in HEADS else [sigma(where, name)]

    def values(z: Floats) -> Floats:
        # In rows of one number: a function that mixes a row, as softmax does, is a constant.
        return np.ravel(
            keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(z[:, None])))
        )

    def negated(z: Floats) -> Floats:
        return -values(-z)

    spec = _recognised(values)
    if spec is None and _recognised(negated) == "softplus":  # log sigmoid(z) = -softplus(-z)
        return scaled(where, -1.0, "softplus", -1.0)
    if spec is None:
        refuse(where, f"slopenet has no activation like {getattr(function, '__name__', 'it')!r}")
    return [sigma(where, spec)]


def _recognised(values: Callable[[Floats], Floats]) -> ActivationSpec | None:
    try:
        return activation_of_library(values)
    except Exception:  # a function of more than one number; backends raise whatever they like
        return None


def _numbers(keras: Any, tensor: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _dense(keras: Any, where: str, layer: Any) -> list[Step]:
    b = None if layer.bias is None else _numbers(keras, layer.bias)
    steps: list[Step] = [rules.dense(where, _numbers(keras, layer.kernel), b)]
    if layer.activation is not None:
        steps += _activation(keras, where, layer.activation)
    return steps


def _batch_normalisation(keras: Any, where: str, layer: Any) -> list[Step]:
    gamma, beta = (None if p is None else _numbers(keras, p) for p in (layer.gamma, layer.beta))
    mean, variance = (_numbers(keras, p) for p in (layer.moving_mean, layer.moving_variance))
    return [rules.normalised_batch(where, gamma, beta, mean, variance, epsilon=layer.epsilon)]


def _normalisation(keras: Any, where: str, layer: Any) -> list[Step]:
    mean, variance = (_numbers(keras, x) for x in (layer.mean, layer.variance))
    epsilon = keras.config.epsilon()
    invert = layer.invert
    return [rules.normalisation(where, mean, variance, invert=invert, epsilon=epsilon)]


def _rescaling(keras: Any, where: str, layer: Any) -> list[Step]:
    del keras
    return [rules.rescaling(where, layer.scale, layer.offset)]


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

"""Models of Keras in memory as steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import HEADS, ActivationSpec
from slopenet.importers._graph import Node, Start
from slopenet.importers._recognise import activation_of_library
from slopenet.importers._steps import Step, scaled, sigma
from slopenet.importers.keras import functions, rules
from slopenet.importers.keras.chain import Heads
from slopenet.importers.keras.functions import Part
from slopenet.importers.keras.merging import after, merged
from slopenet.maps.affine import refuse

# Layers that act entry by entry; a Lambda may do so.
_ACTIVATIONS = {"Activation", "ELU", "Lambda", "LeakyReLU"}


@dataclass(frozen=True)
class InMemory:
    """A model in memory: its graph, and the values of its outputs.

    Attributes
    ----------
    source : str
        Its name in errors.
    heads : Heads
    values : callable
        Of the columns of all inputs: all outputs, as a list.
    precision : dtype
        Of these.
    """

    source: str
    heads: Heads
    values: Callable[[list[Floats]], list[Floats]]
    precision: np.dtype[Any]


def read(model: Any) -> InMemory:
    """Return the graph and the values of a model.

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

    def values(inputs: list[Floats]) -> list[Floats]:
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        found = model(given, training=False)
        return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(found)]

    return InMemory(source, _heads(keras, model), values, _precision(model))


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


def _heads(keras: Any, model: Any) -> Heads:
    """Outputs and inputs of a model; a single layer is a model of itself."""
    if not hasattr(model, "operations") or isinstance(model, keras.Sequential):
        start = Start("input", None)
        return Heads([_value(keras, model, [start])], ["output"], [start])
    starts = [Start(tensor.name, tensor.shape[-1]) for tensor in model.inputs]
    return Heads(_functional(keras, model, starts), list(model.output_names), starts)


def _value(keras: Any, layer: Any, parts: list[Node]) -> Node:
    """The value of a layer, or of a model, at those of its inputs."""
    name = type(layer).__name__
    where = f"layer {layer.name!r} ({name})"
    if isinstance(layer, keras.Sequential):
        (node,) = parts
        for inner in layer.layers:
            node = _value(keras, inner, [node])
        return node
    if isinstance(layer, keras.Model):
        if not hasattr(layer, "operations"):
            refuse(where, "it is not a Sequential or functional model")
        outputs = _functional(keras, layer, parts)
        if len(outputs) != 1:
            refuse(where, "a model with several outputs is part of another one")
        return outputs[0]
    if len(parts) == 1:
        return after(parts[0], _steps(keras, layer))
    if isinstance(layer, keras.Layer):
        known = getattr(keras.layers, name, None)
        if known is None or type(layer).call is not known.call:
            refuse(where, "it is not a layer of Keras itself")
    return merged(where, name, parts, getattr(layer, "axis", -1))


def _functional(keras: Any, model: Any, inputs: Sequence[Node]) -> list[Node]:
    """Outputs of a functional model, each of its layers called after those it needs."""
    made = {id(tensor): node for tensor, node in zip(model.inputs, inputs, strict=True)}
    left = list(reversed(model.outputs))
    while left:
        tensor = left[-1]
        if id(tensor) in made:
            left.pop()
            continue
        operation, call, place = tensor._keras_history
        where = f"layer {operation.name!r} ({type(operation).__name__})"
        if place:
            refuse(where, "its second output is used")
        given = operation._inbound_nodes[call].input_tensors
        if not given:
            refuse(where, "it takes no branch")
        waiting = [each for each in given if id(each) not in made]
        left += reversed(waiting)
        if not waiting:
            parts = [made[id(each)] for each in given]
            steps = _arithmetic(keras, where, operation, call)
            made[id(tensor)] = (
                _value(keras, operation, parts) if steps is None else after(parts[0], steps)
            )
    return [made[id(tensor)] for tensor in model.outputs]


def _arithmetic(keras: Any, where: str, operation: Any, call: int) -> list[Part] | None:
    """The straight line that a function of keras.ops is of a value, or None."""
    if not type(operation).__module__.startswith("keras.src.ops."):
        return None
    given = operation._inbound_nodes[call].arguments.args
    numbers = [
        None if isinstance(x, keras.KerasTensor) else float(x) if type(x) is int else x
        for x in given
    ]
    return functions.arithmetic(where, functions.spelled(type(operation).__name__), numbers)


def _steps(keras: Any, layer: Any) -> list[Part]:
    name = type(layer).__name__
    where = f"layer {layer.name!r} ({name})"
    if not isinstance(layer, keras.Layer):  # a function of keras.ops
        return _activation(keras, where, layer)
    known = getattr(keras.layers, name, None)
    if known is None or type(layer).call is not known.call:
        refuse(where, "it is not a layer of Keras itself")
    if name == "PReLU":
        return list(rules.prelu(where, _numbers(keras, layer.alpha)))
    if name in _ACTIVATIONS:
        return _activation(keras, where, layer)
    if name == "Softmax":
        if layer.axis not in (-1, 1):
            refuse(where, f"its axis is {layer.axis}; one number per column is wanted")
        return [sigma(where, "softmax")]
    if name not in _RULES and name not in rules.NOTHING:
        refuse(where, rules.UNKNOWN)
    return list(_RULES[name](keras, where, layer)) if name in _RULES else []


def _activation(keras: Any, where: str, function: Any) -> list[Part]:
    """A function or layer: by its name if Keras has it, else by its values, entry by entry."""
    own = getattr(function, "activation", function)  # of a layer Activation
    name = _name(keras, own)
    if name in functions.COMPOSED or name in HEADS:
        return functions.parts_of(where, name, lambda key, x: float(getattr(own, key, x)))

    def values(z: Floats) -> Floats:
        # In rows of one number: a function that mixes a row, as softmax does, is a constant.
        return np.ravel(
            keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(z[:, None])))
        )

    def negated(z: Floats) -> Floats:
        return -values(-z)

    spec = _recognised(values)
    if spec is None and _recognised(negated) == "softplus":  # log sigmoid(z) = -softplus(-z)
        return list(scaled(where, -1.0, "softplus", -1.0))
    if spec is None:
        functions.refused(where, name)
    return [sigma(where, spec)]


def _name(keras: Any, function: Any) -> str:
    """The name of a function of keras.activations or keras.ops; of any other, its own text."""
    if type(function).__module__.startswith("keras.src.ops."):
        return functions.spelled(type(function).__name__)
    name = str(getattr(function, "__name__", type(function).__name__))
    known = getattr(keras.activations, name, None) is function
    return name if known or name not in functions.COMPOSED else f"own {name}"


def _recognised(values: Callable[[Floats], Floats]) -> ActivationSpec | None:
    try:
        return activation_of_library(values)
    except Exception:  # a function of more than one number; backends raise whatever they like
        return None


def _numbers(keras: Any, tensor: Any) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def _dense(keras: Any, where: str, layer: Any) -> list[Part]:
    b = None if layer.bias is None else _numbers(keras, layer.bias)
    steps: list[Part] = [rules.dense(where, _numbers(keras, layer.kernel), b)]
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


def _relu(keras: Any, where: str, layer: Any) -> list[Step]:
    del keras
    limit = None if layer.max_value is None else float(layer.max_value)
    return rules.relu(where, float(layer.negative_slope), float(layer.threshold), limit)


def _flatten(keras: Any, where: str, layer: Any) -> list[Step]:
    del keras
    if len(layer.input.shape) != 2:
        refuse(where, f"it makes a row of {layer.input.shape[1:]}; one axis of inputs is wanted")
    return []


_RULES: dict[str, Callable[[Any, str, Any], Sequence[Part]]] = {
    "Dense": _dense,
    "BatchNormalization": _batch_normalisation,
    "Normalization": _normalisation,
    "Rescaling": _rescaling,
    "Flatten": _flatten,
    "ReLU": _relu,
}

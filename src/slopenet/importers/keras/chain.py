"""The layers that the configuration of a Keras model names, as a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slopenet.importers._graph import Node, Start
from slopenet.importers.keras.functions import Part, arithmetic, spelled
from slopenet.importers.keras.merging import MERGING, after, merged
from slopenet.io.contents import ModelFileError, require
from slopenet.maps.affine import refuse

_MOST_LAYERS = 10_000
_DEEPEST = 32
_FUNCTIONAL = ("Functional", "Model")


@dataclass(frozen=True)
class Layer:
    """One layer of a configuration.

    Attributes
    ----------
    kind, name : str
        Its class, and its own name.
    config : mapping
        Its settings.
    own : bool
        Whether the class is one of Keras itself.
    path : tuple of str
        Where a .keras file has its numbers: ``("sequential", "layers", "dense_1")``.
    within : str
        Name of the outermost model or layer that it is part of, below the model of the file.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    own: bool
    path: tuple[str, ...]
    within: str

    @property
    def where(self) -> str:
        """Its name in errors."""
        return f"layer {self.name[:80]!r} ({self.kind[:80]})"


@dataclass(frozen=True)
class Heads:
    """The outputs of a model, and its inputs."""

    outputs: list[Node]
    names: list[str]
    starts: list[Start]


def graph(model: Mapping[str, Any], steps_of: Callable[[Layer], Sequence[Part]]) -> Heads:
    """Return the graph of a model, those of models inside it among it.

    Parameters
    ----------
    model : mapping
        Its configuration.
    steps_of : callable
        Steps of a single layer.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If it is damaged, or a layer is none of a network.
    """
    return _Builder(steps_of).model(_layer(model, (), ""))


class _Builder:
    """Counts the layers of all models, and builds their values."""

    def __init__(self, steps_of: Callable[[Layer], Sequence[Part]]) -> None:
        self.steps_of = steps_of
        self.count = 0

    def model(self, model: Layer) -> Heads:
        if model.kind == "Sequential":
            start = Start("input", None)
            return Heads([self.sequential(model, start, 0)], ["output"], [start])
        if model.kind not in _FUNCTIONAL:
            refuse(model.where, "it is not a Sequential or functional model")
        entries = _tensors(model.config.get("input_layers"))
        starts = [Start(name, None) for name, _, _ in entries]
        outputs = self.functional(model, dict(zip(entries, starts, strict=True)), 0)
        ends = _tensors(model.config.get("output_layers"))
        return Heads(outputs, [name for name, _, _ in ends], starts)

    def value(self, layer: Layer, parts: list[Node], depth: int) -> Node:
        """The value of one call of a layer, or of a model."""
        require(depth <= _DEEPEST, f"has models more than {_DEEPEST} deep in each other")
        self.count += 1
        require(self.count <= _MOST_LAYERS, f"has more than {_MOST_LAYERS} layers")
        if layer.kind == "Sequential" and len(parts) == 1:
            return self.sequential(layer, parts[0], depth)
        if layer.kind in _FUNCTIONAL:
            entries = _tensors(layer.config.get("input_layers"))
            if len(entries) != len(parts):
                refuse(layer.where, f"it takes {len(entries)} branches, and {len(parts)} come")
            outputs = self.functional(layer, dict(zip(entries, parts, strict=True)), depth)
            if len(outputs) != 1:
                refuse(layer.where, "a model with several outputs is part of another one")
            return outputs[0]
        if len(parts) != 1 or (layer.kind in MERGING and "trainable" in layer.config):
            weighted = layer.kind == "Average" and "trainable" not in layer.config
            if not layer.own or weighted:  # keras.ops.average of a tensor with weights
                refuse(layer.where, f"{len(parts)} branches meet in it; it is no layer of Keras")
            return merged(layer.where, layer.kind, parts, layer.config.get("axis", -1))
        return after(parts[0], self.steps_of(layer))

    def sequential(self, model: Layer, node: Node, depth: int) -> Node:
        given = _given(model)
        for layer in _named(model, given):
            node = self.value(layer, [node], depth + 1)
        return node

    def functional(
        self, model: Layer, inputs: Mapping[tuple[str, int, int], Node], depth: int
    ) -> list[Node]:
        """Outputs of a functional model, each of its layers called after those it needs."""
        given = _given(model)
        layers = _named(model, given)
        by_name = {layer.name: (layer, each) for layer, each in zip(layers, given, strict=True)}
        require(
            len(by_name) == len(layers), f"is damaged: {model.where} has two layers of one name"
        )
        ends = _tensors(model.config.get("output_layers"))
        if not ends or not inputs:
            refuse(model.where, "it has no input, or no output")
        made: dict[tuple[str, int, int], Node] = {}
        for entry, node in inputs.items():
            found = by_name.get(entry[0])
            if found is not None:
                _settle_width(found[0], node)
            made[entry] = node if found is None else after(node, self.steps_of(found[0]))
        open_: set[tuple[str, int, int]] = set()
        left = list(reversed(ends))
        while left:
            here = left[-1]
            if here in made:
                left.pop()
                continue
            require(here[0] in by_name, f"is damaged: there is no layer {here[0][:80]!r}")
            layer, each = by_name[here[0]]
            calls = each.get("inbound_nodes")
            if not isinstance(calls, list) or not 0 <= here[1] < len(calls):
                raise ModelFileError(f"is damaged: {layer.where} has no call {here[1]}")
            if here[2] != 0:
                refuse(layer.where, "its second output is used")
            tensors = _tensors(calls[here[1]])
            if not tensors:
                refuse(layer.where, "it takes no branch")
            waiting = [tensor for tensor in tensors if tensor not in made]
            if waiting:
                require(here not in open_, f"is damaged: {model.where} runs in a circle")
                open_.add(here)
                left += reversed(waiting)
                continue
            steps = _arithmetic(layer, calls[here[1]])
            if steps is not None:
                made[here] = after(made[tensors[0]], steps)
                continue
            made[here] = self.value(layer, [made[tensor] for tensor in tensors], depth + 1)
        return [made[end] for end in ends]


def _arithmetic(layer: Layer, call: Any) -> list[Part] | None:
    """The straight line that a function of keras.ops is of a value, or None."""
    given = call.get("args") if isinstance(call, dict) else None
    if not layer.own or "trainable" in layer.config or not isinstance(given, list):
        return None
    arguments = [
        None if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__" else x
        for x in given
    ]
    numbers = [float(x) if type(x) is int and abs(x) < 2**53 else x for x in arguments]
    return arithmetic(layer.where, spelled(layer.kind), numbers)


def _settle_width(layer: Layer, node: Node) -> None:
    """Give an input the width that its layer says, which the layers behind it check."""
    shape = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
    if isinstance(node, Start) and isinstance(shape, list) and len(shape) == 2:
        width = shape[1]
        if isinstance(width, int) and width > 0:
            node.width = width


def _given(model: Layer) -> list[Any]:
    given = model.config.get("layers")
    require(
        isinstance(given, list) and all(isinstance(each, dict) for each in given),
        f"is damaged: {model.where} has no layers",
    )
    return list(given or [])


def _named(model: Layer, given: list[Any]) -> list[Layer]:
    """Layers of a model, with the names that Keras gives to their numbers: dense, dense_1, ..."""
    taken: dict[str, int] = {}
    layers = []
    for each in given:
        layer = _layer(each, (), "")
        name = _snake(layer.kind)
        if _is_layer(each):
            count = taken[name] = taken.get(name, -1) + 1
            name = f"{name}_{count}" if count else name
        path = (*model.path, "layers", name) if model.path else (name,)
        within = model.within or layer.name
        layers.append(Layer(layer.kind, layer.name, layer.config, layer.own, path, within))
    return layers


def _tensors(given: Any) -> list[tuple[str, int, int]]:
    """Every (layer, call, output) in a part of a configuration of Keras 2 or 3, in order."""
    found: list[tuple[str, int, int]] = []
    left = [given]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if part.get("class_name") == "__keras_tensor__":
                config = part.get("config")
                part = config.get("keras_history") if isinstance(config, dict) else None
                left.append(part)
            else:
                left += reversed(part.values())
        elif isinstance(part, list | tuple):
            match part:
                case [str(name), int(call), int(output), *_]:
                    found.append((name, call, output))
                    left += reversed(part[3:])  # keyword arguments of Keras 2, tensors too
                case _:
                    left += reversed(part)
    return found


def _layer(given: Mapping[str, Any], path: tuple[str, ...], within: str) -> Layer:
    kind, config = given.get("class_name"), given.get("config")
    require(
        isinstance(kind, str) and isinstance(config, dict),
        "is damaged: a layer has no class, or no settings",
    )
    settings: Mapping[str, Any] = config if isinstance(config, dict) else {}
    name = settings.get("name", given.get("name"))
    module, registered = given.get("module"), given.get("registered_name")
    own = registered in (None, kind) and (
        module is None or str(module).partition(".")[0] in ("keras", "tensorflow")
    )
    return Layer(str(kind), str(name), settings, own, path, within)


def _is_layer(given: Mapping[str, Any]) -> bool:
    """Whether it is a layer, which may have numbers, and not a function of keras.ops."""
    return ".ops" not in str(given.get("module"))


def _snake(kind: str) -> str:
    """BatchNormalization as batch_normalization, as Keras spells it."""
    spelled = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spelled).lower()

"""The layers that the configuration of a Keras model names, from its input to its output."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slopenet.io.contents import require
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


def chain(model: Mapping[str, Any]) -> list[Layer]:
    """Return all layers of a model in order, those of models inside it among them.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If it is not one chain of layers.
    """
    layers: list[Layer] = []
    for layer in _walk(_layer(model, (), ""), 0):
        layers.append(layer)
        require(len(layers) <= _MOST_LAYERS, f"has more than {_MOST_LAYERS} layers")
    return layers


def _walk(model: Layer, depth: int) -> Iterator[Layer]:
    """Layers of a model, or the layer itself."""
    require(depth <= _DEEPEST, f"has models more than {_DEEPEST} deep in each other")
    if model.kind != "Sequential" and model.kind not in _FUNCTIONAL:
        if not depth:
            refuse(model.where, "it is not a Sequential or functional model")
        yield model
        return
    given = model.config.get("layers")
    require(
        isinstance(given, list) and all(isinstance(each, dict) for each in given),
        f"is damaged: {model.where} has no layers",
    )
    inside = _named(model, list(given or []))
    ordered = inside if model.kind == "Sequential" else _functional(model, inside, given or [])
    for layer in ordered:
        yield from _walk(layer, depth + 1)


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


def _functional(model: Layer, layers: list[Layer], given: list[Any]) -> list[Layer]:
    """Layers of a functional model from its input to its output."""
    by_name = {layer.name: (layer, each) for layer, each in zip(layers, given, strict=True)}
    require(len(by_name) == len(layers), f"is damaged: {model.where} has two layers of one name")
    ends = [_tensors(model.config.get(key)) for key in ("input_layers", "output_layers")]
    if any(len(end) != 1 for end in ends):
        refuse(model.where, "it does not have one input and one output")
    (entry,), (here,) = ends
    ordered: list[Layer] = []
    seen = set()
    while here != entry:
        require(here not in seen, f"is damaged: {model.where} runs in a circle")
        seen.add(here)
        require(here[0] in by_name, f"is damaged: there is no layer {here[0][:80]!r}")
        layer, each = by_name[here[0]]
        calls = each.get("inbound_nodes")
        require(
            isinstance(calls, list) and 0 <= here[1] < len(calls),
            f"is damaged: {layer.where} has no call {here[1]}",
        )
        tensors = _tensors(calls[here[1]])
        if len(tensors) != 1:
            refuse(layer.where, f"{len(tensors)} branches meet in it; a chain of layers has one")
        if here[2] != 0:
            refuse(layer.where, "its second output is used")
        ordered.append(layer)
        here = tensors[0]
    if entry[0] in by_name:
        ordered.append(by_name[entry[0]][0])
    return ordered[::-1]


def _tensors(given: Any) -> list[tuple[str, int, int]]:
    """Every (layer, call, output) in a part of a configuration, of Keras 2 or 3."""
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
                left += part.values()
        elif isinstance(part, list | tuple):
            match part:
                case [str(name), int(call), int(output), *_]:
                    found.append((name, call, output))
                    left += part[3:]  # keyword arguments of Keras 2, where a tensor may be too
                case _:
                    left += part
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

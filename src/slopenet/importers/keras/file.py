"""Files of Keras as steps, without Keras: no code of the file is run, nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import Step, sigma
from slopenet.importers.keras import functions, rules
from slopenet.importers.keras.archive import Archive
from slopenet.importers.keras.chain import Heads, Layer, graph
from slopenet.importers.keras.functions import Part
from slopenet.io.contents import require
from slopenet.maps.affine import Affine, refuse

_SMALLEST_SPREAD = 1e-7  # keras.config.epsilon()


def graph_of(archive: Archive) -> Heads:
    """The graph of a file.

    Raises
    ------
    ModelFileError, UnsupportedNetworkError
        If a layer is none that slopenet has, or has other numbers than its class has.
    """

    def steps_of(layer: Layer) -> list[Part]:
        if not layer.own:
            refuse(layer.where, "it is not a layer of Keras itself")
        steps = _steps(layer, archive)
        for step in steps:
            if isinstance(step, Affine):
                archive.budget.spend(8 * step.A.size, layer.where)
        return steps

    return graph(archive.config, steps_of)


def _steps(layer: Layer, archive: Archive) -> list[Part]:
    if layer.kind in _NUMBERS:
        kinds = _NUMBERS[layer.kind](layer.config)
        return list(_RULES[layer.kind](layer, _arrays(layer, kinds, archive)))
    if layer.kind in _RULES:
        return list(_RULES[layer.kind](layer, {}))
    if layer.kind in rules.NOTHING:
        return []
    if "trainable" in layer.config:
        refuse(layer.where, rules.UNKNOWN)
    return functions.parts_of(  # no layer, but a function of keras.ops
        layer.where, functions.spelled(layer.kind), lambda key, _: _setting(layer, key)
    )


def _arrays(layer: Layer, kinds: list[str], archive: Archive) -> dict[str, Floats]:
    """Numbers of a layer by name, those and no others."""
    if archive.numbered:
        start = "/".join((*layer.path, "vars", ""))
        names = [name for name in archive.arrays if name.startswith(start)]
        require(
            sorted(names) == sorted(f"{start}{i}" for i in range(len(kinds))),
            f"has {len(names)} arrays of {layer.where}, and {len(kinds)} are wanted",
        )
        return {kind: archive.arrays[f"{start}{i}"] for i, kind in enumerate(kinds)}
    found: dict[str, Floats] = {}
    for name, array in archive.arrays.items():
        outer, *_, owner, last = name.split("/") if name.count("/") > 1 else [""] * 3
        if outer == layer.within and owner == layer.name:
            kind = last.partition(":")[0]
            require(kind not in found, f"has two arrays {kind!r} of {layer.where}")
            found[kind] = array
    require(
        found.keys() == set(kinds),
        f"has {', '.join(sorted(found)) or 'nothing'} of {layer.where}; it needs"
        f" {', '.join(kinds)}",
    )
    return found


def _kinds_dense(config: Mapping[str, Any]) -> list[str]:
    return ["kernel", *(["bias"] if config.get("use_bias", True) else [])]


def _kinds_batch(config: Mapping[str, Any]) -> list[str]:
    scale, centre = (config.get(key, True) for key in ("scale", "center"))
    own = [*(["gamma"] if scale else []), *(["beta"] if centre else [])]
    return [*own, "moving_mean", "moving_variance"]


def _kinds_normalisation(config: Mapping[str, Any]) -> list[str]:
    return ["mean", "variance"] if config.get("mean") is None else []


def _kinds_prelu(config: Mapping[str, Any]) -> list[str]:
    del config
    return ["alpha"]


def _dense(layer: Layer, arrays: dict[str, Floats]) -> list[Part]:
    kernel = arrays["kernel"]
    if kernel.ndim != 2 or kernel.shape[1] != layer.config.get("units", kernel.shape[1]):
        refuse(layer.where, f"its kernel has the shape {kernel.shape}")
    for key in ("quantization_config", "lora_rank"):
        if layer.config.get(key) is not None:
            refuse(layer.where, f"it has a {key}")
    return [rules.dense(layer.where, kernel, arrays.get("bias")), *_activation(layer, {})]


def _batch(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    _require_last_axis(layer)
    if layer.config.get("renorm"):
        refuse(layer.where, "it renormalises")
    gamma, beta = arrays.get("gamma"), arrays.get("beta")
    mean, variance = arrays["moving_mean"], arrays["moving_variance"]
    epsilon = _number(layer, "epsilon", 1e-3)
    return [rules.normalised_batch(layer.where, gamma, beta, mean, variance, epsilon=epsilon)]


def _normalisation(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    if layer.config.get("axis", -1) not in (None, []):  # one mean of all columns
        _require_last_axis(layer)
    mean, variance = (
        arrays[key] if key in arrays else _numbers(layer, key).astype(np.float32)
        for key in ("mean", "variance")
    )
    invert = bool(layer.config.get("invert", False))
    where = layer.where
    return [rules.normalisation(where, mean, variance, invert=invert, epsilon=_SMALLEST_SPREAD)]


def _require_last_axis(layer: Layer) -> None:
    axis = layer.config.get("axis", -1)
    if axis not in (-1, 1, [-1], [1]):
        refuse(layer.where, f"its axis is {str(axis)[:80]}; one number per column is wanted")


def _rescaling(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    return [rules.rescaling(layer.where, _numbers(layer, "scale"), _numbers(layer, "offset"))]


def _prelu(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    return rules.prelu(layer.where, arrays["alpha"])


def _input(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    shape = layer.config.get("batch_shape", layer.config.get("batch_input_shape"))
    if isinstance(shape, list) and len(shape) != 2:
        refuse(layer.where, f"it has {len(shape)} axes; (N, n_1) is wanted")
    return []


def _flatten(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del layer, arrays
    return []  # every input has one axis, as `_input` demands


def _activation(layer: Layer, arrays: dict[str, Floats]) -> list[Part]:
    """σ that a layer has by name."""
    del arrays
    given = layer.config.get("activation", "linear")
    if given is None:
        return []
    if isinstance(given, dict):
        if given.get("registered_name") not in (None, given.get("config")):
            refuse(layer.where, "its activation is not one of Keras itself")
        given = given.get("config")
    if not isinstance(given, str):
        refuse(layer.where, "its activation is not a function of Keras itself")
    return functions.parts_of(layer.where, given)


def _relu(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    slope, threshold = (_number(layer, key, 0.0) for key in ("negative_slope", "threshold"))
    limited = layer.config.get("max_value") is not None
    limit = _number(layer, "max_value", 0.0) if limited else None
    return rules.relu(layer.where, slope, threshold, limit)


def _softmax(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    _require_last_axis(layer)
    return [sigma(layer.where, "softmax")]


def _leaky(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    old = _number(layer, "alpha", 0.3)
    return [sigma(layer.where, ("leaky_relu", _number(layer, "negative_slope", old)))]


def _elu(layer: Layer, arrays: dict[str, Floats]) -> list[Step]:
    del arrays
    return [sigma(layer.where, ("elu", _number(layer, "alpha", 1.0)))]


def _number(layer: Layer, key: str, preset: float) -> float:
    """One number of a configuration."""
    if layer.config.get(key) is None:
        return preset
    values = _numbers(layer, key)
    if values.size != 1:
        refuse(layer.where, f"its {key} has {values.size} numbers, and one is wanted")
    return float(values.reshape(()))


def _setting(layer: Layer, key: str) -> float:
    """One number of a configuration that has to have it."""
    require(key in layer.config, f"is damaged: {layer.where} has no {key}")
    return _number(layer, key, 0.0)


def _numbers(layer: Layer, key: str) -> Floats:
    """Numbers of a configuration: one, a list, or an array as Keras writes it."""
    given = layer.config.get(key)
    if isinstance(given, dict):
        inside = given.get("config")
        given = inside.get("value") if isinstance(inside, dict) else inside
    try:
        return np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        refuse(layer.where, f"its {key} is not a number")


# Names of the numbers of a layer, in the order of Keras.
_NUMBERS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "Dense": _kinds_dense,
    "BatchNormalization": _kinds_batch,
    "Normalization": _kinds_normalisation,
    "PReLU": _kinds_prelu,
}
_RULES: dict[str, Callable[[Layer, dict[str, Floats]], Sequence[Part]]] = {
    "Dense": _dense,
    "BatchNormalization": _batch,
    "Normalization": _normalisation,
    "PReLU": _prelu,
    "Rescaling": _rescaling,
    "InputLayer": _input,
    "Flatten": _flatten,
    "Activation": _activation,
    "ReLU": _relu,
    "Softmax": _softmax,
    "LeakyReLU": _leaky,
    "ELU": _elu,
}

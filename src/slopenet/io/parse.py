"""Parse untrusted bytes into `Contents`, or raise an error that says why not."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet.io.contents import Contents, ModelFileError, StoredActivation, require
from slopenet.io.layout import DTYPES, header_length, verified_checksum

FORMAT = "slopenet"
VERSION = "1"
METADATA = {"format", "version", "activations", "input_names", "output_names", "checksum"}


def parse(raw: bytes) -> Contents:
    """Read a whole file; nothing is parsed before the checksum agrees."""
    import safetensors

    text = raw[8 : 8 + header_length(raw[:8], len(raw))]
    checksum = verified_checksum(raw, text)
    header = _json(text, "header")
    metadata = _metadata(header)
    require(
        metadata["checksum"].encode() == checksum,
        "is not valid: its checksum is in the wrong place",
    )
    keys = header.keys() - {"__metadata__"}
    layers = range(2, len(keys) // 2 + 2)
    require(
        layers and keys == {f"{letter}{layer}" for letter in "Wb" for layer in layers},
        "is not valid: its tensors are not W2, b2 and so on, a weight and a bias a layer",
    )
    try:
        # Checks every shape and offset against the size of the data before copying anything.
        parts = safetensors.deserialize(raw)  # type: ignore[no-untyped-call]
        tensors = {key: _array(key, **part) for key, part in parts}
    except safetensors.SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing: ")[:200]
        message = f"is not valid: its table of tensors is wrong ({reason!r})"
        raise ModelFileError(message) from error
    weights = tuple(tensors[f"W{layer}"] for layer in layers)
    biases = tuple(tensors[f"b{layer}"] for layer in layers)
    _check_chain(weights, biases)
    return Contents(
        weights,
        biases,
        _activations(metadata, len(layers)),
        _names(metadata, "input_names", weights[0].shape[1]),
        _names(metadata, "output_names", weights[-1].shape[0]),
    )


def _json(text: str | bytes, what: str) -> Any:
    """Parse JSON strictly: UTF-8, no duplicate key, no NaN, every number a float."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key appears twice")
        return dict(pairs)

    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(text, object_pairs_hook=unique, parse_int=float, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        message = f"is not valid: its {what} cannot be read as JSON ({str(error)[:200]!r})"
        raise ModelFileError(message) from error


def _metadata(header: Any) -> dict[str, str]:
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        message = "is not a model file of slopenet: its metadata name another format, or none"
        raise ModelFileError(message)
    version = metadata.get("version")
    require(
        isinstance(version, str) and re.fullmatch("[1-9][0-9]{0,8}", version),
        "is not valid: its format version is not a whole number",
    )
    require(
        version == VERSION,
        f"was written by a newer slopenet (file format {version}, this one reads {VERSION}): "
        "update slopenet",
    )
    require(
        metadata.keys() == METADATA and all(isinstance(v, str) for v in metadata.values()),
        f"is not valid: its metadata are not the texts {', '.join(sorted(METADATA))}",
    )
    return metadata


def _array(key: str, dtype: str, shape: Sequence[int], data: bytearray) -> np.ndarray:
    """View the bytes of one tensor as a read-only array of finite numbers."""
    require(dtype in DTYPES, f"is not valid: {key} is neither float64 nor float32")
    require(
        0 not in shape and len(shape) == (2 if key[0] == "W" else 1),
        f"is not valid: {key} has the shape {tuple(shape[:9])}",
    )
    array: np.ndarray = np.frombuffer(data, dtype=DTYPES[dtype]).reshape(shape)
    # Reductions need no memory, unlike isfinite of the whole array.
    finite = np.isfinite(array.min()) and np.isfinite(array.max())
    require(finite, f"is not valid: {key} holds NaN or infinity")
    array.flags.writeable = False
    return array


def _check_chain(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> None:
    width = weights[0].shape[1]
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=2):
        require(
            W.shape == (b.size, width),
            f"is not valid: its layers do not chain, as W{layer} has the shape {W.shape} and "
            f"b{layer} {b.shape} behind a layer of width {width}",
        )
        width = b.size
    dtypes = {array.dtype for array in (*weights, *biases)}
    require(len(dtypes) == 1, "is not valid: it mixes float64 and float32")


def _activations(metadata: Mapping[str, str], layers: int) -> tuple[StoredActivation, ...]:
    rows = _json(metadata["activations"], "activations")
    require(
        isinstance(rows, list) and len(rows) == layers,
        f"is not valid: it does not give an activation for each of its {layers} layers",
    )
    for row in rows:
        match row:
            case [str(), [*parameters]]:
                right = all(isinstance(p, float) and math.isfinite(p) for p in parameters)
            case _:
                right = False
        require(right, "is not valid: an activation is not a name with a list of finite numbers")
    return tuple((name, tuple(parameters)) for name, parameters in rows)


def _names(metadata: Mapping[str, str], key: str, width: int) -> tuple[str, ...] | None:
    names = _json(metadata[key], key)
    if names is None:
        return None
    require(
        isinstance(names, list) and all(isinstance(name, str) for name in names),
        f"is not valid: its {key} are not a list of texts",
    )
    require(len(names) == width, f"is not valid: it has {len(names)} {key} for {width} columns")
    require(
        not re.search("[\ud800-\udfff]", "".join(names)),
        f"is not valid: its {key} hold half a character (a lone surrogate)",
    )
    return tuple(names)

"""Parse untrusted bytes into `Contents`, or raise an error that says why not."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet.io.contents import (
    Contents,
    ModelFileError,
    StoredActivation,
    StoredLayer,
    StoredRival,
    StoredRuns,
    require,
)
from slopenet.io.layout import DTYPES, header_length, verified_checksum
from slopenet.io.stored_card import TENSORS, restored
from slopenet.io.stored_posterior import MOST_RIVALS, restored_posterior, rival_prefix
from slopenet.io.stored_posterior import TENSORS as ERRORS

FORMAT, ENSEMBLE = "slopenet", "slopenet ensemble"
# One version for both formats; files of every version up to `VERSION` are read. A network is
# written as the oldest version that has all of it: `PLAIN`, with a posterior `OF_POSTERIOR`, with
# runs of activations `OF_RUNS`, and with a posterior that has rivals `VERSION`.
PLAIN, OF_POSTERIOR, OF_RUNS, VERSION = "2", "3", "4", "5"
_SINCE_1 = ("activations", "input_names", "output_names")
# The entries of a network, by version.
ENTRIES = {
    "1": _SINCE_1,
    "2": (*_SINCE_1, "card"),
    "3": (*_SINCE_1, "card", "posterior"),
    "4": (*_SINCE_1, "card", "posterior"),
    "5": (*_SINCE_1, "card", "posterior", "rivals"),
}
WANTED = "W2, b2 and so on, a weight and a bias per layer"


def parse(raw: bytes) -> Contents | tuple[Contents, ...]:
    """Read a whole file, of a network or of an ensemble; the checksum is verified first."""
    import safetensors

    text = raw[8 : 8 + header_length(raw[:8], len(raw))]
    checksum = verified_checksum(raw, text)
    header = _json(text, "header")
    metadata = _metadata(header)
    require(
        metadata["checksum"].encode() == checksum,
        "is not valid: its checksum is in the wrong place",
    )
    entries = _entries(metadata)
    layers = _layers(header, [*entries, *_rivals(entries)])
    try:
        # Checks every shape and offset against the size of the data before copying anything.
        parts = safetensors.deserialize(raw)  # type: ignore[no-untyped-call]
        tensors = {key: _array(key, **part) for key, part in parts}
    except safetensors.SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing: ")[:200]
        message = f"is not valid: its table of tensors is wrong ({reason!r})"
        raise ModelFileError(message) from error
    runs = int(metadata["version"]) >= int(OF_RUNS)
    networks = tuple(
        _network(entry, tensors, prefix, layers, runs=runs) for prefix, entry in entries.items()
    )
    return networks if metadata["format"] == ENSEMBLE else networks[0]


def prefix_of(member: int) -> str:
    """The beginning of the names of a member's tensors."""
    return f"{member}."


def _entries(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The entries of each network, by the prefix of its tensors."""
    names = ENTRIES[metadata["version"]]
    if metadata["format"] == FORMAT:
        return {"": {name: _json(metadata[name], name) for name in names}}
    members = _json(metadata["networks"], "networks")
    require(
        isinstance(members, list)
        and members
        and all(isinstance(each, dict) and each.keys() == set(names) for each in members),
        "is not valid: its networks are not a list of their entries",
    )
    return {prefix_of(i): entry for i, entry in enumerate(members)}


def _rivals(entries: Mapping[str, Any]) -> list[str]:
    """The prefixes of the rivals of all networks, whose entries have their activations."""
    found = []
    for prefix, entry in entries.items():
        rivals = entry.get("rivals", [])
        require(
            isinstance(rivals, list) and len(rivals) <= MOST_RIVALS,
            "is not valid: the rivals of its posterior are not a list of their activations",
        )
        found += [prefix + rival_prefix(i) for i in range(len(rivals))]
    return found


def _layers(header: Mapping[str, Any], prefixes: Sequence[str]) -> dict[str, int]:
    """The number of layers of each network and rival, from the names of its tensors."""
    found: dict[str, set[str]] = {prefix: set() for prefix in prefixes}
    for key in header.keys() - {"__metadata__"}:
        before, dot, name = key.rpartition(".")
        require(before + dot in found, f"is not valid: its tensors are not {WANTED}")
        if name not in TENSORS and name not in ERRORS:
            found[before + dot].add(name)
    layers = {prefix: len(names) // 2 for prefix, names in found.items()}
    for prefix, n in layers.items():
        require(
            n and found[prefix] == {f"{letter}{layer}" for letter in "Wb" for layer in _of(n)},
            f"is not valid: its tensors are not {WANTED}",
        )
    return layers


def _of(layers: int) -> range:
    return range(2, layers + 2)


def _network(
    entry: Any,
    tensors: Mapping[str, np.ndarray],
    prefix: str,
    layers: Mapping[str, int],
    *,
    runs: bool,
) -> Contents:
    weights, biases = _matrices(tensors, prefix, layers[prefix])
    inputs, outputs = weights[0].shape[1], weights[-1].shape[0]
    rivals = []
    for i, activations in enumerate(entry.get("rivals", [])):
        own = prefix + rival_prefix(i)
        W, b = _matrices(tensors, own, layers[own])
        rivals.append(StoredRival(W, b, _activations(activations, [*map(len, b)], runs=runs)))
    known = {name: tensors[prefix + name] for name in TENSORS if prefix + name in tensors}
    errors = {name: tensors[prefix + name] for name in ERRORS if prefix + name in tensors}
    return Contents(
        weights,
        biases,
        _activations(entry["activations"], [len(b) for b in biases], runs=runs),
        _names(entry["input_names"], "input_names", inputs),
        _names(entry["output_names"], "output_names", outputs),
        restored(entry.get("card"), known, inputs, outputs),
        restored_posterior(entry.get("posterior"), errors, inputs, outputs, rivals),
    )


def _matrices(
    tensors: Mapping[str, np.ndarray], prefix: str, layers: int
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """W[l] and b[l] of a network, which chain."""
    weights = tuple(tensors[f"{prefix}W{layer}"] for layer in _of(layers))
    biases = tuple(tensors[f"{prefix}b{layer}"] for layer in _of(layers))
    _check_chain(weights, biases)
    return weights, biases


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
    if not isinstance(metadata, dict) or metadata.get("format") not in {FORMAT, ENSEMBLE}:
        message = "is not a model file of slopenet: its metadata name another format, or none"
        raise ModelFileError(message)
    version = str(metadata.get("version"))
    require(
        version == metadata.get("version") and re.fullmatch("[1-9][0-9]{0,8}", version),
        "is not valid: its format version is not a whole number",
    )
    require(
        version in ENTRIES,
        f"was written by a newer slopenet (file format {version}, this one reads {VERSION} and"
        " older): update slopenet",
    )
    own = ENTRIES[version] if metadata["format"] == FORMAT else ("networks",)
    wanted = {"format", "version", "checksum", *own}
    require(
        metadata.keys() == wanted and all(isinstance(v, str) for v in metadata.values()),
        f"is not valid: its metadata are not the texts {', '.join(sorted(wanted))}",
    )
    return metadata


def _array(key: str, dtype: str, shape: Sequence[int], data: bytearray) -> np.ndarray:
    """View the bytes of one tensor as a read-only array; all but those of a card are finite."""
    require(dtype in DTYPES, f"is not valid: {key} is neither float64 nor float32")
    name = key.rpartition(".")[2]
    free = name in TENSORS or name in ERRORS
    dimensions = len(shape) if free else 2 if name[0] == "W" else 1
    require(
        0 not in shape and len(shape) == dimensions,
        f"is not valid: {key} has the shape {tuple(shape[:9])}",
    )
    array: np.ndarray = np.frombuffer(data, dtype=DTYPES[dtype]).reshape(shape)
    # Reductions need no memory, unlike isfinite of the whole array.
    finite = name in TENSORS or (np.isfinite(array.min()) and np.isfinite(array.max()))
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


def _activations(rows: Any, units: Sequence[int], *, runs: bool) -> tuple[StoredLayer, ...]:
    require(
        isinstance(rows, list) and len(rows) == len(units),
        f"is not valid: it does not give an activation for each of its {len(units)} layers",
    )
    return tuple(
        _runs(row, count)
        if runs and isinstance(row, list) and row and isinstance(row[0], list)
        else _activation(row)
        for row, count in zip(rows, units, strict=True)
    )


def _activation(row: Any) -> StoredActivation:
    match row:
        case [str(name), [*parameters]]:
            right = all(isinstance(p, float) and math.isfinite(p) for p in parameters)
        case _:
            right = False
    require(right, "is not valid: an activation is not a name with a list of finite numbers")
    return name, tuple(parameters)


def _runs(rows: list[Any], units: int) -> StoredRuns:
    """Two or more activations with their numbers of units, of which neighbours differ."""
    found: list[tuple[str, tuple[float, ...], int]] = []
    for row in rows:
        count: Any = row[-1] if isinstance(row, list) and len(row) == 3 else None
        require(
            isinstance(count, float) and count.is_integer() and 1 <= count <= units,
            "is not valid: a run is not an activation with a number of units",
        )
        name, parameters = _activation(row[:-1])
        require(
            not found or found[-1][:2] != (name, parameters),
            "is not valid: two neighbouring runs have the same activation",
        )
        found.append((name, parameters, int(count)))
    require(
        len(found) > 1 and sum(count for *_, count in found) == units,
        f"is not valid: the runs of a layer are not those of its {units} units",
    )
    return tuple(found)


def _names(names: Any, key: str, width: int) -> tuple[str, ...] | None:
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

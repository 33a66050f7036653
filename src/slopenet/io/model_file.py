"""The model file: a safetensors file whose every bit is under one checksum.

The tensors are ``W2, b2, W3, b3, ..., WL, bL``, layer l = 2..L of the derivation, all float64 or
all float32. The metadata, text throughout, are

==================  ===========================================================================
``format``          ``slopenet``
``version``         of this layout, a whole number; every later version keeps the checksum rule
``activations``     JSON, one ``[name, [parameter, ...]]`` a layer
``input_names``     JSON, one name a component of x, or ``null``
``output_names``    JSON, one name a component of H(x), or ``null``
``checksum``        SHA-256 of the whole file with these 64 digits themselves as zeros
==================  ===========================================================================

A file is data from a stranger. Nothing is parsed before the checksum agrees, nothing in it is run,
no other file is read, and reading takes no more memory than twice the file's size and 16 MiB.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import secrets
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors

FORMAT = "slopenet"
VERSION = "1"

_METADATA = {"format", "version", "activations", "input_names", "output_names", "checksum"}
_DTYPES: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4")}
_KEY = b'"checksum":"'
_ZEROS = b"0" * 64

# A header takes up to 40 times the room of its text once read, which so stays within 16 MiB.
_HEADER_LIMIT = 2**18

Activation = tuple[str, tuple[float, ...]]


class ModelFileError(ValueError):
    """A file that is no model of ours: damaged, hostile, foreign or too new. One sentence why."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What a model file holds, right in form; if an activation exists, the network knows.

    Attributes
    ----------
    weights : tuple of ndarray
        W[l] of shape (n_l, n_{l-1}), l = 2..L; finite, read-only, shared with nobody.
    biases : tuple of ndarray
        b[l] of shape (n_l,); likewise.
    activations : tuple of (str, tuple of float)
        Name and parameters of σ, one a layer.
    input_names, output_names : tuple of str, or None
        n_1 and n_L labels.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[Activation, ...]
    input_names: tuple[str, ...] | None
    output_names: tuple[str, ...] | None


def write(  # noqa: PLR0917
    path: str | os.PathLike[str],
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Activation],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> None:
    """Write a model file in one step: a failure or Ctrl-C leaves the old file as it was.

    The same network gives the same bytes. A symbolic link is followed, and stays.

    Parameters
    ----------
    path : path
        Of the file; one that is there is replaced.
    weights, biases, activations, input_names, output_names
        As in `Contents`.

    Raises
    ------
    ModelFileError
        If `path` is there and no regular file, or if `read` would refuse what is to be written.
    OSError
        If the file cannot be written.
    """
    tensors: dict[str, np.ndarray] = {}
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=2):
        tensors |= {f"W{layer}": W, f"b{layer}": b}
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "activations": json.dumps(activations),
        "input_names": json.dumps(input_names),
        "output_names": json.dumps(output_names),
        "checksum": _ZEROS.decode(),
    }
    try:
        raw = _serialise(tensors, metadata)
        _parse(raw)
        _replace(Path(os.path.realpath(path)), raw)
    except ModelFileError as error:
        raise ModelFileError(f"cannot save: {os.fspath(path)} {error}") from error
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise


def read(path: str | os.PathLike[str]) -> Contents:
    """Read a model file.

    Raises
    ------
    ModelFileError
        Whatever is wrong with the file itself.
    OSError
        If the file is missing or cannot be read.
    """
    try:
        return _parse(_read_bytes(path))
    except MemoryError as error:
        raise ModelFileError(f"{os.fspath(path)} needs more memory than there is") from error
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)} {error}") from error


def _require(holds: object, sentence: str) -> None:
    if not holds:
        raise ModelFileError(sentence)


def _serialise(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Lay out a safetensors file, in a fixed order: the package orders metadata at random."""
    kinds = {dtype.newbyteorder("="): kind for kind, dtype in _DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": metadata}
    data: list[bytes] = []
    begin = 0
    for key, array in tensors.items():
        kind = kinds[array.dtype]
        data.append(array.astype(_DTYPES[kind]).tobytes())
        end = begin + len(data[-1])
        header[key] = {"dtype": kind, "shape": array.shape, "data_offsets": (begin, end)}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    length = len(text).to_bytes(8, "little")
    digest = _digest(length, text, *data)
    return b"".join([length, text.replace(_KEY + _ZEROS, _KEY + digest, 1), *data])


def _digest(*parts: bytes | memoryview) -> bytes:
    """SHA-256 of the parts, one behind the other, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode("ascii")


def _parse(raw: bytes) -> Contents:
    text = raw[8 : 8 + _header_length(raw[:8], len(raw))]
    checksum = _verified_checksum(raw, text)
    header = _json(text, "header")
    metadata = _metadata(header)
    _require(
        metadata["checksum"].encode() == checksum,
        "is not valid: its checksum stands in the wrong place",
    )
    keys = header.keys() - {"__metadata__"}
    layers = range(2, len(keys) // 2 + 2)
    _require(
        layers and keys == {f"{letter}{layer}" for letter in "Wb" for layer in layers},
        "is not valid: its tensors are not W2, b2 and so on, a weight and a bias a layer",
    )
    try:
        # Holds every shape and offset against the bytes that are there before it copies any.
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


def _header_length(start: bytes, size: int) -> int:
    _require(size >= 8, f"is not a model file: it has {size} bytes")
    length = int.from_bytes(start, "little")
    _require(
        length <= _HEADER_LIMIT,
        f"is not a model file: it begins with a header of {length} bytes, and {_HEADER_LIMIT} "
        "is the most (very many or long names can take them)",
    )
    _require(length <= size - 8, f"is cut short: its header alone has {length} bytes")
    return length


def _verified_checksum(raw: bytes, text: bytes) -> bytes:
    # Inside a JSON text a quotation mark stands behind a backslash: only a key can match.
    _require(text.count(_KEY) == 1, "is not a model file: it has no checksum of slopenet")
    start = 8 + text.index(_KEY) + len(_KEY)
    view = memoryview(raw)
    checksum = _digest(view[:start], _ZEROS, view[start + 64 :])
    _require(raw[start : start + 64] == checksum, "is damaged: its checksum does not agree")
    return checksum


def _json(text: str | bytes, what: str) -> Any:
    """Parse JSON strictly: UTF-8, no key twice, no NaN, every number a float."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
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
    _require(
        isinstance(version, str) and re.fullmatch("[1-9][0-9]{0,8}", version),
        "is not valid: its format version is not a whole number",
    )
    _require(
        version == VERSION,
        f"was written by a newer slopenet (file format {version}, this one reads {VERSION}): "
        "update slopenet",
    )
    _require(
        metadata.keys() == _METADATA and all(isinstance(v, str) for v in metadata.values()),
        f"is not valid: its metadata are not the texts {', '.join(sorted(_METADATA))}",
    )
    return metadata


def _array(key: str, dtype: str, shape: Sequence[int], data: bytearray) -> np.ndarray:
    """View one tensor's bytes as a read-only array, every number in it finite."""
    _require(dtype in _DTYPES, f"is not valid: {key} is neither float64 nor float32")
    _require(
        0 not in shape and len(shape) == (2 if key[0] == "W" else 1),
        f"is not valid: {key} has the shape {tuple(shape[:9])}",
    )
    array: np.ndarray = np.frombuffer(data, dtype=_DTYPES[dtype]).reshape(shape)
    # Reductions need no memory; isfinite of the whole array would.
    finite = np.isfinite(array.min()) and np.isfinite(array.max())
    _require(finite, f"is not valid: {key} holds NaN or infinity")
    array.flags.writeable = False
    return array


def _check_chain(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> None:
    width = weights[0].shape[1]
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=2):
        _require(
            W.shape == (b.size, width),
            f"is not valid: its layers do not chain, as W{layer} has the shape {W.shape} and "
            f"b{layer} {b.shape} behind a layer of width {width}",
        )
        width = b.size
    dtypes = {array.dtype for array in (*weights, *biases)}
    _require(len(dtypes) == 1, "is not valid: it mixes float64 and float32")


def _activations(metadata: Mapping[str, str], layers: int) -> tuple[Activation, ...]:
    rows = _json(metadata["activations"], "activations")
    _require(
        isinstance(rows, list) and len(rows) == layers,
        f"is not valid: it does not give an activation for each of its {layers} layers",
    )
    for row in rows:
        match row:
            case [str(), [*parameters]]:
                right = all(isinstance(p, float) and math.isfinite(p) for p in parameters)
            case _:
                right = False
        _require(right, "is not valid: an activation is not a name with a list of finite numbers")
    return tuple((name, tuple(parameters)) for name, parameters in rows)


def _names(metadata: Mapping[str, str], key: str, width: int) -> tuple[str, ...] | None:
    names = _json(metadata[key], key)
    if names is None:
        return None
    _require(
        isinstance(names, list) and all(isinstance(name, str) for name in names),
        f"is not valid: its {key} are not a list of texts",
    )
    _require(len(names) == width, f"is not valid: it has {len(names)} {key} for {width} columns")
    _require(
        not re.search("[\ud800-\udfff]", "".join(names)),
        f"is not valid: its {key} hold half a character (a lone surrogate)",
    )
    return tuple(names)


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    # O_NONBLOCK, as a FIFO would keep us waiting; what was opened decides, not what it is called.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        _require(stat.S_ISREG(status.st_mode), "is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            _header_length(file.read(8), status.st_size)
            file.seek(0)
            content: bytes = file.read(status.st_size)
            return content
    finally:
        os.close(descriptor)


def _replace(target: Path, raw: bytes) -> None:
    """Put the bytes in the file's place at once, or leave all as it was."""
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = target.stat().st_mode
        _require(stat.S_ISREG(mode), "is not a regular file")
    temporary = target.with_name(f".slopenet-{secrets.token_hex(8)}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    finally:
        # Once more, as a second Ctrl-C may have cut the first clean-up off.
        temporary.unlink(missing_ok=True)

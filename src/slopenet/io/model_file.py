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

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slopenet.io.contents import Contents, ModelFileError, StoredActivation, require
from slopenet.io.files import regular, replacing
from slopenet.io.layout import ZEROS, header_length, serialise
from slopenet.io.parse import FORMAT, VERSION, parse

__all__ = ["FORMAT", "VERSION", "Contents", "ModelFileError", "read", "write"]


def write(  # noqa: PLR0917
    path: str | os.PathLike[str],
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[StoredActivation],
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
        "checksum": ZEROS.decode(),
    }
    try:
        raw = serialise(tensors, metadata)
        parse(raw)
        target = Path(path)
        require(target.is_file() or not target.exists(), "is not a regular file")
        with replacing(target) as file:
            file.write(raw)
    except ModelFileError as error:
        raise ModelFileError(f"cannot save: {os.fspath(path)} {error}") from error


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
        return parse(_read_bytes(path))
    except MemoryError as error:
        raise ModelFileError(f"{os.fspath(path)} needs more memory than there is") from error
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)} {error}") from error


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        file, size = opened
        header_length(file.read(8), size)
        file.seek(0)
        return file.read(size)

"""The model file: a safetensors file with one checksum over all its bits.

The tensors are ``W2, b2, W3, b3, ..., WL, bL``, layer l = 2..L of the derivation, all float64 or
all float32. The metadata, all text, are

==================  ===========================================================================
``format``          ``slopenet``
``version``         of this layout, a whole number; every later version keeps the checksum rule
``activations``     JSON, one ``[name, [parameter, ...]]`` per layer
``input_names``     JSON, one name per component of x, or ``null``
``output_names``    JSON, one name per component of H(x), or ``null``
``checksum``        SHA-256 of the whole file, computed with these 64 digits set to zero
==================  ===========================================================================

A file is untrusted data. Nothing is parsed before the checksum agrees, no code in it runs, no other
file is read, and reading needs at most twice the size of the file plus 16 MiB of memory.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slopenet.io.contents import Activation, Contents, ModelFileError, require
from slopenet.io.files import regular, replacing
from slopenet.io.layout import ZEROS, header_length, serialise
from slopenet.io.parse import FORMAT, VERSION, parse

__all__ = ["FORMAT", "VERSION", "Contents", "ModelFileError", "read", "write"]


def write(  # noqa: PLR0917
    path: str | os.PathLike[str],
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[Activation],
    input_names: Sequence[str] | None,
    output_names: Sequence[str] | None,
) -> None:
    """Write a model file atomically: a failure or Ctrl-C leaves the old file unchanged.

    The same network gives the same bytes. A symbolic link is followed and kept.

    Parameters
    ----------
    path : path
        The file; an existing one is replaced.
    weights, biases, activations, input_names, output_names
        As in `Contents`.

    Raises
    ------
    ModelFileError
        If `path` exists and is not a regular file, or if `read` would refuse the result.
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
        If the file is not a valid model file.
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

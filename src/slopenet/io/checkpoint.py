"""A checkpoint: named float64 arrays and plain values in one file, written atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular, replacing
from slopenet.io.layout import ZEROS, header_length, serialise, verified_checksum

FORMAT = "slopenet checkpoint"


class CheckpointError(ValueError):
    """A file is not a checkpoint, is damaged, or belongs to another run."""


def write(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], values: Any) -> None:
    """Replace the last checkpoint; a kill at any moment leaves either the old or the new one."""
    metadata = {"format": FORMAT, "values": json.dumps(values), "checksum": ZEROS.decode()}
    raw = serialise(arrays, metadata)
    with replacing(path) as file:
        file.write(raw)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], Any]:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is not a valid checkpoint.
    OSError
        If it cannot be read.
    """
    import safetensors.numpy

    try:
        raw = _read_bytes(path)
        length = header_length(raw[:8], len(raw))
        verified_checksum(raw, raw[8 : 8 + length])
        metadata = json.loads(raw[8 : 8 + length])["__metadata__"]
        require(metadata["format"] == FORMAT, "is not a checkpoint")
        return safetensors.numpy.load(raw), json.loads(metadata["values"])
    except (ModelFileError, safetensors.SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{os.fspath(path)} {error}") from error


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        return opened[0].read(opened[1])

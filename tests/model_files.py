"""Model files that tests write: a small network, and forged files whose checksum agrees."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slopenet.io import model_file
from slopenet.io.model_file import ModelFileError

SIZES = (2, 3, 1)
ACTIVATIONS = (("leaky_relu", (0.2,)), ("identity", ()))
INPUT_NAMES = ("T", 'a "checksum":"' + "0" * 64 + '" °C \\ \n')
OUTPUT_NAMES = ("ρ",)
MIB = 2**20


def arrays(
    sizes: tuple[int, ...] = SIZES, dtype: type[np.floating[Any]] = np.float64
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(n, m)).astype(dtype) for m, n in pairwise(sizes)]
    biases = [rng.normal(size=n).astype(dtype) for n in sizes[1:]]
    return weights, biases


def save(path: Path, **changed: Any) -> None:
    weights, biases = arrays()
    fields = {
        "weights": weights,
        "biases": biases,
        "activations": ACTIVATIONS,
        "input_names": INPUT_NAMES,
        "output_names": OUTPUT_NAMES,
    }
    model_file.write(path, **(fields | changed))


def signed(text: bytes, data: bytes = b"") -> bytes:
    """Put together a file with a checksum that agrees, whatever the rest is."""
    raw = len(text).to_bytes(8, "little") + text + data
    digest = hashlib.sha256(raw).hexdigest().encode()
    return raw.replace(b'"checksum":"' + b"0" * 64, b'"checksum":"' + digest, 1)


def header(metadata: dict[str, Any] | None = None, **tensors: Any) -> bytes:
    """Write the header of the small network, with changes; None takes an entry away."""
    entries = {
        "format": "slopenet",
        "version": "1",
        "activations": '[["tanh",[]],["identity",[]]]',
        "input_names": "null",
        "output_names": "null",
        "checksum": "0" * 64,
    } | (metadata or {})
    parts: dict[str, Any] = {
        "__metadata__": {key: value for key, value in entries.items() if value is not None},
        "W2": {"dtype": "F64", "shape": [3, 2], "data_offsets": [0, 48]},
        "b2": {"dtype": "F64", "shape": [3], "data_offsets": [48, 72]},
        "W3": {"dtype": "F64", "shape": [1, 3], "data_offsets": [72, 96]},
        "b3": {"dtype": "F64", "shape": [1], "data_offsets": [96, 104]},
    } | tensors
    parts = {key: value for key, value in parts.items() if value is not None}
    return json.dumps(parts, separators=(",", ":")).encode()


def tensor(shape: list[Any], begin: int, end: int, dtype: str = "F64") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


DATA = np.arange(13.0).tobytes()


def refusal(path: Path, raw: bytes) -> str:
    """Return the sentence with which the bytes are refused."""
    path.write_bytes(raw)
    with pytest.raises(ModelFileError) as caught:
        model_file.read(path)
    return str(caught.value)

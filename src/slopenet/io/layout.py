"""The bytes of a model file: a safetensors file with the checksum of the whole in its metadata."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from slopenet.io.contents import require

DTYPES: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4")}
KEY = b'"checksum":"'
ZEROS = b"0" * 64

# A parsed header needs up to 40 times the memory of its text; this keeps it within 16 MiB.
_HEADER_LIMIT = 2**18
# No file begins with the length of such a header, but text and other binary files do.
_ABSURD = 2**40


def serialise(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Lay out a safetensors file in a fixed order, since the package orders metadata randomly."""
    kinds = {dtype.newbyteorder("="): kind for kind, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": metadata}
    data: list[bytes] = []
    begin = 0
    for key, array in tensors.items():
        kind = kinds[array.dtype]
        data.append(array.astype(DTYPES[kind]).tobytes())
        end = begin + len(data[-1])
        header[key] = {"dtype": kind, "shape": array.shape, "data_offsets": (begin, end)}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    length = len(text).to_bytes(8, "little")
    checksum = _digest(length, text, *data)
    return b"".join([length, text.replace(KEY + ZEROS, KEY + checksum, 1), *data])


def _digest(*parts: bytes | memoryview) -> bytes:
    """SHA-256 of the concatenated parts, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode("ascii")


def header_length(start: bytes, size: int) -> int:
    """Length of the JSON header, checked against the size of the file."""
    require(size >= 8, f"is not a model file: it has {size} bytes")
    length = int.from_bytes(start, "little")
    require(
        length <= _ABSURD,
        "is not a model file, nor one of ONNX, Keras (.keras, .h5), NNet (.nnet) or n2p2"
        " (weights.001.data)",
    )
    require(
        length <= _HEADER_LIMIT,
        f"is not a model file: it begins with a header of {length} bytes, and {_HEADER_LIMIT} "
        "is the most (very many or long names can take them)",
    )
    require(length <= size - 8, f"is cut short: its header alone has {length} bytes")
    return length


def verified_checksum(raw: bytes, text: bytes) -> bytes:
    """Find the checksum in the header `text`, and verify the whole file."""
    # Inside a JSON string a quotation mark follows a backslash, so only a key can match.
    require(text.count(KEY) == 1, "is not a model file: it has no checksum of slopenet")
    start = 8 + text.index(KEY) + len(KEY)
    view = memoryview(raw)
    checksum = _digest(view[:start], ZEROS, view[start + 64 :])
    require(raw[start : start + 64] == checksum, "is damaged: its checksum does not agree")
    return checksum

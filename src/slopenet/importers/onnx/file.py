"""ONNX files as data from a stranger: nothing is allocated before the bytes for it are there."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular

_LARGEST = 2**31 - 1  # bytes, of any protobuf
_MOST_AXES = 8
# Kinds of TensorProto.DataType: how raw bytes are read, and the field that may contain numbers.
_KINDS = {
    1: ("<f4", "float_data"),
    11: ("<f8", "double_data"),
    10: ("<f2", "int32_data"),
    16: ("<u2", "int32_data"),  # bfloat16: the upper half of a float32
    6: ("<i4", "int32_data"),
    7: ("<i8", "int64_data"),
    9: ("?", "int32_data"),
}
_HALVES = (10, 16)
DOUBLE = 11
REAL = (1, *_HALVES, DOUBLE)


def read_model(path: str | os.PathLike[str]) -> Any:
    """Return the ModelProto of a file; external data are not read.

    Raises
    ------
    ModelFileError
        If the file is damaged, or no ONNX model.
    OSError
        If it cannot be read.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        file, size = opened
        require(0 < size <= _LARGEST, f"is not an ONNX model: it has {size} bytes")
        raw = file.read(size)
    try:
        model = ModelProto.FromString(raw)
    except DecodeError as error:
        raise ModelFileError("is damaged, or not an ONNX model: not such a protobuf") from error
    require(model.HasField("graph"), "is not an ONNX model: there is no graph in it")
    return model


def array_of(tensor: Any, folder: Path | None, budget: Budget) -> Floats:
    """Return a TensorProto as an array; numbers in other files must be in `folder`.

    Raises
    ------
    ModelFileError
        If it has more or fewer bytes than its shape asks for, or lies outside the folder.
    """
    name = f"tensor {str(tensor.name)[:80]!r}"
    require(tensor.data_type in _KINDS, f"{name} has data type {tensor.data_type}, no real numbers")
    require(not tensor.HasField("segment"), f"{name} is a segment of another one")
    shape = tuple(tensor.dims)
    require(
        len(shape) <= _MOST_AXES and all(n >= 0 for n in shape),
        f"{name} has the shape {shape[: _MOST_AXES + 1]}",
    )
    kind, field = _KINDS[tensor.data_type]
    if tensor.data_location != 1:
        present = len(tensor.raw_data) or len(getattr(tensor, field))
        # Halves become float32.
        budget.spend(present * 8 if tensor.data_type in _HALVES else present, name)
    if tensor.data_location == 1:
        wanted = math.prod(shape) * np.dtype(kind).itemsize
        raw = _external(name, tensor.external_data, wanted, folder, budget)
        return _converted(np.frombuffer(raw, kind), tensor.data_type).reshape(shape)
    if tensor.HasField("raw_data"):
        raw = tensor.raw_data
        present = len(raw) // np.dtype(kind).itemsize
        require(
            present == math.prod(shape) and len(raw) % np.dtype(kind).itemsize == 0,
            f"{name} has {len(raw)} bytes, which are not an array of the shape {shape}",
        )
        return _converted(np.frombuffer(raw, kind), tensor.data_type).reshape(shape)
    numbers = getattr(tensor, field)
    require(
        len(numbers) == math.prod(shape),
        f"{name} has {len(numbers)} numbers, which are not an array of the shape {shape}",
    )
    if tensor.data_type in _HALVES:
        bits = np.array(numbers, np.int64)
        require(not ((bits < 0) | (bits > 0xFFFF)).any(), f"{name} has halves of more than 16 bits")
        array = bits.astype("<u2").view(kind)
    else:
        array = np.array(numbers, kind)
    return _converted(array, tensor.data_type).reshape(shape)


def _converted(array: Floats, data_type: int) -> Floats:
    """Halves as float32, which holds them exactly."""
    if data_type == 16:
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32) if data_type == 10 else array


def _external(name: str, entries: Any, wanted: int, folder: Path | None, budget: Budget) -> bytes:
    """Return bytes of a file in `folder`: no way out of it is followed, no link either."""
    place = {entry.key: entry.value for entry in entries}
    location = place.get("location", "")
    if folder is None:
        message = f"{name} lies in the file {location[:80]!r}; pass the path of the model instead"
        raise ModelFileError(message)
    try:
        offset = int(place.get("offset", 0))
        length = int(place.get("length", wanted))
        path = folder / location
        inside = Path(os.path.realpath(path)) == Path(os.path.realpath(folder)) / location
    except (ValueError, OSError) as error:  # a number that is none; a NUL in a path
        raise ModelFileError(f"{name} lies nowhere that can be read") from error
    require(
        inside
        and location
        and ".." not in Path(location).parts
        and not Path(location).is_absolute(),
        f"{name} lies outside the model's folder, or is reached by a link: {location[:80]!r}",
    )
    require(length == wanted, f"{name} says {length} bytes, and {wanted} are needed")
    try:
        with regular(path) as opened:
            if opened is None:
                raise ModelFileError(f"{name} lies in {location[:80]!r}, no regular file")
            file, size = opened
            require(
                offset >= 0 and offset + wanted <= size,
                f"{name} needs {wanted} bytes at {offset} of {location[:80]!r}, which has {size}",
            )
            budget.add_file(os.path.realpath(path), size)
            budget.spend(wanted, name)
            file.seek(offset)
            return file.read(wanted)
    except OSError as error:
        raise ModelFileError(f"{name} lies in {location[:80]!r}: {error.strerror}") from error

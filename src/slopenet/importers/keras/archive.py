"""Files of Keras as data from a stranger: the configuration and the numbers, each limited in size.

A ``.keras`` file is a zip of ``config.json`` and ``model.weights.h5``; an ``.h5`` file has the
configuration as an attribute.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers.keras import hdf5
from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular

_ZIP = b"PK\x03\x04"
_DAMAGES: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    LookupError,
)
_DAMAGES += (RuntimeError, ValueError)
_LARGEST_CONFIG = 2**22  # bytes; Python's objects of it take some twenty times as many
_WEIGHTS = "model.weights.h5"
_NO_LAYERS = "its model is of a class of its own, or an older Keras wrote it"
_WEIGHTS_ALONE = (
    "has weights and no layers, as save_weights writes; it does not say which activations are"
    " between them: with h5py.File({path!r}) as file: sn.from_state_dict(file, activation)"
)


@dataclass(frozen=True)
class Archive:
    """The contents of a file.

    Attributes
    ----------
    config : mapping
        The model: class_name, config.
    arrays : mapping of str to ndarray
        By their path: ``dense/vars/0``, or in .h5 files ``dense/dense/kernel:0``.
    numbered : bool
        Whether arrays are named by their number.
    budget : Budget
        Of the import.
    """

    config: Mapping[str, Any]
    arrays: Mapping[str, Floats]
    numbered: bool
    budget: Budget


def read(path: Path) -> Archive:
    """Return the contents of a .keras or .h5 file.

    Raises
    ------
    ModelFileError
        If it is damaged or hostile, or has weights alone.
    OSError
        If it cannot be read.
    """
    with regular(path) as given:
        if given is None:
            raise ModelFileError("is not a regular file")
        file, size = given
        budget = Budget(size)
        is_zip = file.read(len(_ZIP)) == _ZIP
        file.seek(0)
        return _zipped(file, budget) if is_zip else _legacy(path, file, size, budget)


def _zipped(file: BinaryIO, budget: Budget) -> Archive:
    try:
        with zipfile.ZipFile(file) as archive:
            config = _member(archive, "config.json", _LARGEST_CONFIG, budget)
            weights = _member(archive, _WEIGHTS, budget.left, budget)
    except _DAMAGES as error:
        if isinstance(error, ModelFileError):
            raise
        said = " ".join(str(error).split())[:200]
        raise ModelFileError(f"is damaged, or not a file of Keras: {said}") from error
    with hdf5.opened(io.BytesIO(weights)) as root:
        layers = hdf5.member(root, "layers")
        require(layers is not None, f"has no layers in {_WEIGHTS}; {_NO_LAYERS}")
        arrays = hdf5.arrays(layers, len(weights))
    return Archive(_parsed(config), arrays, numbered=True, budget=budget)


def _member(archive: zipfile.ZipFile, name: str, limit: int, budget: Budget) -> bytes:
    """Bytes of one file of a zip, unless it says that it has more than `limit`."""
    found = [entry for entry in archive.infolist() if entry.filename == name]
    require(len(found) == 1, f"is not a file of Keras: it has {len(found)} of {name}")
    (entry,) = found
    require(entry.file_size <= limit, f"has {name} of {entry.file_size} bytes; {limit} are read")
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    require(entry.compress_type in known, f"has {name} compressed in another way than deflate")
    require(not entry.flag_bits & 1, f"has {name} under a password")
    budget.spend(entry.file_size, name)
    with archive.open(entry) as member:
        contents = member.read(entry.file_size + 1)
    require(len(contents) == entry.file_size, f"is damaged: {name} is cut off")
    return contents


def _legacy(path: Path, file: BinaryIO, size: int, budget: Budget) -> Archive:
    with hdf5.opened(file) as root:
        config = hdf5.text(root, "model_config")
        require(config is not None, _WEIGHTS_ALONE.format(path=str(path)))
        weights = hdf5.member(root, "model_weights")
        require(weights is not None, "has no weights")
        arrays = hdf5.arrays(weights, size)
    budget.spend(sum(array.nbytes for array in arrays.values()), "its arrays")
    return Archive(
        _parsed(str(config).encode(errors="replace")), arrays, numbered=False, budget=budget
    )


def _parsed(config: bytes) -> Mapping[str, Any]:
    require(len(config) <= _LARGEST_CONFIG, f"describes its layers in {len(config)} bytes")
    try:
        parsed = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("is damaged: the description of its layers is not JSON") from error
    require(isinstance(parsed, dict), "is damaged: the description of its layers is none")
    return dict(parsed)

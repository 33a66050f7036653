"""HDF5 files as data from a stranger: only numbers in the file itself are read.

HDF5 can point from one file into any other (external storage, external links, virtual datasets),
and promise more numbers than a file has bytes (fill values, compression). Keras uses neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from slopenet._types import Floats
from slopenet.io.contents import ModelFileError, require
from slopenet.maps.affine import UnsupportedNetworkError

_MOST_OBJECTS = 20_000
_DEEPEST = 64


@contextmanager
def opened(file: BinaryIO) -> Iterator[Any]:
    """Yield the root group of an HDF5 file, and close it afterwards.

    Raises
    ------
    ModelFileError
        In place of whatever h5py raises for a damaged file.
    ImportError
        If h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        message = "files of Keras need h5py: pip install h5py"
        raise ImportError(message) from error
    try:
        with h5py.File(file, "r") as root:
            yield root
    except (ModelFileError, UnsupportedNetworkError):
        raise
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise ModelFileError(f"is damaged, or not an HDF5 file: {said}") from error


def member(group: Any, name: str) -> Any:
    """Return a member of a group that is in the file itself, or None if there is none.

    Raises
    ------
    ModelFileError
        If it is a link to somewhere else.
    """
    import h5py

    link = group.get(name, getlink=True)
    if link is None:
        return None
    kind = type(link).__name__
    require(type(link) is h5py.HardLink, f"has a link, {_shown(name)} ({kind}), that is not read")
    return group[name]


def text(group: Any, name: str) -> str | None:
    """Return an attribute that is one text, or None if there is none."""
    if name not in group.attrs:
        return None
    kind = group.attrs.get_id(name)
    require(kind.shape == () and kind.dtype.kind in "OS", f"its attribute {name} is not a text")
    value = group.attrs[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def arrays(group: Any, size: int) -> dict[str, Floats]:
    """Return all real numbers below a group by their path, in the order of the file.

    Parameters
    ----------
    group : h5py.Group
    size : int
        Bytes of the file. All arrays together are not larger.

    Raises
    ------
    ModelFileError
        If a part of it is not in the file itself, before any number is read.
    """
    found = dict(_datasets(group))
    total = sum(_size(path, dataset) for path, dataset in found.items())
    require(total <= size, f"promises {total} bytes of numbers, and has {size} bytes")
    return {
        path: np.asarray(dataset[()])
        for path, dataset in found.items()
        if dataset.dtype.kind == "f"
    }


def weights(group: Any) -> Iterator[tuple[str, Floats]]:
    """Yield arrays of an open file of weights of Keras, layers in the order that it says."""
    names = group.attrs.get("layer_names", ())
    order = {
        name.decode() if isinstance(name, bytes) else str(name): i for i, name in enumerate(names)
    }
    found = arrays(group, int(group.file.id.get_filesize()))
    for path in sorted(found, key=lambda path: order.get(path.partition("/")[0], -1)):
        yield path, found[path]


def _datasets(root: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    left = [("", root)]
    seen = 0
    while left:
        path, here = left.pop()
        seen += 1
        require(seen <= _MOST_OBJECTS, f"has more than {_MOST_OBJECTS} groups and arrays")
        require(path.count("/") < _DEEPEST, f"has groups more than {_DEEPEST} deep")
        if isinstance(here, h5py.Group):
            require(len(here) <= _MOST_OBJECTS, f"has more than {_MOST_OBJECTS} groups and arrays")
            names = [f"{path}/{name}" if path else name for name in here]
            inside = [(name, member(here, name.rpartition("/")[2])) for name in names]
            left += reversed(inside)
        elif isinstance(here, h5py.Dataset):
            yield path, here
        else:
            raise ModelFileError(f"has {_shown(path)}, neither a group nor an array")


def _size(path: str, dataset: Any) -> int:
    """Bytes of an array, all of them in the file itself."""
    import h5py

    name = f"has the array {_shown(path)}, which"
    settings = dataset.id.get_create_plist()
    require(not settings.get_external_count(), f"{name} lies in another file")
    require(settings.get_layout() != h5py.h5d.VIRTUAL, f"{name} is made of parts of other files")
    require(not settings.get_nfilters(), f"{name} is compressed, which Keras does not do")
    kind = dataset.dtype
    real = kind.kind in "fiub" and kind.itemsize <= 8
    require(real, f"{name} has no real numbers, but {kind}")
    size = int(dataset.id.get_space().get_simple_extent_npoints()) * kind.itemsize
    require(dataset.id.get_storage_size() >= size, f"{name} is {size} bytes large, and has fewer")
    return int(size)


def _shown(name: str) -> str:
    return repr(name[:80])

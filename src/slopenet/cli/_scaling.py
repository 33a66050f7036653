"""Scalings in a JSON or TOML file, which may come from a stranger."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from slopenet.io.contents import ModelFileError, require
from slopenet.io.files import regular
from slopenet.maps.scaling import PARTS

_LARGEST = 2**24  # bytes
_KEYS = ("input_scaling", "output_scaling")


def read_scaling(path: Path) -> dict[str, dict[str, Any]]:
    """Return `input_scaling` and `output_scaling` of a file, as `Network.scaled` takes them.

    Raises
    ------
    ModelFileError
        If the file is too large, damaged, or contains anything else than named numbers.
    OSError
        If it cannot be read.
    """
    try:
        return _checked(_parsed(path))
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from error


def _parsed(path: Path) -> Any:
    with regular(path) as opened:
        if opened is None:
            raise ModelFileError("is not a regular file")
        file, size = opened
        require(size <= _LARGEST, f"has {size} bytes; scalings of up to {_LARGEST} are read")
        raw = file.read(size)
    kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
    try:
        text = raw.decode()
        if kind == "TOML":
            return tomllib.loads(text)
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
    except ModelFileError:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        said = " ".join(str(error).split())[:200]
        raise ModelFileError(f"is not a {kind} file: {said}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    require(len(found) == len(pairs), "has a name twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise ModelFileError(f"has {word}, which is not a finite number")


def _checked(given: Any) -> dict[str, dict[str, Any]]:
    require(isinstance(given, dict) and given, f"must have {' or '.join(_KEYS)}")
    for key, scaling in given.items():
        require(key in _KEYS, f"has {key[:80]!r}; {' and '.join(_KEYS)} are read")
        require(isinstance(scaling, dict), f"must have a table as {key}")
        forms = "; ".join(", ".join(form) for form in PARTS)
        known = any(form.keys() == scaling.keys() for form in PARTS)
        require(known, f"must have one of these in {key}: {forms}")
        for part, value in scaling.items():
            depth = 2 if part == "matrix" else 1
            require(_is_numbers(value, depth), f"must have numbers as {part} of {key}")
    return dict(given)


def _is_numbers(value: Any, depth: int) -> bool:
    """Whether it is a finite number, or lists of numbers up to `depth` deep."""
    if isinstance(value, list):
        return depth > 0 and all(_is_numbers(each, depth - 1) for each in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 2**1023  # neither infinite nor NaN, nor an integer beyond float64

"""The only place that rejects settings: counts, numbers, names and seeds."""

from __future__ import annotations

import contextlib
import math
import operator
import reprlib
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

import numpy as np

WordT = TypeVar("WordT", bound=str)
RandomSource: TypeAlias = "np.random.Generator | int | None"  # quoted: numpy.random loads slowly


def count(name: str, n: Any, least: int = 1) -> int:
    """A whole number that is at least `least`, as an int."""
    try:
        whole = -1 if isinstance(n, bool | np.bool) else operator.index(n)
    except TypeError:
        whole = -1
    if whole < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {short(n)}")
    return whole


def counts(name: str, given: Any) -> tuple[int, ...]:
    """Whole numbers of at least 1."""
    try:
        return tuple(count(name, n) for n in given)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be whole numbers of at least 1, got {short(given)}"
        ) from None


def number(name: str, x: Any, low: float = 0.0, *, closed: bool = False) -> float:
    """A finite number greater than `low` (if `closed`, at least `low`), as a float."""
    value = math.nan
    if isinstance(x, int | float | np.integer | np.floating) and not isinstance(x, bool):
        with contextlib.suppress(OverflowError):
            value = float(x)
    if not math.isfinite(value) or value < low or (value == low and not closed):
        bound = "of at least" if closed else "greater than"
        raise ValueError(f"{name} must be a finite number {bound} {low:g}, got {short(x)}")
    return value


def number_or_auto(name: str, x: Any) -> float | None:
    """A finite number of at least 0, as a float, or None for ``"auto"``."""
    return None if isinstance(x, str) and x == "auto" else number(name, x, closed=True)


def names(name: str, given: Any) -> tuple[str, ...] | None:
    """Different, nonempty names; None stays None."""
    if given is None:
        return None
    listed = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else ()
    if not listed or not all(isinstance(label, str) and label for label in listed):
        raise TypeError(f"{name} must be a sequence of names, got {short(given)}")
    if len(set(listed)) != len(listed):
        raise ValueError(f"{name} must be different names, got {', '.join(listed)}")
    return tuple(str(label) for label in listed)


def choice(rule: str, given: Any, allowed: tuple[WordT, ...]) -> WordT:
    """One of the words `allowed`; `rule` starts the error message."""
    if given not in allowed:
        raise ValueError(f"{rule} one of {', '.join(allowed)}, got {short(given)}")
    return allowed[allowed.index(given)]


def whole_seed(given: RandomSource) -> int | None:
    """The seed of a `RandomSource` if it is a whole number, from which a run can be repeated."""
    return int(given) if isinstance(given, int | np.integer) else None


def generator(rng: Any) -> np.random.Generator:
    """A random Generator, from a seed or a Generator."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise ValueError(
            f"rng must be a numpy Generator or a seed (a whole number, not negative),"
            f" got {short(rng)}"
        ) from None


def short(x: object) -> str:
    """`x` as quoted in an error message."""
    return " ".join(reprlib.repr(x).split())

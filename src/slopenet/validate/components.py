"""An input or output of a network, by its index or its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet.validate import settings
from slopenet.validate.headings import split_unit


def labels(names: Sequence[str] | None, letter: str, n: int) -> tuple[str, ...]:
    """Return the names of `n` components: the given ones, else x1, x2, ... with the letter x."""
    return tuple(f"{letter}{i + 1}" for i in range(n)) if names is None else tuple(names)


def index_of(what: str, given: Any, names: Sequence[str]) -> int:
    """Return the index, 0 or more, of a component that is given by name or index.

    A negative index counts from the end, as everywhere in Python: -1 is the last. The unit of a
    name may be left out where that leaves no doubt.

    Raises
    ------
    ValueError
        If there is no such component. The sentence begins with `what`.
    """
    n = len(names)
    if isinstance(given, str) and given in names:
        return list(names).index(given)
    plain = [split_unit(name)[0] for name in names]
    if isinstance(given, str) and plain.count(given) == 1:
        return plain.index(given)
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if whole and -n <= given < n:
        return int(given) % n
    raise ValueError(
        f"{what} must be one of {', '.join(names)}, or an index from {-n} to {n - 1},"
        f" got {settings.short(given)}"
    )

"""The last result of a function, for solvers that ask for values and slopes of a point in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from slopenet.arrays import Floats

T = TypeVar("T")


class Last(Generic[T]):
    """A function of an array that is evaluated again only where the array has changed.

    Point and result are kept as one tuple, so that several threads may call.
    """

    def __init__(self, function: Callable[[Floats], T]) -> None:
        self._function = function
        self._kept: tuple[Floats, T] | None = None

    def __call__(self, x: Floats) -> T:
        kept = self._kept
        if kept is None or not np.array_equal(kept[0], x):
            point = np.array(x)  # the solver may write to its own
            kept = self._kept = (point, self._function(point))
        return kept[1]

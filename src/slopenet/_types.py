"""Types that every package uses. This module imports nothing of slopenet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from numpy.typing import NDArray

Floats = NDArray[Any]

FrameT = TypeVar("FrameT")
"""A data frame of pandas, polars or Arrow."""


class HasColumns(Protocol):
    """A data frame, as type checkers tell it from an array of another library."""

    @property
    def columns(self) -> Any:
        """Names or contents of the columns."""


class HasDLPack(Protocol):
    """An array of torch, JAX or CuPy, whose results are arrays of the same library."""

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any:
        """Hand out the memory of the array."""


Points: TypeAlias = NDArray[Any] | Sequence[Any] | HasColumns
"""Input whose results are NumPy arrays: NumPy arrays, lists of numbers, data frames."""

ForeignT = TypeVar("ForeignT", bound=HasDLPack)

"""Rows where a network has no finite value, as a logarithm of a negative number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 5


class Undefined:
    """Counts the rows of which a prediction is NaN or infinite, and keeps the first of them."""

    def __init__(self) -> None:
        self._count = 0
        self._first: list[int] = []

    def see(self, table: NDArray[np.float64], start: int) -> None:
        """Count the rows of a block, of which `start` is the number of the first."""
        found = np.flatnonzero(~np.isfinite(table).all(axis=1))
        self._count += len(found)
        self._first += [start + int(i) for i in found[: _SHOWN - len(self._first)]]

    @property
    def report(self) -> str:
        """A sentence that names the rows, the first of all data as 1; empty if there is none."""
        if not self._count:
            return ""
        names = ", ".join(f"{row + 1:,}" for row in self._first)
        more = "" if self._count == len(self._first) else " and others"
        rows = "1 row has" if self._count == 1 else f"{self._count:,} rows have"
        return (
            f"{rows} predictions that are NaN or infinite, as outside the domain of a logarithm:"
            f" {'row' if self._count == 1 else 'rows'} {names}{more}"
        )

"""How far a result is from another one: the largest difference, over the largest entry.

The check of derivatives, the comparison of an exported file, that of an imported network and the
benchmarks all use this measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Agreement:
    """The comparison of one quantity; `str` is a line that says how it ended.

    Attributes
    ----------
    quantity : str
        The name of the quantity.
    difference : float
        The largest difference, over the largest entry.
    tolerance : float
        The difference that rounding may explain.
    """

    quantity: str
    difference: float
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance; NaN is not."""
        return self.difference <= self.tolerance

    def line(self, width: int = 0) -> str:
        """Return the line, the name of the quantity padded to `width` characters."""
        mark = "ok" if self.ok else "WRONG"
        name = f"{self.quantity:<{width}}"
        return f"{name} differs by {self.difference:.1e} of the largest entry   {mark}"

    def __str__(self) -> str:
        return self.line()


def largest_difference(got: Numbers, wanted: Numbers, scale: Any = None) -> float:
    """Return the largest |got - wanted|, over `scale`.

    Parameters
    ----------
    got, wanted : array
    scale : float or array, optional
        One for all entries, or an array that broadcasts against them, such as one per column. The
        largest finite |wanted| unless given. Where it is 0, differences are not divided.

    Returns
    -------
    float
        0 where both are the same infinity, NaN if an entry is NaN, infinity if the shapes differ.
    """
    if got.shape != wanted.shape:
        return float("inf")
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(got == wanted, 0.0, np.abs(got.astype(np.float64) - wanted))
    if scale is None:
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    return float((error / np.where(np.asarray(scale) > 0, scale, 1.0)).max(initial=0.0))


def table(agreements: Sequence[Agreement]) -> list[str]:
    """Return a line per quantity, in columns."""
    width = max((len(each.quantity) for each in agreements), default=0) + 1
    return [f"  {each.line(width)}" for each in agreements]


def rows(agreements: Sequence[Agreement]) -> list[tuple[str, float, float, bool]]:
    """Return quantity, difference, tolerance and `ok` of each, as a notebook shows them."""
    return [(each.quantity, each.difference, each.tolerance, each.ok) for each in agreements]

"""The card of a network: what it was trained on, and how well. It has no effect on any result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats

# The shares of the rows below the quantiles of a range.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_UNKNOWN = float("nan")


class _Exact:
    """Equal if all fields are equal to the last bit; unknown numbers equal each other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and repr(other) == repr(self)

    def __hash__(self) -> int:
        return hash(repr(self))


@dataclass(frozen=True, eq=False)
class Range(_Exact):
    """The numbers of one input or output in the training data, NaN where unknown.

    Attributes
    ----------
    minimum, maximum : float
    quantiles : tuple of float
        Those of 5, 25, 50, 75 and 95 % of the rows.
    """

    minimum: float = _UNKNOWN
    maximum: float = _UNKNOWN
    quantiles: tuple[float, ...] = (_UNKNOWN,) * len(QUANTILES)


@dataclass(frozen=True, eq=False)
class KnownErrors(_Exact):
    """Errors at the end of the fit, relative as in `slopenet.training.quality.FitErrors`.

    Attributes
    ----------
    values : tuple of float
        RMS error of each output over its standard deviation.
    slopes : tuple of tuples of float
        RMS error of the slope of each output in each input over its RMS, NaN where none is known.
    rows : {"left out", "held out", "learned from"}
        The rows that were predicted.
    """

    values: tuple[float, ...]
    slopes: tuple[tuple[float, ...], ...]
    rows: str


@dataclass(frozen=True, eq=False)
class Card(_Exact):
    """What a network was trained on, by which method, and how well; see `Network.card`.

    Attributes
    ----------
    inputs, outputs : tuple of Range
        One per component.
    rows : int
        Number of rows of the training data.
    seed : int or None
        The `rng` of the fit, if it was a whole number.
    version : str
        That of the slopenet that trained it.
    method, reason : str
        Name of the method; see `Fit.reason`.
    data : str
        SHA-256 of the training data as float64, in hexadecimal digits; empty if unknown.
    errors : KnownErrors or None
    """

    inputs: tuple[Range, ...]
    outputs: tuple[Range, ...]
    rows: int
    seed: int | None = None
    version: str = ""
    method: str = ""
    reason: str = ""
    data: str = ""
    errors: KnownErrors | None = None

    @property
    def bounds(self) -> Floats:
        """Minimum and maximum of each input (n_1, 2), infinite where unknown."""
        found = np.array([(each.minimum, each.maximum) for each in self.inputs], float)
        return np.where(np.isnan(found), [-np.inf, np.inf], found)

    def outside(self, X: Floats) -> Floats:
        """Whether each input of each row is outside of its range; NaN is. (N, n_1)."""
        lower, upper = self.bounds.T
        return np.asarray(~((lower <= X) & (upper >= X)))

    def of_outputs(self, chosen: Sequence[int]) -> Card:
        """The card of a network of some of the outputs."""
        errors = self.errors and replace(
            self.errors,
            values=tuple(self.errors.values[k] for k in chosen),
            slopes=tuple(self.errors.slopes[k] for k in chosen),
        )
        return replace(self, outputs=tuple(self.outputs[k] for k in chosen), errors=errors)

"""Columns whose values spread over decades, as Reynolds numbers do.

A network sees standardised columns. Where values range from 1e-1 to 1e6, nearly all of them are the
same number there, and only their logarithms can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats

# A column is wide if its 5 % and 95 % quantiles are so many decades apart (more where the sign
# changes, as the logarithms of the sizes of few numbers around 0 are), values are skewed to the
# right by more than SKEWED and their logarithms not to the left by more than a limit. It is low for
# inputs, drawn over decades on purpose, of which a few may lie unevenly; logarithms of an output
# with zeros somewhere, a square say, are skewed to the left.
LEAST, CROSSING = 2.0, 3.0
_SKEWED = 0.8
INPUTS, OUTPUTS = -0.5, -0.25
# Fewer distinct values say nothing about their spread, and so many are enough.
_FEWEST, _MOST = 8, 20_000


@dataclass(frozen=True, eq=False)
class Decades:
    """Decades over which the columns of an array spread, 0 for those that are not wide.

    Attributes
    ----------
    logarithms : (n,)
        Of columns with values of one sign.
    crossing : (n,)
        Of columns whose sign changes, or that have zeros.
    """

    logarithms: Floats
    crossing: Floats

    @classmethod
    def of(cls, columns: Floats, left: float) -> Decades:
        """Of the known values of the columns of an array (N, n); `left` is INPUTS or OUTPUTS."""
        found = np.zeros((2, columns.shape[1]))
        for i, column in enumerate(columns.T):
            known = column[~np.isnan(column)]
            crossing = not ((known > 0).all() or (known < 0).all())
            spread = spread_of(known, OUTPUTS if crossing else left)
            found[int(crossing), i] = spread if spread >= (LEAST, CROSSING)[crossing] else 0.0
        return cls(*found)


def spread_of(column: Floats, left: float) -> float:
    """Decades between the 5 % and 95 % quantiles of the sizes of the values; 0 unless wide."""
    some = column[:: 1 + len(column) // _MOST]
    sizes = np.abs(some[some != 0])
    if len(np.unique(sizes)) < _FEWEST:
        return 0.0
    logs = np.log10(sizes)
    least, low, middle, high, most = np.quantile(logs, (0, 0.05, 0.5, 0.95, 1))
    if high - low < LEAST:
        return 0.0
    right = _skewness(10 ** (low - high), 10 ** (middle - high), 1.0)
    of_logs = min(_skewness(low, middle, high), _skewness(least, middle, most))
    return float(high - low) if right > _SKEWED and of_logs > left else 0.0


def _skewness(low: float, middle: float, high: float) -> float:
    """From -1 to 1, of two quantiles and the median between them (Bowley)."""
    return (high + low - 2 * middle) / (high - low)

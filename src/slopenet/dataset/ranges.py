"""The ranges of inputs and outputs, for the card of a network."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.io.card import QUANTILES, Range


def ranges(columns: Floats) -> tuple[Range, ...]:
    """Minimum, maximum and quantiles of each column (N, n), without its missing numbers."""
    return tuple(_range(column[~np.isnan(column)]) for column in columns.T)


def _range(known: Floats) -> Range:
    if not known.size:
        return Range()
    quantiles = np.quantile(known, QUANTILES).tolist()
    return Range(float(known.min()), float(known.max()), tuple(quantiles))

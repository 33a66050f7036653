"""Values that stand for unknown ones: many rows have one number, as 0, although it has slopes.

Between two such rows a and b the trapezoidal rule predicts the change p = ½ (T_a + T_b)·(x_b - x_a)
from the slopes T. If the values were right it would be 0, but for an error that is smaller than the
second-order term ½ (T_b - T_a)·(x_b - x_a).
"""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.neighbours import nearest

# The least rows of one value, their least share of all rows, and the largest share of the rows of
# another value in theirs: rounded values repeat too, but many of them do.
_LEAST, _SHARE, _OTHERS = 8, 0.1, 0.34
# Changes of so many times the second-order term are not an error of the rule.
_SURE = 1.25
_NEIGHBOURS = 2


def made_up(X: Floats, y: Floats, T: Floats) -> float | None:
    """The number that seems to stand for unknown values of an output; None if there is none.

    Parameters
    ----------
    X : (N, n)
    y : (N,)
    T : (N, n)
        Slopes of the output; NaN where missing.
    """
    values, counts = np.unique(y, return_counts=True)
    most = int(np.argmax(counts))
    others = np.delete(counts, most).max(initial=0)
    if counts[most] < max(_LEAST, _SHARE * len(y)) or others > _OTHERS * counts[most]:
        return None
    rows = np.flatnonzero((y == values[most]) & ~np.isnan(T).any(axis=1))
    if len(rows) < _LEAST:
        return None
    spread = X.std(axis=0)
    near = nearest(X[rows] / np.where(spread > 0, spread, 1.0), _NEIGHBOURS)
    if len(near) < _LEAST:
        return None
    (a, b), dx = rows[near.T], np.diff(X[rows][near], axis=1)[:, 0]
    change = np.abs((0.5 * (T[a] + T[b]) * dx).sum(axis=1))
    second_order = np.abs((0.5 * (T[b] - T[a]) * dx).sum(axis=1))
    sure = np.median(change) > _SURE * np.median(second_order)
    return float(values[most]) if sure else None

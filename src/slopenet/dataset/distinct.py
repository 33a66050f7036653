"""One row in place of equal rows, so that a weight of k and a row given k times are the same data.

The distinct rows are sorted by a hash: their order, and with it every rounding and every random
draw, depends on the rows alone, not on where their copies stood.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data

# Rows whose hashes are computed at a time.
_BLOCK = 1 << 14


def distinct(data: Data) -> Data:
    """Each row once, with the number of rows that it stands for as its weight.

    Parameters
    ----------
    data : Data
        Its ``sample_weight`` (N,) counts rows.

    Returns
    -------
    Data
        The distinct rows, sorted; the same object if every row is there once.
    """
    weight = data.sample_weight
    hashes = _hashes(data)
    order = np.argsort(hashes, kind="stable")
    alike = hashes[order[1:]] == hashes[order[:-1]]
    if not alike.any() and (weight is None or (weight == 1).all()):
        return data if weight is None else replace(data, sample_weight=None)
    keys = _keys(data, slice(None))
    differs = _differs(keys, order)
    if (alike & differs).any():  # different rows of one hash may stand between copies
        order = np.lexsort((*keys.T, hashes))
        differs = _differs(keys, order)
    first = np.append(True, differs)
    total = np.bincount(np.cumsum(first) - 1, None if weight is None else weight[order])
    if first.all() and (total == 1).all():  # different rows of one hash, and no copies
        return replace(data, sample_weight=None)
    return replace(data.rows(order[first]), sample_weight=total.astype(float))


def _differs(keys: Floats, order: Floats) -> Floats:
    """Whether each row but the first differs from the one before it in the order (N - 1,)."""
    return np.asarray((keys[order[1:]] != keys[order[:-1]]).any(axis=1))


def _hashes(data: Data) -> Floats:
    """One number per row (N,), the same for equal rows."""
    hashes = np.empty(len(data), np.uint64)
    width = _keys(data, slice(1)).shape[1]
    odd = np.random.default_rng(0).integers(2**63, size=width, dtype=np.uint64) * 2 + 1
    for first in range(0, len(data), _BLOCK):
        rows = slice(first, first + _BLOCK)
        keys = _keys(data, rows)
        hashes[rows] = (keys ^ (keys >> np.uint64(32))) @ odd  # round numbers differ high up only
    return hashes


def _keys(data: Data, rows: slice) -> Floats:
    """Bits of all numbers of some rows (rows, any): equal for equal numbers, and for NaNs."""
    columns = []
    for name, array in vars(data).items():
        if array is not None and name != "sample_weight":
            some = array[rows].reshape(len(array[rows]), -1) + 0.0  # -0 becomes 0
            some[np.isnan(some)] = np.nan
            columns.append(some)
    return np.concatenate(columns, axis=1).view(np.uint64)

"""Values of a graph as one matrix times a state: everything linear in between is multiplied."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers._levels import Value
from slopenet.maps.affine import refuse

_MOST_ENTRIES = 2**26  # of a matrix


def matrix(
    source: str,
    values: list[Value],
    state: list[int],
    wanted: list[int],
    budget: Budget | None = None,
) -> tuple[Floats, Floats]:
    """Values as an affine map of the state: matrix and offset."""
    widths = [values[i].width for i in state]
    rows = [values[i].width for i in wanted]
    if sum(rows) * sum(widths) > _MOST_ENTRIES:
        refuse(source, f"a layer of {sum(widths)} times {sum(rows)} weights is too large")
    if budget is not None:
        budget.spend(8 * sum(rows) * (sum(widths) + max(widths, default=0)), source)
    A, c = np.zeros((sum(rows), sum(widths))), np.zeros(sum(rows))
    ends = dict(zip(state, np.cumsum(widths), strict=True))
    at = 0
    for i, n in zip(wanted, rows, strict=True):
        columns, offset = _pulled_back(source, values, set(state), i)
        c[at : at + n] = offset
        for j, block in columns.items():
            m = values[j].width
            whole = block if block.ndim == 2 else np.diag(np.broadcast_to(block, (n,)))
            A[at : at + n, ends[j] - m : ends[j]] = whole
        at += n
    return A, c


def _pulled_back(
    source: str, values: list[Value], state: set[int], end: int
) -> tuple[dict[int, Floats], Floats]:
    """A value as Σ A a + c over the state."""
    left: dict[int, Floats] = {end: np.array(1.0)}
    found: dict[int, Floats] = {}
    offset = np.zeros(values[end].width)
    with np.errstate(all="ignore"):
        for i in range(end, -1, -1):
            if i not in left:
                continue
            A = left.pop(i)
            if i in state:
                found[i] = A
                continue
            value = values[i]
            c = np.asarray(value.offset, np.float64)
            offset = offset + _times_vector(A, c, value.width)
            for B, part in value.terms:
                product = _times(source, A, np.asarray(B, np.float64))
                left[part] = _plus(left[part], product) if part in left else product
    return found, offset


def _times(source: str, A: Floats, B: Floats) -> Floats:
    """A B, each a matrix, a diagonal, or a multiple of the identity."""
    if A.ndim == 2 and B.ndim == 2:
        if A.shape[0] * B.shape[1] > _MOST_ENTRIES:
            refuse(source, f"a product of {A.shape[0]} times {B.shape[1]} weights is too large")
        return np.asarray(A @ B)
    return np.asarray(A[:, None] * B if A.ndim == 1 and B.ndim == 2 else A * B)


def _times_vector(A: Floats, c: Floats, n: int) -> Floats:
    return np.asarray(A @ np.broadcast_to(c, (n,)) if A.ndim == 2 else A * c)


def _plus(A: Floats, B: Floats) -> Floats:
    """A + B of different kinds."""
    if A.ndim == B.ndim:
        return A + B
    low, high = sorted((A, B), key=lambda each: each.ndim)
    if high.ndim == 2:
        return np.asarray(high + np.diag(np.broadcast_to(low, (len(high),))))
    return np.asarray(high + low)

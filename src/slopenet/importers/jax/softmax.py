"""Softmax and log-softmax of rows, as JAX spells them: several operations, recognised together.

Neither the largest number of a row nor a sum of exponentials is a layer; each is kept as a part of
a possible softmax, and any other use of it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet.activations import HEADS
from slopenet.importers._graph import After
from slopenet.importers._steps import sigma
from slopenet.importers._tensor import Index, Tensor, fresh, same, settled
from slopenet.importers.jax.moves import MOVES
from slopenet.importers.jax.operation import Operation
from slopenet.maps.affine import refuse

_ALL, _LARGEST, _SHIFTED = "numbers", "largest number", "numbers less the largest"
_EXPONENTIALS, _SUM, _LOG = "exponentials", "sum of exponentials", "logarithm of that sum"
_LOGSUMEXP = "logsumexp"
# The part that each operation makes of another part.
_ONE = {
    ("exp", _SHIFTED): _EXPONENTIALS,
    ("abs", _SUM): _SUM,
    ("log", _SUM): _LOG,
}
_TWO = {
    ("sub", _ALL, _LARGEST): _SHIFTED,
    ("add", _LOG, _LARGEST): _LOGSUMEXP,
    ("div", _EXPONENTIALS, _SUM): "softmax",
    ("sub", _SHIFTED, _LOG): "log_softmax",
    ("sub", _ALL, _LOGSUMEXP): "log_softmax",
}


@dataclass(eq=False)
class Part:
    """A part of the softmax of x, numbers or one number per row, as errors name it.

    `index` has the row of the batch that each entry belongs to.
    """

    what: str
    x: Tensor
    index: Index

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the part in JAX."""
        return self.index.shape


def row_of(x: Tensor) -> Index:
    """The row of the batch that each entry of a tensor belongs to."""
    return np.asarray(x.index // x.stem.width)


def largest(operation: Operation, x: Tensor) -> Part:
    """The largest number of each row, which only a softmax may take."""
    return _reduced(operation, _LARGEST, x, row_of(x))


def part_or_head(operation: Operation) -> Any:
    """An operation on parts of a softmax: another part, the softmax, or True for `is_finite`.

    Raises
    ------
    UnsupportedNetworkError
        If no softmax is spelled like that.
    """
    name, given = operation.name, operation.given
    first = next(x for x in given if isinstance(x, Part))
    if name == "is_finite":
        return np.True_
    found = _of_two(operation, *given) if len(given) == 2 else _of_one(operation, first)
    if found is None:
        refuse(operation.where, f"{name} of the {first.what} of a row is no part of a softmax")
    return found


def _of_one(operation: Operation, part: Part) -> Part | None:
    """An operation on a part alone."""
    name, what, index = operation.name, part.what, part.index
    if (name, what) == ("reduce_sum", _EXPONENTIALS):
        return _reduced(operation, _SUM, part.x, index)
    if (name, what) in _ONE:
        what = _ONE[name, what]
    elif name in MOVES and name not in ("split", "unstack"):
        index = np.asarray(MOVES[name]([index], operation.settings))
    else:
        return None
    return Part(what, part.x, index)


def _of_two(operation: Operation, a: Any, b: Any) -> Part | Tensor | None:
    """Two operands that a softmax has next to each other."""
    if operation.name == "max" and (_is_lowest(a) or _is_lowest(b)):
        return b if isinstance(b, Part) else a if isinstance(a, Part) else None
    if isinstance(a, Tensor) and isinstance(b, Part):
        a = Part(_ALL, a, row_of(a))
    if not isinstance(a, Part) or not isinstance(b, Part):
        return None
    alike = same(a.x, b.x) and a.x.f is b.x.f
    index = np.broadcast_to(b.index, operation.shape)
    if not alike or not np.array_equal(np.broadcast_to(a.index, operation.shape), index):
        return None
    found = _TWO.get((operation.name, a.what, b.what))
    if found in HEADS:
        return _head(operation, str(found), a.x)
    return None if found is None else Part(found, a.x, index)


def _reduced(operation: Operation, what: str, x: Tensor, index: Index) -> Part:
    """One number for each row, of all of its entries."""
    axes = tuple(operation.settings["axes"])
    count = int(np.prod([index.shape[axis] for axis in axes]))
    low, high = index.min(axis=axes), index.max(axis=axes)
    if count * operation.rows != index.size or (low != high).any():
        refuse(operation.where, f"slopenet has no {operation.name} of parts of a row")
    return Part(what, x, np.asarray(low))


def _is_lowest(x: Any) -> bool:
    return not isinstance(x, Part | Tensor) and bool(np.all(np.asarray(x) == -np.inf))


def _head(operation: Operation, name: str, x: Tensor) -> Tensor:
    x = settled(operation.where, x, operation.rows)
    node = After(x.stem.node, sigma(operation.where, name))
    return fresh(node, x.stem.width, x.index, x.dtype)

"""A tensor of a batch in a source: each entry a function of one number of one sample.

A tensor keeps, for each of its entries, which number of which row of the batch it is. Views,
transposes, slices and the like only move entries about: the source's own operation, run on these
indices, says where each goes. What is linear is run on unit vectors. So a batch may lie along any
axis, and rows that mix are seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slopenet._types import Floats
from slopenet.importers._expression import Expression
from slopenet.importers._graph import After, Node, stacked, total
from slopenet.importers._lower import Made, lowered
from slopenet.importers._steps import Sigma
from slopenet.maps.affine import affine, refuse

_MOST_PROBES = 2**31  # entries that unit vectors and their results may have together
_MIXED = "it mixes the rows of a batch; each row must be computed on its own"
_CLOSE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-4}

Index = NDArray[np.int64]


@dataclass(eq=False)
class Stem:
    """A value of the graph, and all that is made of it number by number."""

    node: Node
    width: int
    z: Expression = field(default_factory=lambda: Expression("z"))
    made: Made = field(default_factory=dict)
    selected: dict[bytes, Stem] = field(default_factory=dict)

    def select(self, where: str, units: Index) -> Stem:
        """Some of its numbers, of which functions of these alone are made."""
        key = units.tobytes()
        if key not in self.selected:
            A = np.zeros((len(units), self.width))
            A[np.arange(len(units)), units] = 1.0
            node = After(self.node, affine(where, A))
            self.selected[key] = Stem(node, len(units), self.z)
        return self.selected[key]


@dataclass(eq=False)
class Tensor:
    """Entry i is `f` of number `index[i] % width` of row `index[i] // width` of the stem."""

    stem: Stem
    f: Expression
    index: Index
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor in the source."""
        return self.index.shape


def fresh(node: Node, width: int, index: Index, dtype: np.dtype[Any]) -> Tensor:
    """A tensor whose entries are numbers of a value as they are."""
    stem = Stem(node, width)
    return Tensor(stem, stem.z, index, dtype)


def whole(node: Node, shape: tuple[int, ...], rows: int, dtype: np.dtype[Any]) -> Tensor:
    """A tensor of all numbers of a value, in order, the rows of the batch along the first axis."""
    size = int(np.prod(shape))
    return fresh(node, size // rows, np.arange(size).reshape(shape), dtype)


def settled(where: str, x: Tensor, rows: int) -> Tensor:
    """The same tensor, its entries those of one row after the other, each once."""
    width = x.stem.width
    index = x.index.ravel()
    count, rest = divmod(index.size, rows)
    order = np.argsort(index // width, kind="stable")
    if rest or (np.bincount(index // width, minlength=rows) != count).any():
        refuse(where, _MIXED)
    units = (index[order] % width).reshape(rows, count)
    if (units != units[0]).any():
        refuse(where, _MIXED)
    stem, chosen = x.stem, units[0]
    is_all = count == width and (chosen == np.arange(width)).all()
    first = (id(x.f), id(stem.z)) not in stem.made and len(set(chosen.tolist())) == count < width
    if not is_all and (first or x.f is stem.z):
        stem, is_all = stem.select(where, chosen), True
    node = lowered(x.f, stem.z, stem.node, x.dtype, stem.made)
    if not is_all:
        key = (id(x.f), hash(chosen.tobytes()))
        if key not in stem.made:
            stem.made[key] = Stem(node, width).select(where, chosen).node
        node = stem.made[key]
    placed = np.empty(index.size, np.int64)
    placed[order] = np.arange(index.size)
    return fresh(node, count, placed.reshape(x.shape), x.dtype)


def require_order(where: str, x: Tensor) -> None:
    """That row i of a tensor (N, n) is of row i of the batch."""
    if (x.index // x.stem.width != np.arange(len(x.index))[:, None]).any():
        refuse(where, "it does not have a row per sample in the order of the samples")


def moved(
    where: str, function: Callable[..., Any], given: Sequence[Tensor], rows: int
) -> list[Tensor]:
    """Tensors of the entries of others, where `function` of the indices puts them."""
    first = given[0]
    if all(x.stem is first.stem and x.f is first.f for x in given):
        stem, f, indices = first.stem, first.f, [x.index for x in given]
    else:
        parts = [settled(where, x, rows) for x in given]
        widths = [x.stem.width for x in parts]
        ends = np.cumsum(widths)
        stem = Stem(stacked(where, [x.stem.node for x in parts]), int(ends[-1]))
        f = stem.z
        indices = [
            x.index // n * stem.width + (end - n) + x.index % n
            for x, n, end in zip(parts, widths, ends, strict=True)
        ]
    results = function(*indices)
    each = results if isinstance(results, list | tuple) else [results]
    return [Tensor(stem, f, np.asarray(index, np.int64), first.dtype) for index in each]


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are functions of the same numbers, entry by entry."""
    return a.stem is b.stem and np.array_equal(a.index, b.index)


def spread(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A tensor broadcast to a shape."""
    return Tensor(x.stem, x.f, np.broadcast_to(x.index, shape), x.dtype)


def added(where: str, terms: Sequence[tuple[float, Tensor]], rows: int) -> Tensor:
    """A sum of tensors of one shape, each with a factor."""
    parts = [settled(where, x, rows) for _, x in terms]
    if any(not np.array_equal(x.index, parts[0].index) for x in parts):
        refuse(where, _MIXED)
    node = total(where, [(k, x.stem.node) for (k, _), x in zip(terms, parts, strict=True)])
    return fresh(node, parts[0].stem.width, parts[0].index, parts[0].dtype)


def by_entry(where: str, x: Tensor, factor: Any, offset: Any, rows: int) -> Tensor:
    """factor * x + offset, both constants of the shape of x, or a single number."""
    x = settled(where, x, rows)
    numbers = [
        each if np.ndim(each) == 0 else _of_units(where, x, np.asarray(each, np.float64), rows)
        for each in (factor, offset)
    ]
    return fresh(After(x.stem.node, affine(where, *numbers)), x.stem.width, x.index, x.dtype)


def activated(
    where: str, x: Tensor, step: Callable[[Floats], Sigma], by: Floats, rows: int
) -> Tensor:
    """A tensor with an activation whose parameter is one constant per entry."""
    x = settled(where, x, rows)
    sigma = step(_of_units(where, x, by, rows))
    return fresh(After(x.stem.node, sigma), x.stem.width, x.index, x.dtype)


def _of_units(where: str, x: Tensor, constant: Floats, rows: int) -> Floats:
    """A constant of the shape of a settled tensor, one number for each of its units."""
    found = np.empty(constant.size)
    found[x.index.ravel()] = np.broadcast_to(constant, x.shape).ravel()
    table = found.reshape(rows, -1)
    if (table != table[0]).any():
        refuse(where, "its constants differ from row to row of a batch")
    return np.asarray(table[0])


def linear(
    where: str,
    function: Callable[..., Any],
    given: Sequence[Tensor],
    at: Sequence[Floats],
    rows: int,
) -> Tensor:
    """A linear function of tensors, found from its values at unit vectors.

    Parameters
    ----------
    where : str
    function : callable
        Of arrays of the shapes of the tensors.
    given : sequence of Tensor
    at : sequence of array
        Values of the tensors at some point, where linearity is checked.
    rows : int
        Of the batch.
    """
    parts = [settled(where, x, rows) for x in given]
    zeros = [np.zeros(x.shape) for x in parts]
    c = np.asarray(function(*zeros), np.float64)
    size = sum(x.index.size for x in parts)
    if size * (size + c.size) > _MOST_PROBES:
        refuse(where, f"a linear map of {size} times {c.size} numbers is too large")
    wanted = np.asarray(function(*at), np.float64)
    got, maps = c.ravel().copy(), []
    owner = np.full(c.size, -1)
    for i, x in enumerate(parts):
        M = np.empty((c.size, x.index.size))
        flat = x.index.ravel()
        for place in range(x.index.size):
            unit = zeros[i].copy()
            unit.ravel()[place] = 1.0
            M[:, flat[place]] = np.ravel(function(*zeros[:i], unit, *zeros[i + 1 :])) - c.ravel()
        blocks = M.reshape(c.size, rows, x.stem.width)
        for row, used in enumerate(np.any(blocks, axis=2).T):
            if ((owner[used] != -1) & (owner[used] != row)).any():
                refuse(where, _MIXED)
            owner[used] = row
        point = np.empty(x.index.size)
        point[flat] = np.ravel(at[i])
        with np.errstate(all="ignore"):
            got = got + M @ point
        maps.append(blocks)
    close = _CLOSE[parts[0].dtype] * max(1.0, float(np.abs(wanted).max(initial=0.0)))
    if not np.abs(got - wanted.ravel()).max(initial=0.0) <= close:
        refuse(where, "it multiplies two values that depend on the input")
    owner = _owners(where, owner.reshape(c.shape), rows).ravel()
    order = np.argsort(owner, kind="stable")
    count, rest = divmod(c.size, rows)
    if rest or (np.bincount(owner, minlength=rows) != count).any():
        refuse(where, _MIXED)
    terms = []
    for blocks, x in zip(maps, parts, strict=True):
        own = blocks[np.arange(c.size), owner][order].reshape(rows, count, x.stem.width)
        if (own != own[0]).any():
            refuse(where, _MIXED)
        terms.append((own[0], x.stem.node))
    offsets = c.ravel()[order].reshape(rows, count)
    if (offsets != offsets[0]).any():
        refuse(where, "its constants differ from row to row of a batch")
    placed = np.empty(c.size, np.int64)
    placed[order] = np.arange(c.size)
    node = total(where, terms, offsets[0])
    return fresh(node, count, placed.reshape(c.shape), parts[0].dtype)


def _owners(where: str, owner: Index, rows: int) -> Index:
    """The row of each entry, those that depend on no input by the axis along which rows lie."""
    if (owner >= 0).all():
        return owner
    for axis, n in enumerate(owner.shape):
        shape = [1] * owner.ndim
        shape[axis] = n
        along = np.broadcast_to(np.arange(n).reshape(shape), owner.shape)
        if n == rows and ((owner == along) | (owner < 0)).all():
            return along
    if rows > 1:
        refuse(where, "which rows of a batch its constants belong to is unknown")
    return np.zeros_like(owner)

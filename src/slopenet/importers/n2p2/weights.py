"""A file of weights: a row per number, with the units that it connects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._text import MOST_LAYERS, lines, number
from slopenet.io.contents import ModelFileError, require

_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
# Line, number, and the unit that it leads to: `end` of `layer`; `start` is 0 for a bias.
_ROW = np.dtype([("at", "i8"), ("value", "f8"), ("layer", "i8"), ("start", "i8"), ("end", "i8")])


def layers(raw: bytes, nodes: tuple[int, ...] | None) -> list[tuple[Floats, Floats]]:
    """W and b of each layer.

    The short files of RuNNer have numbers alone, and need the `nodes` of the hidden layers. Of
    longer files n2p2 reads the numbers in their order and ignores the units, and other programs
    sort by the units: both must say the same.
    """
    first = next(lines(raw, "#"), None)
    if first is None:
        raise ModelFileError("is damaged: it has no weights")
    if len(first[1].split()) == 1:
        return list(_of_numbers(raw, nodes))
    table = np.fromiter((_row(at, text.split()) for at, text in lines(raw, "#")), _ROW)
    found: list[tuple[Floats, Floats]] = []
    blocks = np.split(table, np.flatnonzero(np.diff(table["layer"])) + 1)
    require(len(blocks) <= MOST_LAYERS, f"has {len(blocks)} layers; {MOST_LAYERS} are read")
    for l, block in enumerate(blocks, start=1):
        at, _, layer, *_ = block[0]
        require(layer == l, f"is damaged: line {at} is of layer {layer}, not {l}")
        W, b = _layer(l, block)
        n = len(found[-1][1]) if found else W.shape[1]
        require(W.shape[1] == n, f"is damaged: layer {l} takes {W.shape[1]} numbers, {n} come in")
        found.append((W, b))
    return found


def _of_numbers(raw: bytes, nodes: tuple[int, ...] | None) -> Iterator[tuple[Floats, Floats]]:
    """Layers of the given units, one output, and as many inputs as there are numbers left."""
    if nodes is None:
        raise ModelFileError("has numbers alone, and nothing says how many units its layers have")
    values = np.fromiter((number(at, text) for at, text in lines(raw, "#")), np.float64)
    sizes = (*nodes, 1)
    behind = sum((n + 1) * m for n, m in pairwise(sizes))
    n, rest = divmod(len(values) - behind, sizes[0])
    require(
        n >= 2 and rest == 0,
        f"is damaged: its {len(values)} numbers are not a network with hidden layers of {nodes}",
    )
    at = 0
    for taken, given in pairwise((n - 1, *sizes)):
        end = at + (taken + 1) * given
        yield _split(values[at:end].reshape(taken + 1, given))
        at = end


def _row(at: int, words: list[str]) -> tuple[int, float, int, int, int]:
    require(
        (words[1:2], len(words)) in ((["a"], 7), (["b"], 5)),
        f"is damaged: line {at} is neither a weight nor a bias",
    )
    # Behind the running number: layer and unit where a weight starts, and where a number ends.
    *begin, layer, end = (_whole(at, word) for word in words[3:])
    if begin:
        next_layer = layer == begin[0] + 1 and begin[1]
        require(next_layer, f"is damaged: line {at} leads to no next layer")
    return at, number(at, words[0]), layer, begin[1] if begin else 0, end


def _whole(at: int, word: str) -> int:
    if _WHOLE.fullmatch(word) is None:
        raise ModelFileError(f"is damaged: line {at} has {word[:40]!r}, not a whole number")
    return int(word)


def _layer(l: int, rows: Any) -> tuple[Floats, Floats]:
    """All weights, those of the first unit first, and then all biases."""
    m = np.count_nonzero(rows["start"] == 0)
    n, rest = divmod(len(rows) - m, m) if m else (0, 1)
    require(
        rest == 0 and n >= 1,
        f"is damaged: layer {l} has {len(rows) - m} weights and {m} biases",
    )
    i, j = np.divmod(np.arange(len(rows)), m)
    start = np.where(i == n, 0, i + 1)
    wrong = np.flatnonzero((rows["start"] != start) | (rows["end"] != j + 1))
    for at, *_, left, right in rows[wrong[:1]]:
        raise ModelFileError(
            f"is damaged: line {at} leads from unit {left} to {right}, out of order"
        )
    return _split(rows["value"].reshape(n + 1, m))


def _split(values: Floats) -> tuple[Floats, Floats]:
    """W and b of a table that has the weights of a unit in each row, and the biases in the last."""
    return np.ascontiguousarray(values[:-1].T), values[-1].copy()

"""The order of layers that are known by name alone."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

from slopenet.maps.affine import refuse

_SHOWN = 3  # orders in an error
_MOST_NAMES = 50  # of which other orders are looked for
_TRIED = 10_000  # partial orders that are looked at for them


def in_order(names: list[str]) -> list[str]:
    """Names as they come, those that differ in a number sorted by it.

    Part by part: ``net.10`` comes after ``net.2``, and ``encoder.2`` before ``decoder.0`` if any
    name of the encoder is before all of the decoder.
    """
    tree: dict[Any, Any] = {}
    for name in names:
        here = tree
        for part in re.split(r"(\d+)", name):
            here = here.setdefault(int(part) if part.isdecimal() else part, {})
        here[None] = name
    return list(_leaves(tree))


def _leaves(tree: dict[Any, Any]) -> Iterator[str]:
    numbers = iter(sorted(key for key in tree if isinstance(key, int)))
    for key, value in tree.items():
        if key is None:
            yield value
        else:  # numbers change places among themselves
            yield from _leaves(tree[next(numbers) if isinstance(key, int) else key])


def require_chain(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> None:
    """Raise UnsupportedNetworkError unless each layer takes what the one before it gives.

    Parameters
    ----------
    names : sequence of str
    shapes : sequence of (int, int)
        How many numbers each layer takes and gives.
    """
    for i, ((_, given), (taken, _)) in enumerate(pairwise(shapes), 1):
        if taken != given:
            orders = [
                " -> ".join(names[j] for j in order) for order in islice(_chains(shapes), _SHOWN)
            ]
            advice = f"orders that fit: {'; '.join(orders)}" if orders else "no order of them fits"
            refuse(
                f"layer {names[i]!r}",
                f"it takes {taken} numbers, and {given} come from before it, in the order"
                f" {' -> '.join(names)}; {advice}",
            )


def warn_of_alphabet(
    given: Sequence[str], names: Sequence[str], shapes: Sequence[tuple[int, ...]]
) -> None:
    """Warn where names come in the order of the alphabet, and another order chains too.

    Parameters
    ----------
    given : sequence of str
        Names in the order of the mapping.
    names : sequence of str
        The same in the order that is taken.
    shapes : sequence of (int, int)
        How many numbers each layer takes and gives.
    """
    alphabets = (sorted(given), sorted(given, key=lambda name: name.split(".")))
    if list(given) not in alphabets or len(given) > _MOST_NAMES:
        return
    texts = [re.sub(r"\d+", "", name) for name in names]
    for order in islice(_chains(shapes, texts), 2):
        if order != tuple(range(len(names))):
            warnings.warn(
                f"the layers {', '.join(names)} come in the order of the alphabet, in which JAX,"
                " safetensors and HDF5 sort names; the order"
                f" {', '.join(names[i] for i in order)} chains too. check=(X, Y) tells whether the"
                " network is the right one",
                UserWarning,
                stacklevel=4,
            )
            return


def _chains(
    shapes: Sequence[tuple[int, ...]], texts: Sequence[str] | None = None
) -> Iterator[tuple[int, ...]]:
    """Orders in which all layers chain, as far as a short search finds them.

    Layers whose names have the same of `texts` differ in a number, and keep their order.
    """
    before = [
        {j for j in range(i) if texts is not None and texts[j] == texts[i]}
        for i in range(len(shapes))
    ]
    left: list[tuple[int, ...]] = [(i,) for i in reversed(range(len(shapes))) if not before[i]]
    for _ in range(_TRIED):
        if not left:
            return
        order = left.pop()
        if len(order) == len(shapes):
            yield order
        left += [
            (*order, i)
            for i in reversed(range(len(shapes)))
            if i not in order and shapes[i][0] == shapes[order[-1]][1] and before[i].issubset(order)
        ]

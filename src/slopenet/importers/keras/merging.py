"""Layers of Keras that take several branches, and the heads of a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slopenet.importers._graph import After, Node, Start, require_width, stacked, total
from slopenet.importers._steps import sigma
from slopenet.importers.keras.functions import Part
from slopenet.maps.affine import UnsupportedNetworkError, refuse

MERGING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Subtract")


def merged(where: str, kind: str, parts: Sequence[Node], axis: object = -1) -> Node:
    """The value of a layer that several branches meet in.

    Raises
    ------
    UnsupportedNetworkError
        If it is no sum of branches, or puts samples behind each other.
    """
    match kind:
        case "Add":
            return total(where, [(1.0, part) for part in parts])
        case "Average":
            return total(where, [(1 / len(parts), part) for part in parts])
        case "Subtract" if len(parts) == 2:
            return total(where, [(1.0, parts[0]), (-1.0, parts[1])])
        case "Concatenate" if axis in (-1, 1):
            return stacked(where, list(parts))
        case "Maximum" | "Minimum":
            sign = 1.0 if kind == "Maximum" else -1.0
            found = parts[0]
            for part in parts[1:]:  # a + relu(b - a)
                above = After(total(where, [(-sign, found), (sign, part)]), sigma(where, "relu"))
                found = total(where, [(1.0, found), (sign, above)])
            return found
    raise UnsupportedNetworkError(
        f"{where}: {len(parts)} branches meet in it, and it is no sum of them"
    )


def after(node: Node, parts: Sequence[Part]) -> Node:
    """A value with steps behind it."""
    for part in parts:
        node = part(node) if callable(part) else After(node, part)
    return node


def chosen(what: str, names: Sequence[str], wanted: Sequence[str] | None) -> list[int]:
    """Places of the inputs or outputs that are wanted, in their order; all without `wanted`."""
    if wanted is None:
        return list(range(len(names)))
    if not wanted or len(set(wanted)) < len(wanted) or not set(wanted) <= set(names):
        raise ValueError(
            f"{what}s must be different names of {', '.join(names)}, got"
            f" {', '.join(map(str, wanted)) or 'none'}"
        )
    return [list(names).index(name) for name in wanted]


def heads(source: str, names: Sequence[str], values: Sequence[Node]) -> list[tuple[str, int]]:
    """Names and widths of several inputs or outputs; none of a single one."""
    if len(values) < 2:
        return []
    return [(name, require_width(source, value)) for name, value in zip(names, values, strict=True)]


def needed(
    source: str, output: Node, starts: Sequence[Start], wanted: Sequence[str] | None
) -> list[Start]:
    """The inputs that an output needs, or those that are wanted, in their order."""
    from slopenet.importers._graph import ordered

    reached = {id(node) for node in ordered(output)}
    used = [start for start in starts if id(start) in reached]
    if wanted is None:
        return used or list(starts[:1])
    places = chosen("input", [start.name for start in starts], wanted)
    found = [starts[i] for i in places]
    missing = [start.name for start in used if start not in found]
    if missing:
        refuse(source, f"its outputs need the input {missing[0]!r} too")
    return found


def columns(starts: Sequence[Start]) -> list[slice]:
    """The columns of X of each input."""
    ends = np.cumsum([start.width or 0 for start in starts])
    return [slice(int(end) - (s.width or 0), int(end)) for end, s in zip(ends, starts, strict=True)]

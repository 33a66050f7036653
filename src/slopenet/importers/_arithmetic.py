"""Sums and extremes of branches, and arithmetic with one constant for each entry of a tensor."""

from __future__ import annotations

from typing import NoReturn

from slopenet._types import Floats
from slopenet.importers._expression import compose
from slopenet.importers._tensor import Tensor, added, by_entry
from slopenet.maps.affine import refuse


def of_branches(
    where: str, op: str, a: Tensor, b: Tensor, rows: int, *, factor: float = 1.0
) -> Tensor | None:
    """Add, Sub, Max or Min of two tensors of one shape, the second of a sum with a factor.

    None if the operation is another one.
    """
    if op not in ("Add", "Sub", "Max", "Min"):
        return None
    sign = 1.0 if op in ("Add", "Max") else -1.0
    if op in ("Max", "Min"):  # a + relu(b - a)
        b = relu(where, added(where, [(-sign, a), (sign, b)], rows))
    return added(where, [(1.0, a), (sign * factor, b)], rows)


def refuse_branches(where: str, op: str) -> NoReturn:
    """Refuse an operation of two branches that is not a sum, by its name."""
    refuse(where, f"{op} of two branches is not a layer; only sums of branches are")


def with_constant(
    where: str, op: str, x: Tensor, c: Floats, rows: int, *, swapped: bool
) -> Tensor | None:
    """x op c, or c op x if they are swapped, c of the shape of x; None if op is another."""
    match op:
        case "Add":
            return by_entry(where, x, 1.0, c, rows)
        case "Sub":
            sign = -1.0 if swapped else 1.0
            return by_entry(where, x, sign, -sign * c, rows)
        case "Mul":
            return by_entry(where, x, c, 0.0, rows)
        case "Div" if not swapped and c.all():
            return by_entry(where, x, 1 / c, 0.0, rows)
        case "Max" | "Min":
            sign = 1.0 if op == "Max" else -1.0
            rest = by_entry(where, x, sign, -sign * c, rows)
            return by_entry(where, relu(where, rest), sign, c, rows)
    return None


def relu(where: str, x: Tensor) -> Tensor:
    """The positive part of each entry."""
    return Tensor(x.stem, compose(where, "relu", x.f), x.index, x.dtype)

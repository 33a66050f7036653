"""Functions of one number with kinks, as expressions of relu; those that jump are refused."""

from __future__ import annotations

from slopenet.importers._expression import Expression, compose
from slopenet.maps.affine import refuse

_JUMPS = "and has no derivative there"


def soft_shrink(where: str, x: Expression, limit: float) -> Expression:
    """x moved towards 0 by `limit`, 0 where it is nearer: relu(x - limit) - relu(-x - limit)."""
    if not limit >= 0:
        refuse(where, f"the limit of soft shrinkage must be at least 0, got {limit:g}")
    if limit == 0:
        return x
    above = compose(where, "relu", compose(where, "Sub", x, limit))
    below = compose(where, "relu", compose(where, "Sub", compose(where, "Neg", x), limit))
    return compose(where, "Sub", above, below)


def hard_shrink(where: str, x: Expression, limit: float) -> Expression:
    """x, but 0 where |x| <= limit, which is x itself unless `limit` is positive."""
    if not limit <= 0:
        refuse(where, f"hard shrinkage jumps at -{limit:g} and {limit:g}, {_JUMPS}")
    return x


def threshold(where: str, x: Expression, limit: float, value: float) -> Expression:
    """x above `limit`, else `value`: max(x, limit) if the two are equal."""
    if value != limit:
        refuse(where, f"its threshold jumps from {value:g} to {limit:g}, {_JUMPS}")
    return compose(where, "relu", x) if limit == 0 else compose(where, "Max", x, limit)

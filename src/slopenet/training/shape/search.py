"""Search of a box for the points where inequalities fail by most.

A sequence of evenly spread points, the data and the corners come first, then a compass search from
the worst of them: steps along the axes, halved where none of them leads further down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from slopenet._types import Floats

# Points of a search per input, and their limit; so many times more in a thorough one.
_POINTS, _MOST_POINTS, _THOROUGH = 512, 4096, 6
# Random rows do not reach the edges of the box that they are drawn from: N of them leave 1/N of it
# out on each side, on average, and more than five times that hardly ever. A column of one sign goes
# so much of the way to 0 at most: near 0 many functions are steep.
_BEYOND, _WIDEST, _TO_ZERO = 5.0, 0.1, 0.5
# The share of a sequence that falls beyond each side, and is moved onto it.
_ON_SIDES = 0.1
_MOST_CORNERS = 8
# Starts of the compass search per inequality, its first step as a share of the box, its rounds.
_STARTS, _STEP, _ROUNDS = 24, 0.06, 14
# Points to keep per inequality and search, and their least distance as a share of the box.
_KEPT, _APART = 40, 0.03

Slack = Callable[[Floats], Floats]
"""By how much each inequality holds (N, C) at points (N, n_1); negative where it fails."""


class Found(NamedTuple):
    """Points (n, n_1), the number (n,) of the inequality that fails there, and its slack (n,)."""

    X: Floats
    which: Floats
    slack: Floats


@dataclass(frozen=True, eq=False)
class Box:
    """The box of some rows X (N, n_1), a little wider, from `low` to `high` (n_1,)."""

    X: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, X: Floats, zero: Floats | None = None) -> Box:
        """Around all rows; `zero` (n_1,) is where the user's columns are 0."""
        low, high = X.min(axis=0), X.max(axis=0)
        wider = min(_BEYOND / len(X), _WIDEST) * (high - low)
        below, above = wider, wider
        if zero is not None:
            below = np.where(low > zero, np.minimum(wider, _TO_ZERO * (low - zero)), wider)
            above = np.where(high < zero, np.minimum(wider, _TO_ZERO * (zero - high)), wider)
        return cls(X, low - below, high + above)

    def points(self, *, thorough: bool) -> Floats:
        """Points to look at: of the data, of the box and its sides, and corners."""
        d = len(self.low)
        n = min(_POINTS * d, _MOST_POINTS) * (_THOROUGH if thorough else 1)
        parts = [self.X[:n], self.spread(n)]
        if d <= _MOST_CORNERS:
            corners = np.indices([2] * d).reshape(d, -1).T
            parts.append(np.where(corners, self.high, self.low))
        return np.concatenate(parts)

    def spread(self, n: int) -> Floats:
        """Evenly spread points of the box (n, n_1), some of them on its sides."""
        u = np.clip((1 + 2 * _ON_SIDES) * sequence(n, len(self.low)) - _ON_SIDES, 0, 1)
        return np.asarray(self.low + (self.high - self.low) * u)


def sequence(n: int, d: int) -> Floats:
    """Evenly spread points of the unit cube (n, d): multiples of powers of 1/φ, φ^(d+1) = φ + 1."""
    phi = 1.0
    for _ in range(60):
        phi = (1 + phi) ** (1 / (d + 1))
    steps = phi ** -np.arange(1.0, d + 1)
    return np.asarray((0.5 + np.arange(1, n + 1)[:, None] * steps) % 1.0)


def violated(slack: Slack, box: Box, *, thorough: bool = False, keep: int = _KEPT) -> Found:
    """The worst points of each inequality that fails somewhere, the worst one first."""
    X = box.points(thorough=thorough)
    at = slack(X)
    found = []
    deepest = _descend(slack, box, X, at, thorough=thorough)
    for c, (bottom, low) in enumerate(deepest):
        fails = np.flatnonzero(at[:, c] < 0)
        points = np.concatenate([bottom, X[fails]])
        values = np.concatenate([low, at[fails, c]])
        order = np.argsort(values, kind="stable")
        order = order[values[order] < 0]
        chosen = _apart(points, order, _APART * (box.high - box.low), keep)
        found.append((points[chosen], np.full(len(chosen), c), values[chosen]))
    parts = zip(*found, strict=True)
    return Found(*(np.concatenate(part) for part in parts))


def _descend(
    slack: Slack, box: Box, X: Floats, at: Floats, *, thorough: bool
) -> list[tuple[Floats, Floats]]:
    """Points and slacks of each inequality after a compass search from its worst points."""
    inequalities = at.shape[1]
    starts = min(_STARTS * (2 if thorough else 1), len(X))
    rows = np.argsort(at, axis=0, kind="stable")[:starts]  # (starts, C)
    own = np.tile(np.arange(inequalities), starts)
    P, value = X[rows.ravel()], at[rows.ravel(), own]
    n, d = P.shape
    width = box.high - box.low
    step = np.full(n, _STEP)
    moves = np.concatenate([np.eye(d), -np.eye(d)]) * width
    for _ in range(_ROUNDS):
        near = np.clip(P[:, None] + step[:, None, None] * moves, box.low, box.high)
        found = slack(near.reshape(-1, d)).reshape(n, 2 * d, -1)[np.arange(n), :, own]
        best = np.argmin(found, axis=1)
        lower = found[np.arange(n), best]
        better = lower < value
        P = np.where(better[:, None], near[np.arange(n), best], P)
        value, step = np.where(better, lower, value), np.where(better, step, step / 2)
    return [(P[own == c], value[own == c]) for c in range(inequalities)]


def _apart(points: Floats, order: Floats, apart: Floats, most: int) -> list[int]:
    """The first points in an order that are not close to one before them."""
    scale = np.where(apart > 0, apart, 1.0)
    chosen: list[int] = []
    for i in order[: 8 * most]:
        near = np.abs(points[chosen] - points[i]) / scale
        if len(chosen) == most:
            break
        if not chosen or (near.max(axis=1) >= 1).all():
            chosen.append(int(i))
    return chosen

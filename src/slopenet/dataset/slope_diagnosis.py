"""A check of slopes against values, from the data alone.

A wrong unit or sign of slopes shows in its β (see `neighbours.py`). A wrong order of the inputs
shows in an e that becomes small in another order. Noise, or slopes of another quantity, show in an
e larger than the error of a prediction from the values alone. Values that stand for unknown ones
are found first (see `made_up.py`). Where rows are too few or too far apart, slopes count as right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Names
from slopenet.dataset.made_up import made_up
from slopenet.dataset.neighbours import Pairs, left_out, nearest, rms
from slopenet.validate.headings import slope_name

# The most rows that are examined, and the neighbours that each is compared with.
_ROWS, _NEIGHBOURS = 600, 3
# The least rows, rows per input, and rows to detect noise.
_LEAST, _LEAST_EACH, _LEAST_FOR_NOISE = 12, 3, 40
# A mistake is reported only if correcting it leaves less than this share of the differences.
_UNEXPLAINED = 0.5
# β is right within this factor of 1, and wrong beyond it by more than so many standard errors.
_BAND, _SURE = 1.5, 4.0
# The least similarity of the slopes of neighbours for β to have a meaning.
_SIMILAR = 0.2
# Limits of noise: e / differences, e / second-order term, error of the values alone / differences,
# and error of the values alone / e.
_MISSED, _SECOND_ORDER, _ALONE, _BETTER = 0.2, 0.6, 0.25, 0.33
_DEGREES = 57.3


class SlopeWarning(UserWarning):
    """Slopes do not seem to fit their values."""


def disagreements(
    X: Floats, y: Floats, dydx: Floats, names: Names, *, noise: bool = True
) -> list[str]:
    """Sentences about slopes that look wrong; none where the data do not suffice.

    At most a few hundred rows are examined, always the same ones.

    Parameters
    ----------
    X : (N, n_1)
    y : (N, n_L)
        NaN where unknown.
    dydx : (N, n_L, n_1)
        NaN where missing.
    names : Names
        Labels of inputs and outputs for the sentences.
    noise : bool
        Whether to report slopes that look noisy.
    """
    if np.isnan(y).any():
        return _of_known(X, y, dydx, names, noise=noise)
    rng = np.random.default_rng(0)
    rows = _some(np.arange(len(X)), 20 * _ROWS, rng)
    rows = _some(rows[~np.isnan(dydx[rows]).all(axis=(1, 2))], _ROWS, rng)
    if len(rows) < _LEAST:
        return []
    with np.errstate(all="ignore"):
        given = y[rows]
        (Z, s_x), (y, s_y) = _standard(X[rows]), _standard(given)
        moving = np.flatnonzero(s_x)
        if not 0 < _LEAST_EACH * len(moving) <= len(rows):
            return []
        inputs = [_label("X", names.inputs, int(i)) for i in moving]
        Z = Z[:, moving]
        points = _Points(X[rows][:, moving], Z, nearest(Z, _NEIGHBOURS), inputs)
        found: dict[str, list[str]] = {}
        said: list[str] = []
        for k in range(len(s_y)):
            stand_in = made_up(points.X, given[:, k], dydx[rows, k][:, moving])
            if stand_in is not None:
                said.append(_stand_in(_label("y", names.outputs, k), stand_in))
            if stand_in is not None or not s_y[k]:
                continue
            T = dydx[rows, k][:, moving] / s_y[k]
            for i, what in _look(points, y[:, k], T, noise=noise).items():
                slope = slope_name(_label("y", names.outputs, k), inputs[i])
                found.setdefault(what, []).append(slope)
    return [*said, *(f"the slopes {_listed(slopes)} {what}" for what, slopes in found.items())]


def _of_known(X: Floats, y: Floats, dydx: Floats, names: Names, *, noise: bool) -> list[str]:
    """`disagreements` of one output after the other, at the rows where its value is known."""
    found = []
    for k in range(y.shape[1]):
        rows, one = np.flatnonzero(~np.isnan(y[:, k])), slice(k, k + 1)
        if rows.size:
            own = Names(names.inputs, (_label("y", names.outputs, k),))
            found += disagreements(X[rows], y[rows, one], dydx[rows, one], own, noise=noise)
    return found


def _stand_in(name: str, value: float) -> str:
    return (
        f"{name} is {value:g} in many rows, although the slopes there say that it changes between"
        " them: if the values are unknown, give NaN"
    )


@dataclass(frozen=True, eq=False)
class _Points:
    """X (N, n), the same in standard units, pairs of neighbours (m, 2), labels of the n inputs."""

    X: Floats
    Z: Floats
    near: Floats
    inputs: list[str]


def _look(points: _Points, y: Floats, T: Floats, *, noise: bool) -> dict[int, str]:
    """Mistakes of the slopes T (N, n) of one output, by the index of the input."""
    missing = np.isnan(T)
    given = np.asarray(~missing.all(axis=0))
    complete = np.asarray(~missing[:, given].any(axis=1))
    near = points.near[complete[points.near].all(axis=1)]
    rows = len(np.unique(near))
    if not given.any() or rows < max(_LEAST, _LEAST_EACH * len(given)):
        return {}
    # an input without slopes takes part with a constant one, its β
    pairs = Pairs.of(points.X, y, np.where(given, T, 1.0), near)
    if not np.isfinite(pairs.c).all():
        return {}
    beta, error, e = pairs.coefficients()
    scales = _scales(pairs, beta, error, rms(e), given)
    if not given.all():
        return scales
    found = _order(pairs, rms(e), points.inputs) or scales
    if found or not noise or rows < _LEAST_FOR_NOISE:
        return found
    return _noise(pairs, points.Z, y, near)


def _order(pairs: Pairs, left: float, inputs: list[str]) -> dict[int, str]:
    """Columns in the wrong order: another one explains nearly as much as any β could."""
    change, e = rms(pairs.dy), rms(pairs.missed())
    if e < 0.05 * change:
        return {}
    order, missed = pairs.reorder()
    if rms(missed) > min(_UNEXPLAINED * e, _UNEXPLAINED * change, 3 * left + 1e-6 * change):
        return {}
    place = np.argsort(order)
    moved = np.flatnonzero(place != np.arange(len(place))).tolist()
    fit = _listed([f"d{inputs[place[i]]}" for i in moved])
    return dict.fromkeys(moved, f"look out of order: they fit as those by {fit}")


def _scales(
    pairs: Pairs, beta: Floats, error: Floats, left: float, given: Floats
) -> dict[int, str]:
    """Slopes in a wrong unit or of a wrong sign."""
    if not left < _UNEXPLAINED * rms(pairs.dy):
        return {}
    # noise pulls β towards 0 and coarse rows push it up, both by less than neighbours are unlike
    band, sure = _BAND / np.maximum(pairs.similarity, _SIMILAR), _SURE * error
    certain = given & (pairs.similarity > _SIMILAR) & (np.abs(beta - 1) * rms(pairs.c) > left)
    certain &= np.abs(beta) > sure
    wrong = certain & ((beta + sure < 1 / band) | (beta - sure > band))
    return {int(i): _scale(float(beta[i])) for i in np.flatnonzero(wrong)}


def _scale(beta: float) -> str:
    factor = _round(max(abs(beta), 1 / abs(beta)))
    times = f"{factor:,.0f}" if 100 <= factor < 1e10 else f"{factor:g}"
    size = f"{times} times too {'small' if abs(beta) > 1 else 'large'}"
    if factor == _DEGREES:
        size += " (by degrees here, by radians there?)"
    if beta > 0:
        return f"look {size}"
    return "look of the wrong sign" if factor < 2 * _BAND else f"look of the wrong sign and {size}"


def _round(factor: float) -> float:
    """Round to a likely unit if one is near, else to two digits."""
    for unit in (10.0 ** round(math.log10(factor)), _DEGREES, 60.0, 3600.0):
        if abs(math.log(factor / unit)) < 0.05:
            return unit
    return float(f"{factor:.1e}")


def _noise(pairs: Pairs, Z: Floats, y: Floats, near: Floats) -> dict[int, str]:
    """Slopes that predict differences between neighbours worse than all other values do."""
    size, missed, second_order = map(_typical, (pairs.dy, pairs.missed(), pairs.second_order))
    if missed < max(_MISSED * size, _SECOND_ORDER * second_order):
        return {}
    alone = _typical(left_out(Z, y)[near[:, 0]] / pairs.size)
    if alone > min(_ALONE * size, _BETTER * missed):
        return {}
    what = (
        f"look noisy, or as if of another quantity: between neighbouring rows they miss"
        f" {missed / size:.2g} times the change of the values, of which the other values alone"
        f" miss {alone / size:.2g}"
    )
    return dict.fromkeys(range(pairs.c.shape[1]), what)


def _typical(x: Floats) -> float:
    return float(np.median(np.abs(x)))


def _some(rows: Floats, most: int, rng: np.random.Generator) -> Floats:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _standard(x: Floats) -> tuple[Floats, Floats]:
    """Columns of x (N, m) over their spreads (m,), 0 where only rounding varies."""
    largest = np.abs(x).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    spread = (x / unit).std(axis=0)
    spread = np.where(spread > 1e-13, spread, 0.0) * unit
    return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0), spread


def _label(letter: str, names: tuple[str, ...] | None, i: int) -> str:
    return f"{letter}[:, {i}]" if names is None else names[i]


def _listed(names: list[str], most: int = 6) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")

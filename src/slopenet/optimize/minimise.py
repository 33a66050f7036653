"""Bayesian optimisation: fit, propose, evaluate, and again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.network import Network
from slopenet.optimize.box import Box
from slopenet.optimize.evaluations import Evaluations
from slopenet.optimize.propose import propose
from slopenet.training.fit import fit
from slopenet.training.quality import FitWarning
from slopenet.validate import settings
from slopenet.validate.settings import RandomSource

# Proposals nearer to a known point, in widths of the box, say nothing new about a smooth function.
_SAME = 1e-6
# Points of which the most uncertain one is taken instead.
_EXPLORED = 1024
_INCUMBENTS = 3


@dataclass(frozen=True, eq=False)
class Minimum:
    """The result of `minimise`.

    Attributes
    ----------
    x : (n_1,)
        The best point.
    value : float
        The function there.
    X : (N, n_1)
        All points, in the order of their evaluation.
    y : (N,)
        Their values; NaN where an evaluation failed.
    dydx : (N, n_1) or None
        Their slopes, if the function gives them.
    network : Network or None
        The last fit, with error bars; None if `callback` stopped before the first.
    """

    x: Floats
    value: float
    X: Floats = field(repr=False)
    y: Floats = field(repr=False)
    dydx: Floats | None = field(repr=False)
    network: Network | None = field(repr=False)


def minimise(
    function: Callable[[Floats], Any],
    bounds: Any,
    evaluations: int = 50,
    *,
    slopes: bool = False,
    initial: int | None = None,
    batch: int = 1,
    start: tuple[Any, ...] | None = None,
    rng: RandomSource = None,
    fit_settings: Mapping[str, Any] | None = None,
    callback: Callable[[Floats, float], object] | None = None,
) -> Minimum:
    """Find the minimum of an expensive function of a few inputs.

    Parameters
    ----------
    function : function of x (n_1,)
        Returns its value, or with `slopes` the pair of its value and its gradient (n_1,). NaN is an
        evaluation that failed; a gradient may have NaN where a slope is unknown.
    bounds : (n_1, 2)
        Pairs (low, high), one per input.
    evaluations : int
        The number of evaluations, the first ones included.
    slopes : bool
        Whether the function returns slopes too, which are learned like values.
    initial : int, optional
        The number of quasi-random points before the first fit. Default: 2 n_1 + 2, with slopes
        n_1 + 2.
    batch : int
        The number of points that are proposed per fit.
    start : (X, y) or (X, y, dydx), optional
        Evaluations that are known already; with them, `initial` is 0 unless given.
    rng : numpy Generator or seed, optional
        The same seed gives the same points.
    fit_settings : mapping, optional
        Settings of `slopenet.fit`, added to ``{"method": "kriging", "transform": "none"}``.
    callback : function of x and value, optional
        Called after each evaluation; returns True to stop.

    Returns
    -------
    Minimum

    Raises
    ------
    ValueError
        If an argument does not fit, the function returns what is not a number or a gradient of
        another shape, or fewer than two evaluations succeed before the first fit.
    """
    box, source = Box.of(bounds), settings.generator(rng)
    inputs = len(box.low)
    total, size = settings.count("evaluations", evaluations), settings.count("batch", batch)
    if initial is None:
        initial = 0 if start is not None else (inputs + 2 if slopes else 2 * inputs + 2)
    first = settings.count("initial", initial, 0)
    known = Evaluations(function, inputs, slopes, callback)
    if start is not None:
        known.begin(*start)
    begun = len(known.y)
    for x in box.points(box.filled(max(first, 1), source))[: min(first, total)]:
        known.evaluate(x)
    chosen = {"method": "kriging", "transform": "none", **(fit_settings or {})}
    network: Network | None = None
    while not known.stopped:
        network = _fitted(known, chosen, source)
        left = total - (len(known.y) - begun)
        if left == 0:
            break
        for x in _next(network, box, known, min(size, left), source):
            known.evaluate(x)
    X, y, dydx = known.arrays()
    at = int(np.nanargmin(y)) if not np.isnan(y).all() else 0
    return Minimum(X[at], float(y[at]), X, y, dydx, network)


def _fitted(known: Evaluations, chosen: Mapping[str, Any], rng: np.random.Generator) -> Network:
    """The network of all evaluations that did not fail."""
    X, y, dydx = known.arrays()
    right = ~np.isnan(y)
    if right.sum() < 2:
        raise ValueError(
            f"at least two evaluations must succeed before the first fit, got {right.sum()}"
            f" of {len(y)}: raise initial, or move the bounds"
        )
    own = right if dydx is None else right | ~np.isnan(dydx).all(axis=1)
    seed = int(rng.integers(2**63))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # few rows are expected to fit badly
        found = fit(X[own], y[own], None if dydx is None else dydx[own], rng=seed, **chosen)
    return found.network


def _next(net: Network, box: Box, known: Evaluations, n: int, rng: np.random.Generator) -> Floats:
    X, y, _ = known.arrays()
    failed, order = np.isnan(y), np.argsort(y)  # NaN last
    near = X[order[: min(_INCUMBENTS, int((~failed).sum()))]]
    found = propose(
        net, box.pairs, n,
        best=float(np.nanmin(y)), incumbents=near, pending=X[failed], slopes=known.slopes, rng=rng,
    )  # fmt: skip
    for i, x in enumerate(found):
        others = box.unit(np.concatenate([X, found[:i]]))
        if np.abs(others - box.unit(x)).max(axis=1).min() < _SAME:
            Z = box.points(box.filled(_EXPLORED, rng))
            found[i] = Z[np.argmax(net.std(Z)[:, 0])]
    return found

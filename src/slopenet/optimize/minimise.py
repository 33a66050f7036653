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
from slopenet.optimize.propose import propose
from slopenet.training.fit import fit
from slopenet.training.quality import FitWarning
from slopenet.validate import arrays, settings
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
    network : Network
        The last fit, with error bars.
    """

    x: Floats
    value: float
    X: Floats = field(repr=False)
    y: Floats = field(repr=False)
    dydx: Floats | None = field(repr=False)
    network: Network = field(repr=False)


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
    known = _Known(function, inputs, slopes, callback)
    if start is not None:
        known.begin(*start)
    begun = len(known.y)
    for x in box.points(box.filled(max(first, 1), source))[: min(first, total)]:
        known.evaluate(x)
    chosen = {"method": "kriging", "transform": "none", **(fit_settings or {})}
    network = None
    while network is None or (len(known.y) - begun < total and not known.stopped):
        network = known.fitted(chosen, source)
        left = total - (len(known.y) - begun)
        if left > 0 and not known.stopped:
            for x in _next(network, box, known, min(size, left), source):
                known.evaluate(x)
    X, y, dydx = known.arrays()
    at = int(np.nanargmin(y))
    return Minimum(X[at], float(y[at]), X, y, dydx, network)


class _Known:
    """The function and all evaluations of it."""

    def __init__(
        self,
        function: Callable[[Floats], Any],
        inputs: int,
        slopes: bool,
        callback: Callable[[Floats, float], object] | None,
    ) -> None:
        self._function, self._inputs, self.slopes = function, inputs, slopes
        self._callback, self.stopped = callback, False
        self.X: list[Floats] = []
        self.y: list[float] = []
        self.dydx: list[Floats] = []

    def begin(self, X: Any, y: Any, dydx: Any = None) -> None:
        """Take evaluations that are known."""
        rows = arrays.points("start[0]", X, self._inputs, np.float64).reshape(-1, self._inputs)
        values = arrays.targets("start[1]", y, (len(rows), 1), np.float64, unknown=True)[:, 0]
        by_x = np.full(rows.shape, np.nan)
        if dydx is not None:
            by_x = arrays.floats("start[2]", dydx)
            arrays.require_shape("start[2]", by_x, [rows.shape])
        self.X, self.y, self.dydx = list(rows), values.tolist(), list(by_x)

    def evaluate(self, x: Floats) -> None:
        """Ask the function, unless it has been stopped."""
        if self.stopped:
            return
        found = self._function(x.copy())
        if self.slopes and not (isinstance(found, tuple | list) and len(found) == 2):
            raise ValueError(
                "with slopes=True, the function must return a pair of its value and its gradient,"
                f" got {settings.short(found)}"
            )
        value, by_x = found if self.slopes else (found, np.full(self._inputs, np.nan))
        number = arrays.floats("the function's value", value)
        if number.size != 1 or np.isinf(number).any():
            raise ValueError(
                f"the function must return a finite number, or NaN where it fails, at x = {x},"
                f" got {settings.short(value)}"
            )
        gradient = arrays.floats("the function's gradient", by_x)
        if gradient.size != self._inputs:
            raise ValueError(
                f"the function's gradient must have shape ({self._inputs},), got {gradient.shape}"
            )
        self.X.append(x)
        self.y.append(float(number.ravel()[0]))
        self.dydx.append(gradient.reshape(self._inputs))
        if self._callback is not None:
            self.stopped = bool(self._callback(x.copy(), self.y[-1]))

    def arrays(self) -> tuple[Floats, Floats, Floats | None]:
        """X (N, n_1), y (N,) and dydx (N, n_1)."""
        return np.array(self.X), np.array(self.y), np.array(self.dydx) if self.slopes else None

    def fitted(self, chosen: Mapping[str, Any], rng: np.random.Generator) -> Network:
        """The network of all evaluations that did not fail."""
        X, y, dydx = self.arrays()
        known = ~np.isnan(y)
        if known.sum() < 2:
            raise ValueError(
                f"at least two evaluations must succeed before the first fit, got {known.sum()}"
                f" of {len(y)}: raise initial, or move the bounds"
            )
        own = known if dydx is None else known | ~np.isnan(dydx).all(axis=1)
        seed = int(rng.integers(2**63))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)  # few rows are expected to fit badly
            found = fit(X[own], y[own], None if dydx is None else dydx[own], rng=seed, **chosen)
        return found.network


def _next(
    net: Network, box: Box, known: _Known, n: int, rng: np.random.Generator
) -> Floats:
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

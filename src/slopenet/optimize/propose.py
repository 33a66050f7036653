"""Points to evaluate next: the maximum of log EI over a box, again and again for a batch.

Quasi-random points find the promising regions; L-BFGS-B with the exact gradient climbs from the
best of them. After each point of a batch the error bars are those that believe its value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.network import Network
from slopenet.optimize.believed import believing
from slopenet.optimize.box import Box
from slopenet.optimize.improvement import log_improvement, moments, target
from slopenet.validate import arrays, settings
from slopenet.validate.settings import RandomSource

# Quasi-random points, copies around each incumbent, starts of L-BFGS-B and its most steps.
_SCREENED, _AROUND, _CLIMBS, _STEPS = 1024, 32, 6, 60
# Distances of the copies from their incumbent, in widths of the box.
_NEAR = (1e-3, 1e-2, 1e-1)
# The least standard deviation, in those of the most uncertain point: keeps log EI finite.
_LEAST = 1e-6


def propose(
    net: Network,
    bounds: Any,
    n: int = 1,
    *,
    best: float | None = None,
    output: int | str = 0,
    maximise: bool = False,
    incumbents: Any = None,
    pending: Any = None,
    slopes: bool = False,
    rng: RandomSource = None,
) -> Floats:
    """Points where the expected improvement is largest: (n, n_1).

    Parameters
    ----------
    net : Network
        With a posterior, as from `slopenet.fit`.
    bounds : (n_1, 2)
        Pairs (low, high), one per input.
    n : int
        The number of points, to be evaluated together: after each, its value is taken for what the
        network says, and the error bars shrink around it.
    best, output, maximise
        As in `expected_improvement`.
    incumbents : (M, n_1), optional
        Points to search around too, such as the best ones so far.
    pending : (M, n_1), optional
        Points under evaluation, or that failed: proposals keep away from them.
    slopes : bool
        Whether slopes will be known at `pending` and within the batch too.
    rng : numpy Generator or seed, optional

    Raises
    ------
    ValueError
        If bounds or points do not fit, the network has no posterior, or nothing tells the best
        value.
    """
    inputs = net.sizes[0]
    box, count, source = Box.of(bounds, inputs), settings.count("n", n), settings.generator(rng)
    k, sign, least = target(net, best, output, maximise=maximise)
    near = box.unit(_points("incumbents", incumbents, inputs))
    waiting = _points("pending", pending, inputs)
    found = np.empty((0, inputs))
    while len(found) < count:
        believed = believing(net, np.concatenate([waiting, found]), slopes=slopes)
        known = sign * np.asarray(net(np.concatenate([waiting, found])), np.float64)[:, k]
        search = _Search(believed, box, k, sign, min([least, *known]))
        z = search.best(_starts(box, near, source))
        found = np.concatenate([found, box.points(z)[None]])
    return found


class _Search:
    """The largest log EI over z of the box."""

    def __init__(self, net: Network, box: Box, k: int, sign: float, best: float) -> None:
        self._net, self._box, self._k, self._sign, self._best = net, box, k, sign, best
        self._floor = 0.0

    def best(self, Z: Floats) -> Floats:
        """The best z that climbs from the best of Z lead to."""
        from scipy.optimize import minimize  # loads many modules

        logs = self._screened(Z)
        ends = [(-float(logs.max()), Z[logs.argmax()])]
        for z in Z[np.argsort(-logs, kind="stable")[:_CLIMBS]]:
            end = minimize(
                self._cost,
                z,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, 1.0)] * len(z),
                options={"maxiter": _STEPS},
            )
            ends.append((float(end.fun), np.asarray(end.x)))
        return np.asarray(min(ends, key=lambda pair: pair[0])[1])

    def _screened(self, Z: Floats) -> Floats:
        X = self._box.points(Z)
        m = self._sign * np.asarray(self._net(X), np.float64)[:, self._k]
        s = np.asarray(self._net.std(X), np.float64)[:, self._k]
        self._floor = max(_LEAST * float(s.max()), 1e-150)
        return log_improvement(self._best, m, np.hypot(s, self._floor))[0]

    def _cost(self, z: Floats) -> tuple[float, Floats]:
        """-log EI and its gradient."""
        given = moments(self._net, self._box.points(z)[None], self._k, self._sign)
        s = np.hypot(given.s, self._floor)
        logs, by_m, by_s = log_improvement(self._best, given.m, s)
        slopes = by_m[:, None] * given.by_x + (by_s / s)[:, None] * given.s_by_x
        return -float(logs[0]), -slopes[0] * self._box.width


def _starts(box: Box, near: Floats, rng: np.random.Generator) -> Floats:
    """Quasi-random z, and copies of the incumbents at several distances."""
    inputs = len(box.low)
    parts = [box.filled(_SCREENED, rng)]
    for z in near:
        steps = np.resize(_NEAR, (_AROUND, 1)) * rng.normal(size=(_AROUND, inputs))
        parts.append(z + steps)
    return np.asarray(np.clip(np.concatenate(parts), 0.0, 1.0))


def _points(name: str, given: Any, inputs: int) -> Floats:
    if given is None:
        return np.empty((0, inputs))
    found = arrays.points(name, given, inputs, np.float64)
    arrays.require_finite(name, found)
    return np.asarray(found.reshape(-1, inputs))

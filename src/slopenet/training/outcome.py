"""The result of a fit, and the run that leads to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from slopenet.evaluate.model import column_names
from slopenet.io.card import Card
from slopenet.network import Network
from slopenet.training.contest import Contest
from slopenet.training.ensemble import Ensemble
from slopenet.training.monitor import State
from slopenet.training.progress import JsonLines, Progress
from slopenet.training.quality import FitErrors
from slopenet.training.race import Race
from slopenet.training.session import Checkpoint, Interrupted, Runs
from slopenet.training.settings import FitSettings
from slopenet.training.shape.violations import Violation


@dataclass(frozen=True, eq=False)
class Fit:
    """The result of `fit`.

    Attributes
    ----------
    network : Network
        The network of the best start, in the user's units: the scaling is folded into its weights.
        Its `card` says what it was trained on.
    history : dict of str to list of float
        Of that start, one entry per epoch. ``"epoch"``; ``"values"`` and ``"slopes"``, the RMS
        errors of the rows learned from: of values over their standard deviation, of slopes over
        their RMS, pooled over the outputs; with a validation set ``"validation_values"`` and
        ``"validation_slopes"``, the same of its rows. L-BFGS and mini-batches measure errors once
        in ten epochs, and repeat them in between. ``"cost"``, the mean of C + C' that the method
        lowers, in standard units: methods that learn the weight of the slopes change its
        definition on the way. ``"validation"``, the cost that decides when to stop, with equal
        shares of values and slopes. Partitions have costs only.
    reason : str
        The method, the reason for it, and why training ended.
    ensemble : Ensemble
        The networks of all starts, the best one first.
    errors : FitErrors or None
        Estimated errors of values and slopes, R² and one line of verdict; see
        `slopenet.training.quality`. None for data in partitions.
    violations : tuple of Violation
        The worst point of each constraint (`monotone`, `convex`, ...) that a network of `ensemble`
        does not obey; empty if it obeys all of them, or has none.
    """

    network: Network
    history: dict[str, list[float]] = field(repr=False)
    reason: str
    ensemble: Ensemble = field(repr=False)
    errors: FitErrors | None = field(default=None, repr=False)
    violations: tuple[Violation, ...] = field(default=(), repr=False)

    def _repr_html_(self) -> str:
        from slopenet.html import pages

        known, errors = self.errors, None
        if known is not None:
            errors = known.verdict, known.values, known.slopes
        return pages.fit(errors, column_names(self.network), self.history, self.reason)


def train(
    race: Race | Contest,
    settings: FitSettings,
    rng: np.random.Generator,
    *,
    identity: dict[str, Any] | None = None,
    resumed: Checkpoint | None = None,
    card: Card | None = None,
) -> Fit:
    """Run all starts to their ends, or on from a checkpoint, and return the best.

    Raises
    ------
    Interrupted
        On Ctrl-C, or SIGTERM in the main thread; its ``fit`` is the best until then.
    """
    with ExitStack() as stack:
        calls: list[Callable[[State], object]] = []
        if settings.callback is not None:
            calls.append(settings.callback)
        if settings.progress:
            calls.append(stack.enter_context(Progress()))
        if settings.log is not None:
            calls.append(stack.enter_context(JsonLines(settings.log)))
        runs = Runs(settings.checkpoint, identity or {}, settings.checkpoint_seconds)
        if resumed is not None:
            runs.resume(*resumed)
        try:
            race.run(runs, rng, calls)
        except Interrupted as stopped:
            stopped.fit = _result(race, card)
            raise
    return _result(race, card)


def _result(race: Race | Contest, card: Card | None) -> Fit:
    """The best network and all others, with cards of what is known of them."""
    network, history, reason, ensemble, errors, method, violations = race.result()
    if card is not None:
        card = replace(card, method=method, reason=reason)
        known = None if errors is None else errors.known(len(card.inputs))
        network = network.with_card(replace(card, errors=known))
        others = (each.with_card(card) for each in ensemble.networks[1:])
        ensemble = Ensemble([network, *others])
    return Fit(network, history, reason, ensemble, errors, violations)

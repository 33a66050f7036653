"""Several networks on the same data: trained until they can be compared, the best to its end.

A network that follows the best, and may be better, is trained to its end too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from slopenet.training.judge import NOISE
from slopenet.training.monitor import State
from slopenet.training.quality import LEARNED, POOR
from slopenet.training.session import Runs
from slopenet.training.start import Training
from slopenet.training.starts import Candidates, Result

# Of errors within this factor of the least, that of the smallest network wins.
CLOSE = 1.1
# Relative errors of values and slopes with which the first candidates are enough.
ENOUGH, ENOUGH_SLOPES = 1e-4, 1e-3
# The most parameters of a rival.
MOST_WEIGHTS = 2500
# A rival that obeys only by missing rows by so many times more does not suit the constraints.
STRAINED = 1.2
# Weights that are determined by so many targets each have errors far below the noise.
FEW = 0.005
# Why its method was taken.
TRIED, ALONE = "the best of those tried", "so accurate that no other was tried"
NOISE_ALONE = "a small network, as it misses no more than noise"


class Race:
    """Candidates of one or more shapes; the first are trained alone, and may be enough.

    Parameters
    ----------
    entered : sequence of Candidates
        At least one.
    following : function of Candidates, optional
        The candidates to try after these won, or None.
    others : function of Candidates, optional
        The candidates to try where these, the best, are hardly better than a constant.
    rivals : function, optional
        The candidates to compare with the best by rows left out.
    scout : Candidates, optional
        Small ones, trained first. If they miss no more than noise, nothing else is tried.
    """

    def __init__(
        self,
        entered: Sequence[Candidates],
        following: Callable[[Candidates], Candidates | None] = lambda _: None,
        others: Callable[[Candidates], Iterable[Candidates]] = lambda _: (),
        rivals: Callable[[], Iterable[Candidates]] = lambda: (),
        scout: Candidates | None = None,
    ) -> None:
        self.entered, self._following, self._others = list(entered), following, others
        self._rivals, self._scout = rivals, scout
        self._chosen: int | None = None
        self._rescuers: list[Candidates] = []
        self._met: list[Candidates] = []
        self._said = ""
        self._better: Candidates | None = None

    @property
    def started(self) -> int:
        """Number of starts so far."""
        scouts = () if self._scout is None else (self._scout,)
        tried = (*scouts, *self.entered, *self._rescuers, *self._met)
        return sum(len(each.started) for each in tried)

    def run(
        self,
        runs: Runs,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
        *,
        first: int = 0,
    ) -> None:
        """Train all candidates and those that follow from the results, then the best to its end.

        Starts are numbered from `first`.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM.
        """
        if self._scout is not None:
            _train(self._scout, runs, rng, callbacks, first=first)
            if runs.decided(partial(_misses_noise_alone, self._scout)):
                self._better = self._scout
                return
        waiting, later = self.entered[:1], self.entered[1:]
        alone = not later
        to_compare = not alone
        while waiting:
            started = first + self.started
            several = len(waiting) > 1
            made: list[Training] = []
            for each in waiting:
                number = started + len(made)
                made += each.trainings(rng, callbacks, first=number, threads=1 if several else None)
            runs.add(made)
            side_by_side = several or waiting[0].plan.side_by_side
            runs.train(made, side_by_side=side_by_side, to_compare=to_compare)
            if later and not runs.decided(self._enough):
                waiting, later = later, []
                continue
            chosen = runs.decided(lambda: self.entered.index(self._judged()))
            best = self.entered[chosen]
            if not alone:
                runs.train(best.started, side_by_side=best.plan.side_by_side)
            following = None if later else self._following(best)
            waiting = [] if following is None else [following]
            self.entered += waiting
            to_compare = False
        self._chosen = chosen

    def meet(
        self,
        runs: Runs,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
        *,
        first: int = 0,
    ) -> None:
        """Train the rivals of the best, which obeys; keep one that misses rows left out by less.

        Errors to first order are too small for a network that the constraints contradict, so the
        best has to obey first. Those of a process are exact, and true constraints do not let them
        grow; so they are compared before the rival obeys. A rival whose sines cannot obey without
        missing rows by more is compared again, with errors that have grown as much.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM.
        """
        best = self.best
        said = [f"{best.title} {best.missed:.2g}"]
        for each in self._rivals():
            self._met.append(each)
            first += _train(each, runs, rng, callbacks, first=first)
            said.append(f"{each.title} {each.missed:.2g}")
            if runs.decided(partial(self._loses_to, each)):
                missed = each.missed
                each.obey(runs, callbacks, first=first)
                strained = each.strain > STRAINED and each.strain * missed >= best.missed
                if not strained and (each.obeys or not best.obeys):
                    self._better = each
        if self._met:
            self._said = f" Compared by rows left out: {', '.join(said)} (errors)."

    def _loses_to(self, rival: Candidates) -> bool:
        small = rival.best.theta.size <= MOST_WEIGHTS
        return small and rival.missed < self.best.missed

    def rescue(
        self,
        runs: Runs,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
        *,
        first: int = 0,
    ) -> None:
        """Try others, until one is clearly better than a constant; rows held out judge them.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM.
        """
        for each in self._others(self.best):
            self._rescuers.append(each)
            first += _train(each, runs, rng, callbacks, first=first)
            if runs.decided(partial(self._improves, each)):
                self._better = each
            if self.best.missed < POOR:
                break

    def _improves(self, other: Candidates) -> bool:
        return other.missed * CLOSE < self.best.missed

    @property
    def best(self) -> Candidates:
        """The chosen one, or the best so far."""
        if self._better is not None:
            return self._better
        return self._judged() if self._chosen is None else self.entered[self._chosen]

    def _judged(self) -> Candidates:
        """The smallest of those whose errors are close to the least; wider where that pays.

        A network and a wider one are compared by rows left out or held out: the search for the
        evidence of many weights often ends early.
        """
        trained = [each for each in self.entered if each.started]
        if not trained and self._scout is not None:
            return self._scout
        if len(trained) == 1:
            return trained[0]
        errors = [each.error for each in trained]
        least = min(errors)
        close = [
            (each.best.theta.size, error, i)
            for i, (each, error) in enumerate(zip(trained, errors, strict=True))
            if error <= least + np.log(CLOSE)
        ]
        found = trained[min(close)[-1]] if close else trained[0]
        for each in trained[trained.index(found) + 1 :]:
            if each.widens(found) and each.missed * CLOSE < found.missed:
                found = each
        return found

    def _enough(self) -> bool:
        """Whether the first is so good that no other can be noticeably better."""
        errors = self.entered[0].errors
        if errors is None or errors.rows == LEARNED:
            return False
        values = errors.values[~np.isnan(errors.values)]
        slopes = errors.slopes[~np.isnan(errors.slopes)]
        small = (values < ENOUGH).all() and (slopes < ENOUGH_SLOPES).all()
        return bool(small and values.size + slopes.size)

    def result(self) -> Result:
        """The networks of the best candidates, and what was tried."""
        best = self.best
        trained = [each for each in self.entered if each.started]
        found = best.result([each for each in trained if each is not best])
        reason = found.reason
        if len(trained) <= 1:
            reason = reason if self._rescuers else reason.replace(TRIED, ALONE)
        else:
            tried = ", ".join(f"{each.label} {_said(each.error)}" for each in trained)
            by_rows = trained[0].judged_by_rows
            by = "logarithms of held-out errors" if by_rows else "log evidence per target"
            reason += f" Tried: {tried} ({by})."
        reason += self._said
        if self._rescuers:
            tried = ", ".join(f"{each.title} {each.missed:.2g}" for each in self._rescuers)
            reason += f" As that was hardly better than a constant, also tried: {tried} (errors)."
        return found._replace(reason=reason)


def _said(error: float) -> str:
    return f"{-error:.3g}" if np.isfinite(error) else "no more than a constant"


def _misses_noise_alone(scout: Candidates) -> bool:
    return NOISE <= scout.missed < POOR and scout.determined <= FEW and scout.misses_noise


def _train(
    each: Candidates,
    runs: Runs,
    rng: np.random.Generator,
    callbacks: Sequence[Callable[[State], object]],
    *,
    first: int,
) -> int:
    """Train candidates that come after a race to their ends; their number of starts."""
    made = each.trainings(rng, callbacks, first=first)
    runs.add(made)
    runs.train(made, side_by_side=each.plan.side_by_side)
    return len(made)

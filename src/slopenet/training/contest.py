"""Races on the same data in several coordinates, of which the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from slopenet.training.monitor import State
from slopenet.training.quality import POOR, FitErrors
from slopenet.training.race import Race
from slopenet.training.session import Runs
from slopenet.training.starts import Result
from slopenet.training.transform import Transform

# A logarithm of outputs may miss rows by so many times more, unless it is hardly better than a
# constant: it also has the digits of small values, which an error in the units of the largest does
# not show.
DIGITS = 2.0
# The evidence decides between races whose errors are within this factor of the least.
CREDIBLE = 3.0
# A relative error of values with which no other coordinates are tried.
ENOUGH = 1e-3


class Contest:
    """Races that are run one after the other, until one is accurate enough.

    Where every race has an evidence, it decides, as densities of the targets in the user's units,
    between those that miss rows by a similar size: left-out errors of networks with many weights
    are too small. Otherwise errors decide.

    Parameters
    ----------
    races : sequence of Race
    transforms : sequence of Transform or None
        Of each race; None in the data's own coordinates.
    """

    def __init__(self, races: Sequence[Race], transforms: Sequence[Transform | None]) -> None:
        self._races, self._transforms = list(races), list(transforms)
        self._chosen: int | None = None

    def run(
        self,
        runs: Runs,
        rng: np.random.Generator,
        callbacks: Sequence[Callable[[State], object]],
    ) -> None:
        """Run all races, then train the best until it obeys the constraints, if there are any.

        After that it meets its rivals, which no race with constraints has.

        Raises
        ------
        Interrupted
            On Ctrl-C or SIGTERM.
        """
        started = 0
        for race in self._races:
            race.run(runs, rng, callbacks, first=started)
            started += race.started
            if error_of(race.best.errors) < ENOUGH:
                break
        run = [self._races[i] for i in self._run]
        if self._races[0].best.shape is not None:
            self._chosen = runs.decided(lambda: self._compared()[0])
            chosen = run[self._chosen]
            chosen.best.obey(runs, callbacks, first=started)
            started += len(chosen.best.started)
            chosen.meet(runs, rng, callbacks, first=started)
        elif runs.decided(lambda: all(error_of(race.best.errors) >= POOR for race in run)):
            best = min(run, key=lambda race: error_of(race.best.errors))
            best.rescue(runs, rng, callbacks, first=started)

    def result(self) -> Result:
        """The networks of the best race, and why it is the best."""
        if self._transforms == [None]:
            return self._races[0].result()
        best, said = self._compared()
        i = self._run[best if self._chosen is None else self._chosen]
        found = self._races[i].result()
        of = "" if found.errors is None else f" of rows {found.errors.rows}"
        all_run = len(self._run) == len(self._races)
        others = "" if all_run else "; so accurate that no other was tried"
        reason = f"{found.reason} Transform: {self._labels[i]} (errors{of}: {said}{others})."
        return found._replace(reason=reason)

    @property
    def _run(self) -> list[int]:
        """The numbers of the races that were run."""
        return [i for i, race in enumerate(self._races) if race.started]

    @property
    def _labels(self) -> list[str]:
        return ["none" if each is None else each.label for each in self._transforms]

    def _compared(self) -> tuple[int, str]:
        """The best of the races that were run, and their errors in words."""
        run, labels = self._run, self._labels
        errors = [error_of(self._races[i].best.errors) for i in run]
        surprises = [self._races[i].best.surprise for i in run]
        known = [each for each in surprises if each is not None]
        compared = [self._lenient(i, error) for i, error in zip(run, errors, strict=True)]
        by_evidence = len(known) == len(run) > 1 and bool(np.isfinite(known).any())
        if by_evidence:
            most = CREDIBLE * min(errors)
            compared = [s if e <= most else np.inf for s, e in zip(known, errors, strict=True)]
        said = [f"{labels[i]} {error:.2g}" for i, error in zip(run, errors, strict=True)]
        if by_evidence:
            said[-1] += f"; log evidence per target {', '.join(f'{-each:.3g}' for each in known)}"
        return int(np.argmin(compared)), ", ".join(said)

    def _lenient(self, i: int, error: float) -> float:
        """The error by which race i is compared with the others."""
        transform = self._transforms[i]
        in_logarithms = transform is not None and transform.outputs is not None
        return error / DIGITS if in_logarithms and error < POOR else error


def error_of(errors: FitErrors | None) -> float:
    """RMS of the relative errors, as `FitErrors.typical`; infinite if none is known."""
    return np.inf if errors is None else errors.typical

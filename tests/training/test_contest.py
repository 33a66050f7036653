"""Races in several coordinates: when the next one is run, and which one is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from slopenet.training.contest import DIGITS, ENOUGH, Contest, error_of
from slopenet.training.quality import POOR, FitErrors
from slopenet.training.starts import Result
from slopenet.training.transform import Logarithm, Transform

LOG = Logarithm(np.ones(1), np.zeros(1))
BOTH, INPUTS = Transform(LOG, LOG, "log of x and y"), Transform(LOG, None, "log of x")


def errors(*values: float) -> FitErrors:
    return FitErrors(np.array(values), np.full((len(values), 1), np.nan), "left out")


class Raced:
    """A race of two starts whose error is known."""

    def __init__(self, name: Any, error: float, surprise: float | None = None) -> None:
        self.name, self.started, self.rescued = name, 0, False
        self.best = SimpleNamespace(errors=errors(error), surprise=surprise, shape=None)

    def run(self, runs: Any, rng: Any, callbacks: Any, *, first: int) -> None:
        self.first, self.started = first, 2

    def rescue(self, runs: Any, rng: Any, callbacks: Any, *, first: int) -> None:
        self.rescued = True

    def result(self) -> Result:
        return Result(self.name, {}, "Trained.", self.name, self.best.errors, "lm")


def result(*found: tuple[Any, ...]) -> tuple[Result, list[Raced]]:
    races = [Raced(*each) for each in found]
    made: Any = races
    contest = Contest(made, [each[0] for each in found])
    runs: Any = SimpleNamespace(decided=lambda decide: int(decide()))
    contest.run(runs, np.random.default_rng(0), [])
    return contest.result(), races


def test_a_single_race_in_the_units_of_the_user_is_as_it_was() -> None:
    found, _ = result((None, 0.5))
    assert found.reason == "Trained."


def test_the_best_is_rescued_if_all_are_poor() -> None:
    _, races = result((BOTH, 0.9), (INPUTS, 0.8), (None, 1.0))
    assert [race.rescued for race in races] == [False, True, False]
    _, races = result((BOTH, 0.9), (INPUTS, 0.6), (None, 1.0))
    assert not any(race.rescued for race in races)


def test_the_least_error_wins_and_all_are_said() -> None:
    found, races = result((BOTH, 0.5), (INPUTS, 0.1), (None, 0.2))
    assert found.network is INPUTS
    assert found.reason == (
        "Trained. Transform: log of x (errors of rows left out: log of x and y 0.5, log of x 0.1,"
        " none 0.2)."
    )
    assert [race.first for race in races] == [0, 2, 4]


@pytest.mark.parametrize(("times", "winner"), [(0.9 * DIGITS, BOTH), (1.1 * DIGITS, INPUTS)])
def test_logarithms_of_outputs_may_miss_a_little_more(times: float, winner: Transform) -> None:
    found, _ = result((BOTH, 0.1 * times), (INPUTS, 0.1), (None, 0.11))
    assert found.network is winner


def test_that_is_so_only_of_a_fit_that_is_better_than_a_constant() -> None:
    found, _ = result((BOTH, 1.1 * POOR), (INPUTS, POOR), (None, 2.0))
    assert found.network is INPUTS


def test_the_evidence_decides_where_every_race_has_one() -> None:
    found, _ = result((BOTH, 0.3, -2.0), (INPUTS, 0.2, 1.0), (None, 0.1, 3.0))
    assert found.network is BOTH
    assert "none 0.1; log evidence per target 2, -1, -3)." in found.reason
    found, _ = result((BOTH, 0.3, -2.0), (INPUTS, 0.2, None), (None, 0.1, 3.0))
    assert found.network is None
    found, _ = result((BOTH, 0.4, -2.0), (INPUTS, 0.2, 1.0), (None, 0.1, 3.0))
    assert found.network is INPUTS  # the first misses rows by too much
    found, _ = result((BOTH, 0.8, np.inf), (None, 0.7, np.inf))
    assert found.network is None


def test_no_other_is_tried_if_the_first_is_accurate_enough() -> None:
    found, races = result((BOTH, 0.9 * ENOUGH), (INPUTS, 1e-9), (None, 1e-9))
    assert found.network is BOTH
    assert [race.started for race in races] == [2, 0, 0]
    assert "0.0009; so accurate that no other was tried)." in found.reason


def test_an_error_that_is_not_known_loses() -> None:
    found, _ = result((BOTH, np.nan), (None, 0.9))
    assert found.network is None
    assert error_of(None) == error_of(errors(np.nan)) == np.inf
    assert error_of(errors(3.0, 4.0, np.nan)) == pytest.approx(np.sqrt(12.5))

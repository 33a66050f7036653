"""Fits that came to nothing: other methods and starts, and a warning that names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import slopenet as sn
from slopenet.training.entrants import Task
from slopenet.training.monitor import State
from slopenet.training.plan import make_plan
from slopenet.training.rescue import alternatives
from slopenet.training.settings import FitSettings


def _wave(rows: int, periods: int):
    X = 2 * np.pi * periods * np.random.default_rng(0).random((rows, 1))
    return X, np.sin(X)


def _alternatives(rows: int = 400, **given):
    settings = FitSettings(**{"hidden": (20, 20)} | given)
    plan = make_plan(settings, 1, 1, rows=rows, targets=1)
    found = alternatives(settings, plan, Task(1, 1, rows, 1, plain=True))
    return [(each.method, each.restarts) for each in found]


def test_methods_that_were_not_asked_for_come_first_then_other_starts() -> None:
    assert _alternatives() == [("lbfgs", None), ("lm", 3)]


@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam"])
def test_a_method_that_was_asked_for_stays(method: str) -> None:
    assert _alternatives(method=method) == [(method, 3)]


def test_starts_and_settings_that_were_given_stay() -> None:
    assert _alternatives(restarts=2) == [("lbfgs", 2), ("lm", 2)]
    assert _alternatives(ensemble=2) == [("lbfgs", None), ("lm", None)]
    assert _alternatives(learning_rate=0.1) == [("adam", 3)]
    assert _alternatives(loss="student") == [("lm", 3)]


def test_a_kriging_start_on_much_data_is_followed_by_networks_alone() -> None:
    settings, task = FitSettings(), Task(6, 1, 20_000, 7, plain=True)
    plan = make_plan(FitSettings(method="kriging"), 6, 1, rows=task.rows, targets=7)
    assert [each.method for each in alternatives(settings, plan, task)] == ["lbfgs"]


def test_networks_that_are_too_dear_for_other_starts_are_not_tried() -> None:
    settings, task = FitSettings(), Task(3, 1, 1935, 4, plain=True)
    plan = make_plan(FitSettings(method="lm", hidden=(16, 16)), 3, 1, rows=task.rows, targets=4)
    small, starts = alternatives(settings, plan, task)
    assert (small.method, starts.method) == ("lbfgs", "lm")
    assert (starts.hidden, starts.restarts) == ((16, 16), 1)
    assert starts.epochs * task.work(starts.hidden).lm_operations < 3e11


def test_few_rows_cannot_judge_others() -> None:
    assert _alternatives(rows=99) == []


def test_a_start_that_collapses_is_rescued() -> None:
    X, y = _wave(400, 8)
    found = sn.fit(X, y, hidden=(20, 20), activation="silu", rng=0)
    assert "hardly better than a constant, also tried: L-BFGS silu 20-20" in found.reason
    T, t = _wave(1000, 8)
    assert np.sqrt(np.mean((found.network(T) - t) ** 2)) < 0.4 * t.std()


def test_what_was_tried_is_said_where_nothing_helps() -> None:
    X, y = _wave(120, 10)
    with pytest.warns(sn.FitWarning, match=r"also tried: L-BFGS .*, Levenberg-Marquardt "):
        sn.fit(X, y, hidden=(8, 8), activation="softplus", rng=0)


@pytest.mark.filterwarnings("ignore::slopenet.FitWarning")
def test_a_rescue_that_is_stopped_resumes_with_the_same_bits(tmp_path: Path) -> None:
    X, y = _wave(120, 12)
    given = {"hidden": (10, 10), "activation": "tanh", "restarts": 1, "rng": 0}
    whole = sn.fit(X, y, **given)
    assert "also tried" in whole.reason

    def stop(state: State) -> None:
        if state.start == 1 and state.epoch == 20:
            raise KeyboardInterrupt

    path = tmp_path / "run.ckpt"
    with pytest.raises(sn.Interrupted):
        sn.fit(X, y, **given, callback=stop, checkpoint=path, checkpoint_seconds=0)
    resumed = sn.fit(X, y, **given, checkpoint=path)
    assert resumed.network == whole.network
    assert resumed.reason == whole.reason

"""slopenet: one call of `fit` for each of the task's settings."""

from __future__ import annotations

from functools import partial
from typing import Any

import slopenet as sn
from benchmarks.training.contenders.trainer import Train, Trainer
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task


def _train(task: Task, settings: dict[str, Any], seed: int, recorder: Recorder) -> Curve:
    def look(state: Any) -> bool:
        return recorder.look(lambda: state.network)

    X, y, dydx = task.train.X, task.train.y, task.train.dydx
    recorder.start()
    fit = sn.fit(X, y, dydx, hidden=task.hidden, rng=seed, callback=look, **settings)
    return recorder.finish(lambda: fit.network)


def ways(task: Task) -> dict[str, Train]:
    """One for each of the task's settings."""
    return {name: partial(_train, task, dict(each)) for name, each in task.fits.items()}


TRAINER = Trainer("slopenet", "slopenet", ways)

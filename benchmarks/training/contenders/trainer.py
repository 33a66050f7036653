"""Contenders in training: the ways in which each trains on a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from benchmarks.contenders import Peer
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task

Train: TypeAlias = Callable[[int, Recorder], Curve]
"""One run from a seed, its curve taken by the recorder."""


@dataclass(frozen=True)
class Trainer(Peer):
    """A package, and a function from a task to its runs, by the name of the way."""

    ways: Callable[[Task], Mapping[str, Train]]


def each_rate(
    train: Callable[[Task, float, int, Recorder], Curve],
) -> Callable[[Task], dict[str, Train]]:
    """Turn a run into ways: one for each learning rate of a task."""
    return lambda task: {f"{rate:g}": partial(train, task, rate) for rate in task.rates}

"""Which of several starts is kept."""

from __future__ import annotations

import threading

import numpy as np

from slopenet.dataset.dataset import Data, Names
from slopenet.training.methods import choose
from slopenet.training.optimizers.evidence import weigh
from slopenet.training.starts import Candidates


def test_starts_are_judged_alike_whatever_was_tried_last() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = np.sin(X[:, :1]) + 0.5 * rng.normal(size=(30, 1))  # noise: no start foretells much better
    T = np.stack([np.cos(X[:, 0]), 0 * X[:, 1]], axis=1)[:, None]
    sizes = (2, 8, 1)
    candidates = Candidates(
        sizes,
        ("tanh", "identity"),
        Names(None, None),
        choose("lm", 60, None, None, None, sizes=sizes, rows=30, targets=3),
        ridge=None,
        slope_weight=1.0,
        data=Data(X, y, T + 0.5 * rng.normal(size=T.shape)),
        held_out=None,
        find_balance=True,
    )
    trainings = candidates.trainings(4, rng, [])
    for training in trainings:
        training.run(lambda: None, threading.Event())
    judged = [candidates._badness(training) for training in trainings]
    for training in trainings:
        weigh(training.problem, 1.0, 100.0)  # as a search leaves it
    assert [candidates._badness(training) for training in trainings] == judged

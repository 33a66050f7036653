"""JENN: its `fit`, observed through the parameters that it passes to its own optimiser.

JENN has no callback, but once per iteration it requests the gradient as one array from its
parameters, which are then those of the iterate.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from benchmarks.training.contenders.threads import quicker_blas
from benchmarks.training.contenders.trainer import Train, Trainer
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task
from slopenet import ActivationName, Network


class _Cut(Exception):  # noqa: N818
    pass


def _network(parameters: Any) -> Network:
    """Fold JENN's own normalisation into its weights."""
    p = parameters
    W, b = [w.copy() for w in p.W[1:]], [v[:, 0].copy() for v in p.b[1:]]
    W[0] = W[0] / p.sigma_x.T
    b[0] = b[0] - W[0] @ p.mu_x[:, 0]
    W[-1], b[-1] = p.sigma_y * W[-1], p.sigma_y[:, 0] * b[-1] + p.mu_y[:, 0]
    hidden: list[ActivationName] = ["tanh"] * (len(W) - 1)
    return Network(W, b, [*hidden, "identity"])


def _train(task: Task, seed: int, recorder: Recorder) -> Curve:
    import jenn
    from jenn.core.parameters import Parameters

    class Watched(Parameters):  # type: ignore[misc]
        def stack_partials(self, *arguments: Any, **keywords: Any) -> Any:
            if recorder.look(lambda: _network(self)):
                raise _Cut
            return super().stack_partials(*arguments, **keywords)

    model = jenn.NeuralNet(list(task.sizes))
    model.parameters = Watched(list(task.sizes), "tanh", "linear")
    slopes = task.train.dydx
    X, y = (np.ascontiguousarray(each.T) for each in (task.train.X, task.train.y))
    dydx = None if slopes is None else np.ascontiguousarray(slopes.transpose(1, 2, 0))

    def trial() -> None:
        some = slice(task.batch)
        few = (X[:, some], y[:, some], None if dydx is None else dydx[..., some])
        jenn.NeuralNet(list(task.sizes)).fit(*few, max_iter=2)

    with quicker_blas(trial), suppress(_Cut):
        recorder.start()
        model.fit(X, y, dydx, random_state=seed, **(task.jenn or {}))
    curve = recorder.finish(lambda: _network(model.parameters))
    X = task.test.X
    if not np.allclose(curve.network(X).T, model.predict(X.T), equal_nan=True):
        raise AssertionError("the network taken from JENN is not JENN's")
    return curve


def ways(task: Task) -> dict[str, Train]:
    """One way, if the task has settings for JENN."""
    return {} if task.jenn is None else {"": partial(_train, task)}


TRAINER = Trainer("JENN", "jenn", ways)

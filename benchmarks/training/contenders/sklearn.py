"""scikit-learn's MLPRegressor, which learns from values only: Adam and L-BFGS.

Each point of its curves is a complete run with twice the iterations of the previous one, from the
same seed, because scikit-learn has no public way to observe L-BFGS.
"""

from __future__ import annotations

import warnings
from functools import partial
from time import perf_counter
from typing import Any

from benchmarks.training.contenders.threads import quicker_blas
from benchmarks.training.contenders.trainer import Train, Trainer
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task
from slopenet import Network

FIRST = 8  # iterations


def _fitted(task: Task, solver: str, iterations: int, seed: int) -> tuple[float, Any]:
    """Seconds and the model; only `iterations` ends it early."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=task.hidden,
        activation="tanh",
        solver=solver,
        batch_size=task.batch or len(task.train),
        learning_rate_init=task.rates[0],
        max_iter=iterations,
        max_fun=100 * iterations,
        tol=0.0,
        n_iter_no_change=iterations,
        random_state=seed,
    )
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(task.standard.X, task.standard.y.squeeze(axis=1))
    return perf_counter() - start, model


def _train(task: Task, solver: str, seed: int, recorder: Recorder) -> Curve:
    def network(model: Any) -> Network:
        layers = zip(model.coefs_, model.intercepts_, strict=True)
        return task.network([(W.T, b) for W, b in layers])

    iterations, total = FIRST, 0.0
    with quicker_blas(lambda: _fitted(task, solver, 1, seed)):
        while True:
            seconds, model = _fitted(task, solver, iterations, seed)
            recorder.note(seconds, network(model))
            total += seconds
            cut = total > recorder.seconds
            if cut or iterations >= task.epochs or model.n_iter_ < iterations:
                return recorder.close(network(model), cut=cut)
            iterations = min(2 * iterations, task.epochs)


def ways(task: Task) -> dict[str, Train]:
    """Its two solvers."""
    return {solver: partial(_train, task, solver) for solver in ("adam", "lbfgs")}


TRAINER = Trainer("scikit-learn", "scikit-learn", ways)

"""Kriging by SMT and scikit-learn, with and without slopes, as functions from rows to a surrogate.

Kriging is Gaussian process regression. These models return no network, so they are no `Trainer`:
each function here fits one model and returns functions that predict. SMT's models have their
default settings. scikit-learn's process has one length scale per standardised input, white noise,
and five restarts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from benchmarks.training.functions import Numbers

STEP = 1e-4  # of central differences, in widths of the box

Predict: TypeAlias = Callable[[Numbers], Numbers]


class Rows(NamedTuple):
    """Points (N, n), their values (N,) and slopes (N, n), and the box they are drawn from."""

    X: Numbers
    y: Numbers
    dydx: Numbers
    lower: Numbers
    upper: Numbers


class Surrogate(NamedTuple):
    """Predictions of values (N,) and of slopes (N, n); None for slopes that it does not give."""

    value: Predict
    slopes: Predict | None = None


Fitter: TypeAlias = Callable[[Rows], Surrogate]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence warnings about bounds of length scales and about the optimiser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _smt(model: Any) -> Predict:
    """The predicted values (N,) of a trained model of SMT."""
    return lambda T: np.asarray(model.predict_values(T))[:, 0]


def _differences(value: Predict, steps: Numbers) -> Predict:
    """Central differences of the values."""
    moves = np.diag(steps)

    def slopes(T: Numbers) -> Numbers:
        columns = [value(T + move) - value(T - move) for move in moves]
        return np.asarray(np.stack(columns, axis=1) / (2 * steps))

    return slopes


def krg(rows: Rows) -> Surrogate:
    """SMT's ordinary kriging, on the values."""
    from smt.surrogate_models import KRG

    model = KRG(print_global=False)
    model.set_training_values(rows.X, rows.y)
    with _quiet():
        model.train()
    return Surrogate(_smt(model))


def krg_with_deviations(
    X: Numbers, y: Numbers, T: Numbers, *, noisy: bool
) -> tuple[Numbers, Numbers]:
    """Values of SMT's ordinary kriging at T, and their standard deviations: (N,) each.

    With `noisy`, it finds the noise of the values too.
    """
    from smt.surrogate_models import KRG

    model = KRG(print_global=False, eval_noise=noisy)
    model.set_training_values(X, y)
    with _quiet():
        model.train()
        variance = np.asarray(model.predict_variances(T))[:, 0]
    return _smt(model)(T), np.sqrt(np.maximum(variance, 0.0))


def gekpls(points: int) -> Fitter:
    """SMT's kriging on values and slopes, which adds this many points next to each row.

    Slopes are central differences, because its own need minutes for 2,000 points.
    """

    def fit(rows: Rows) -> Surrogate:
        from smt.surrogate_models import GEKPLS

        limits = np.stack([rows.lower, rows.upper], axis=1)
        model = GEKPLS(print_global=False, extra_points=points, xlimits=limits)
        model.set_training_values(rows.X, rows.y)
        for i, column in enumerate(rows.dydx.T):
            model.set_training_derivatives(rows.X, column[:, None], i)
        with _quiet():
            model.train()
        value = _smt(model)
        return Surrogate(value, _differences(value, STEP * (rows.upper - rows.lower)))

    return fit


def process(kernel: str) -> Fitter:
    """scikit-learn's process on the values, with the kernel "rbf" or "matern" (ν = 5/2)."""

    def fit(rows: Rows) -> Surrogate:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

        ones, bounds = np.ones(rows.X.shape[1]), (1e-2, 1e3)
        shape = RBF(ones, bounds) if kernel == "rbf" else Matern(ones, bounds, nu=2.5)
        noise = WhiteKernel(1e-6, (1e-12, 10.0))
        model = GaussianProcessRegressor(
            ConstantKernel(1.0, (1e-3, 1e5)) * shape + noise,
            n_restarts_optimizer=5,
            normalize_y=True,
            random_state=0,
        )
        mean, spread = rows.X.mean(axis=0), rows.X.std(axis=0)
        with _quiet():
            model.fit((rows.X - mean) / spread, rows.y)
        return Surrogate(lambda T: np.asarray(model.predict((T - mean) / spread)))

    return fit

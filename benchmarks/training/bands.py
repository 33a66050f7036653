"""Problems on which error bars are judged: rows to learn from, and rows to be covered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.training.functions import Function, Numbers
from benchmarks.training.surrogate_functions import EXPERIMENTS, TEST_SEED, Experiment
from benchmarks.training.tables import engine, engine_slopes, steam, steam_slopes
from slopenet.dataset.dataset import Data

TESTED, NOISE = 500, 0.1
STEAM_ROWS, ENGINE_SHARE = 30, 4


@dataclass(frozen=True)
class Problem:
    """Rows to learn from, with noise if there is any, and rows of the truth, by the seed."""

    name: str
    sample: Callable[[int], tuple[Data, Data]]
    noisy: bool = False


def _of(experiment: Experiment, seed: int) -> tuple[Data, Data]:
    return experiment.train(seed), _first(experiment.test(seed), TESTED)


def _forrester(X: Numbers) -> Numbers:
    x = X[:, 0]
    return np.asarray((6 * x - 2) ** 2 * np.sin(12 * x - 4))


def _forrester_slopes(X: Numbers) -> Numbers:
    a, b = 6 * X - 2, 12 * X - 4
    return np.asarray(12 * a * np.sin(b) + 12 * a**2 * np.cos(b))


FORRESTER = Experiment(Function(_forrester, _forrester_slopes, (0.0,), (1.0,)), 7)
WAVE = Experiment(Function(lambda X: np.sin(X[:, 0]), np.cos, (0.0,), (2 * np.pi,)), 40)


def _noisy_wave(seed: int) -> tuple[Data, Data]:
    """A sine; the noise of values and slopes has a tenth of their deviations."""
    train, test = _of(WAVE, seed)
    rng = np.random.default_rng(TEST_SEED + seed)
    y = train.y + NOISE * train.y.std() * rng.normal(size=train.y.shape)
    assert train.dydx is not None
    dydx = train.dydx + NOISE * train.dydx.std() * rng.normal(size=train.dydx.shape)
    return Data(train.X, y, dydx), test


def _table(
    read: Callable[[], tuple[Numbers, Numbers]], slopes: Callable[[], Numbers], rows: int, seed: int
) -> tuple[Data, Data]:
    """Random rows of a table, and the others."""
    X, y = read()
    order = np.random.default_rng(seed).permutation(len(X))
    X, y, dydx = X[order], y[order], slopes()[order]
    return _first(Data(X, y, dydx), rows), _first(Data(X[rows:], y[rows:], dydx[rows:]), TESTED)


def _first(data: Data, rows: int) -> Data:
    assert data.dydx is not None
    return Data(data.X[:rows], data.y[:rows], data.dydx[:rows])


PROBLEMS = (
    Problem("OTL circuit", partial(_of, EXPERIMENTS["OTL circuit"])),
    Problem("borehole", partial(_of, EXPERIMENTS["borehole"])),
    Problem("branin", partial(_of, EXPERIMENTS["branin"])),
    Problem("steam", partial(_table, steam, steam_slopes, STEAM_ROWS)),
    Problem("B777 engine", partial(_table, engine, engine_slopes, 1056 // ENGINE_SHARE)),
    Problem("Forrester", partial(_of, FORRESTER)),
    Problem("noisy sine", _noisy_wave, noisy=True),
)

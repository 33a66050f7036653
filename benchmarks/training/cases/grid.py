"""`fit` with default settings, from values only, against a grid search over MLPRegressor.

The search compares fifty settings by five inner folds and fits the best to all training rows of an
outer fold. Both are judged on the test rows of that fold: the error is the RMS error of an output
divided by its standard deviation in the whole table, averaged over the outputs. Without --full, one
in five settings and three of the outer folds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

import slopenet as sn
from benchmarks.training.functions import Numbers
from benchmarks.training.tables import diabetes, engine, steam
from benchmarks.training.verdict import Outcome, Plan, Verdict

TABLES = {"diabetes": diabetes, "steam": steam, "B777 engine": engine}
HIDDEN = ((32,), (100,), (32, 32), (64, 64), (32, 32, 32))
FOLDS, FEWER = 5, 5
TITLE = "Default fit compared with a grid search"

Predict = Callable[[Numbers], Numbers]


def _grid() -> list[dict[str, list[Any]]]:
    """Return forty settings of Adam and ten of L-BFGS."""
    adam = [
        {"hidden_layer_sizes": h, "alpha": a, "learning_rate_init": r, "activation": s}
        for h in HIDDEN
        for a in (1e-4, 1e-1)
        for r in (1e-3, 1e-2)
        for s in ("relu", "tanh")
    ]
    lbfgs = [
        {"hidden_layer_sizes": h, "alpha": a, "solver": "lbfgs", "activation": "tanh"}
        for h in HIDDEN
        for a in (1e-4, 1e-1)
    ]
    return [
        {f"regressor__mlp__{key}": [value] for key, value in each.items()}
        for each in (*adam, *lbfgs)
    ]


def _search(settings: Sequence[dict[str, list[Any]]], X: Numbers, y: Numbers) -> Predict:
    """Fit the best setting of the grid."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.model_selection import GridSearchCV, KFold
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    mlp = MLPRegressor(max_iter=500, random_state=0)
    inner = Pipeline([("scale", StandardScaler()), ("mlp", mlp)])
    model = TransformedTargetRegressor(inner, transformer=StandardScaler())
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(
        model, list(settings), cv=folds, scoring="neg_mean_squared_error", n_jobs=-1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y.squeeze())
    return lambda points: np.asarray(search.predict(points)).reshape(len(points), -1)


def _compare(
    X: Numbers, y: Numbers, settings: Sequence[dict[str, list[Any]]], folds: int
) -> tuple[Numbers, Numbers]:
    """Errors and seconds, (folds, 2): slopenet's and the search's."""
    from sklearn.model_selection import KFold

    errors, seconds = np.empty((2, folds, 2))
    splits = list(KFold(FOLDS, shuffle=True, random_state=1).split(X))[:folds]
    for fold, (train, test) in enumerate(splits):
        ways: list[Callable[[], Predict]] = [
            lambda rows=train, seed=fold: sn.fit(X[rows], y[rows], rng=seed).network,  # type: ignore[misc]
            lambda rows=train: _search(settings, X[rows], y[rows]),  # type: ignore[misc]
        ]
        for i, way in enumerate(ways):
            start = perf_counter()
            predict = way()
            seconds[fold, i] = perf_counter() - start
            off = np.sqrt(np.mean((predict(X[test]) - y[test]) ** 2, axis=0))
            errors[fold, i] = np.mean(off / y.std(axis=0))
    return errors, seconds


def run(plan: Plan) -> Outcome:
    """One verdict per table, and one about the time."""
    if not plan.has("scikit-learn"):
        return Outcome(TITLE, [Verdict("compare", "scikit-learn took no part", None)])
    settings, folds = (_grid(), FOLDS) if plan.full else (_grid()[::FEWER], 3)
    verdicts, total = [], np.zeros(2)
    for name, table in TABLES.items():
        promise = f"{name}: no worse than one standard error of the paired differences"
        try:
            X, y = table()
        except ModuleNotFoundError as error:
            verdicts.append(Verdict(promise, str(error), None))
            continue
        errors, seconds = _compare(X, y, settings, folds)
        total += seconds.sum(axis=0)
        differences = errors[:, 0] - errors[:, 1]
        deviation = differences.std(ddof=1) / np.sqrt(folds)
        own, peer = errors.mean(axis=0)
        found = f"{own:.4f} and {peer:.4f}, difference {differences.mean():.4f} ± {deviation:.4f}"
        verdicts.append(Verdict(promise, found, bool(differences.mean() <= deviation)))
        plan.say(f"  {name}: {found}; {seconds[:, 0].sum():.1f} s, {seconds[:, 1].sum():.1f} s")
    about = f"{len(settings)} settings, {folds} of {FOLDS} folds"
    took = f"{total[0]:.1f} s compared with {total[1]:.1f} s ({about})"
    verdicts.append(Verdict("faster in total", took, bool(total[0] < total[1])))
    return Outcome(TITLE, verdicts)

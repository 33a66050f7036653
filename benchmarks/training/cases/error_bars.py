"""The forms of error bars of one network: projected and full Laplace, and an ensemble of five.

All learn values with 16-16 tanh by Levenberg-Marquardt. Shares are of 90 % bands, as in
`uncertainty`. The cost is the CPU time, on one thread, of the deviations of value and slopes of
1,000 rows of 8-64-64-1, divided by that of value and slopes; the least of several.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import slopenet as sn
from benchmarks.training.bands import PROBLEMS
from benchmarks.training.cases.uncertainty import QUANTILE
from benchmarks.training.functions import BOREHOLE, Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict
from slopenet.training.checks import PosteriorName

NAMES = ("OTL circuit", "branin", "steam", "noisy sine")
SETTINGS: dict[str, Any] = {"method": "lm", "hidden": (16, 16), "epochs": 200}
ROWS, TRIES, DEARER = 1000, 20, 30.0
FORM: dict[PosteriorName, str] = {"auto": "projected", "full": "full"}


def _shares(difference: Numbers, deviation: Numbers, known: Numbers) -> float:
    return float(np.mean((np.abs(difference) <= QUANTILE * deviation)[known]))


def _covered(seeds: int) -> dict[str, list[tuple[float, float]]]:
    """Shares of values and of slopes, by the form: one pair per problem and seed."""
    found: dict[str, list[tuple[float, float]]] = {}
    for problem in (each for each in PROBLEMS if each.name in NAMES):
        for seed in range(seeds):
            train, test = problem.sample(seed)
            assert test.dydx is not None
            known = ~np.isnan(test.dydx)
            ways: dict[str, tuple[Any, Any, Any]] = {}
            for form, name in FORM.items():
                fit = sn.fit(train.X, train.y, posterior=form, rng=seed, restarts=1, **SETTINGS)
                net = fit.network
                ways[name] = (net, *net.value_and_jacobian_std(test.X))
            five = sn.fit(train.X, train.y, ensemble=5, rng=seed, **SETTINGS).ensemble
            ways["ensemble"] = five, five.spread(test.X), five.jacobian_spread(test.X)
            for name, (model, of_values, of_slopes) in ways.items():
                H, J = model.value_and_jacobian(test.X)
                pair = (
                    _shares(H - test.y, of_values, np.ones(H.shape, bool)),
                    _shares(J - test.dydx, of_slopes, known),
                )
                found.setdefault(name, []).append(pair)
    return found


def _least(function: Callable[[], object]) -> float:
    times = []
    for _ in range(TRIES):
        start = process_time()
        function()
        times.append(process_time() - start)
    return min(times)


def _cost(form: PosteriorName) -> float:
    data = BOREHOLE.sample(80, np.random.default_rng(0))
    net = sn.fit(
        data.X, data.y, method="lm", hidden=(64, 64), epochs=3, restarts=1, posterior=form, rng=0
    ).network
    X = BOREHOLE.sample(ROWS, np.random.default_rng(1)).X
    rows = X if form == "auto" else X[: ROWS // 50]
    net.value_and_jacobian_std(rows)
    threads = sn.get_num_threads()
    sn.set_num_threads(1)
    with threadpool_limits(1, user_api="blas"):
        plain = _least(lambda: net.value_and_jacobian(X))
        own = _least(lambda: net.value_and_jacobian_std(rows)) * (ROWS / len(rows))
    sn.set_num_threads(threads)
    return own / plain


def run(plan: Plan) -> Outcome:
    """Shares and costs of all forms."""
    verdicts = []
    for name, pairs in _covered(plan.count(3)).items():
        values, slopes = np.mean(pairs, axis=0)
        verdicts.append(
            Verdict(
                f"{name}: shares covered", f"{values:.3f} of values, {slopes:.3f} of slopes", None
            )
        )
    for form, name in FORM.items():
        cost = _cost(form)
        met = cost <= DEARER if form == "auto" else None
        promise = (
            f"{name}: deviations of {ROWS:,} rows of 8-64-64-1 at most {DEARER:g}x their values"
        )
        verdicts.append(Verdict(promise, f"{cost:.1f}x", met))
    return Outcome(f"Forms of error bars, {', '.join(NAMES)}", verdicts)

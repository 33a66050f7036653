"""The default fit compared with kriging, from few rows: on values, and on values and slopes.

The error of values is the RMS error on the test points over the standard deviation of the true
values. For slopes, each input is scaled by the width of its box; the error is the RMS error of all
slopes of all points over the RMS of the true ones. Errors below 1e-6 count as 1e-6.

The figure of a function is the median of its seeds. The best peer is the one with the smallest
figure, so the better kernel of a process and the better number of points of GEKPLS are chosen by
test errors. CPU times are those of one fit, of all threads; that of the peer with the best values.

A process on the values and slopes of the sphere with 20 inputs takes some minutes per fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from time import process_time
from typing import NamedTuple

import numpy as np

import slopenet as sn
from benchmarks.training.contenders.kriging import Fitter, Rows, Surrogate, gekpls, krg, process
from benchmarks.training.contenders.slope_process import slope_process
from benchmarks.training.functions import Numbers
from benchmarks.training.surrogate_functions import EXPERIMENTS, Experiment
from benchmarks.training.verdict import Outcome, Plan, Verdict, median

FLOOR, MEAN, WORST, DEARER = 1e-6, 1.0, 1.5, 1.5
OWN = "slopenet"


class Score(NamedTuple):
    """Relative errors on the test points, and CPU seconds of the fit; NaN: not predicted."""

    value: float
    slope: float
    seconds: float


Table = Mapping[str, Mapping[str, Score]]
"""Median scores, by function and by contender."""


def _own(seed: int, slopes: bool) -> Fitter:
    def fit(rows: Rows) -> Surrogate:
        net = sn.fit(rows.X, rows.y, rows.dydx if slopes else None, rng=seed).network
        if not slopes:
            return Surrogate(lambda T: net(T)[:, 0])
        return Surrogate(lambda T: net(T)[:, 0], lambda T: net.value_and_jacobian(T)[1][:, 0])

    return fit


def _peers(plan: Plan, slopes: bool) -> dict[str, Fitter]:
    """The installed peers."""
    peers: dict[str, Fitter] = {}
    if slopes:
        peers["process, RBF"] = slope_process("rbf")
        peers["process, Matérn"] = slope_process("matern")
    elif plan.has("scikit-learn"):
        peers["scikit-learn, RBF"], peers["scikit-learn, Matérn"] = map(process, ("rbf", "matern"))
    if find_spec("smt") is not None:
        if slopes:
            peers["GEKPLS, 1 point"], peers["GEKPLS, 2 points"] = gekpls(1), gekpls(2)
        else:
            peers["KRG"] = krg
    return peers


def _score(fit: Fitter, experiment: Experiment, seed: int) -> Score:
    train, test = experiment.train(seed), experiment.test(seed)
    box = (np.array(experiment.function.lower), np.array(experiment.function.upper))
    rows = Rows(train.X, train.y[:, 0], np.asarray(train.dydx)[:, 0], *box)
    start = process_time()
    surrogate = fit(rows)
    seconds = process_time() - start
    truth, slopes = test.y[:, 0], np.asarray(test.dydx)[:, 0] * experiment.width
    value = _rms(surrogate.value(test.X) - truth) / truth.std()
    slope = math.nan
    if surrogate.slopes is not None:
        slope = _rms(surrogate.slopes(test.X) * experiment.width - slopes) / _rms(slopes)
    return Score(max(value, FLOOR), max(slope, FLOOR), seconds)


def _rms(numbers: Numbers) -> float:
    return float(np.sqrt(np.mean(numbers**2)))


def _table(plan: Plan, slopes: bool, seeds: int) -> Table:
    """Fit everything; the first fit of each contender, which imports it, is not measured."""
    peers = _peers(plan, slopes)
    for fit in (_own(0, slopes), *peers.values()):
        _score(fit, EXPERIMENTS["branin"], 0)
    table = {}
    for name, experiment in EXPERIMENTS.items():
        scores: dict[str, list[Score]] = {}
        for seed in range(seeds):
            for who, fit in {OWN: _own(seed, slopes), **peers}.items():
                if who.startswith("GEKPLS") and len(experiment.width) == 1:
                    continue  # it needs two inputs
                scores.setdefault(who, []).append(_score(fit, experiment, seed))
        table[name] = {
            who: Score(*map(median, zip(*each, strict=True))) for who, each in scores.items()
        }
        for who, score in table[name].items():
            also = "" if math.isnan(score.slope) else f", slopes {score.slope:.2e}"
            plan.say(f"  {name}, {who}: values {score.value:.2e}{also}, {score.seconds:.2f} CPU s")
    return table


def _best(scores: Mapping[str, Score], which: Callable[[Score], float]) -> str:
    return min((who for who in scores if who != OWN), key=lambda who: which(scores[who]))


def _accuracy(what: str, table: Table, which: Callable[[Score], float]) -> Verdict:
    ratios = {
        name: which(scores[OWN]) / which(scores[_best(scores, which)])
        for name, scores in table.items()
    }
    mean, (worst, most) = _mean(ratios.values()), max(ratios.items(), key=lambda item: item[1])
    listed = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    return Verdict(
        f"error of {what} no larger than the best peer's (geometric mean), at most {WORST} times",
        f"{mean:.2f} times, at most {most:.2f} ({worst}): {listed}",
        mean <= MEAN and most <= WORST,
    )


def _mean(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    return float(np.exp(np.mean(np.log(list(ratios)))))


def _cost(table: Table) -> Verdict:
    own = [scores[OWN].seconds for scores in table.values()]
    peers = [scores[_best(scores, lambda s: s.value)].seconds for scores in table.values()]
    ratios = np.divide(own, peers)
    mean = _mean(ratios)
    return Verdict(
        f"CPU time at most {DEARER} times that of the best peer (geometric mean)",
        f"{mean:.2f} times, {ratios.min():.2f} to {ratios.max():.2f};"
        f" in total {sum(own):.1f} s and {sum(peers):.1f} s",
        mean <= DEARER,
    )


def _run(plan: Plan, slopes: bool) -> Outcome:
    seeds = plan.count(3, 5)
    title = (
        f"Kriging on {'values and slopes' if slopes else 'values'}, {len(EXPERIMENTS)} functions"
    )
    if not _peers(plan, slopes):
        return Outcome(title, [Verdict("compare", "neither scikit-learn nor smt took part", None)])
    table = _table(plan, slopes, seeds)
    verdicts = [_accuracy("values", table, lambda s: s.value)]
    if slopes:
        verdicts.append(_accuracy("slopes", table, lambda s: s.slope))
    smt = f", SMT {version('smt')}" if find_spec("smt") else ""
    return Outcome(f"{title}, {seeds} seeds{smt}", [*verdicts, _cost(table)])


run: Callable[[Plan], Outcome] = partial(_run, slopes=False)
run_slopes: Callable[[Plan], Outcome] = partial(_run, slopes=True)

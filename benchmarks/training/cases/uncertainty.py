"""Error bars of the default fit: how many true values and slopes 90 % bands cover.

A band is the prediction ± 1.645 standard deviations, at 500 points that no fit has seen; counts are
pooled over the seeds, outputs and inputs. SMT's kriging (KRG) learns the values, one output at a
time; where it covers as much, the mean width of bands is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

import slopenet as sn
from benchmarks.training.bands import PROBLEMS, Problem
from benchmarks.training.contenders.kriging import krg_with_deviations
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict
from slopenet.dataset.dataset import Data

QUANTILE = 1.6448536269514722
LEAST, MOST, MEAN_LEAST, MEAN_MOST, WIDER = 0.80, 0.98, 0.85, 0.95, 1.5
# KRG covers as much if it covers at least so much less.
AS_MUCH = 0.02


class Covered(NamedTuple):
    """Shares of values and slopes inside of their bands, and mean deviations of the outputs."""

    values: float
    slopes: float
    widths: Numbers


Fits = dict[str, list[Covered]]


def _own(train: Data, test: Data, seed: int, *, slopes: bool) -> tuple[Covered, str]:
    net = sn.fit(train.X, train.y, train.dydx if slopes else None, rng=seed).network
    H, J = net.value_and_jacobian(test.X)
    assert test.dydx is not None
    of_values, of_slopes = net.value_and_jacobian_std(test.X)
    known = ~np.isnan(test.dydx)
    inside = np.abs(J - test.dydx)[known] <= QUANTILE * of_slopes[known]
    values = float(np.mean(np.abs(H - test.y) <= QUANTILE * of_values))
    method = net.card.method if net.card else ""
    return Covered(values, float(inside.mean()), of_values.mean(axis=0)), method


def _krg(train: Data, test: Data, *, noisy: bool) -> Covered:
    pairs = [krg_with_deviations(train.X, y, test.X, noisy=noisy) for y in train.y.T]
    mean, deviations = (np.stack(each, axis=1) for each in zip(*pairs, strict=True))
    inside = np.abs(mean - test.y) <= QUANTILE * deviations
    return Covered(float(inside.mean()), np.nan, deviations.mean(axis=0))


def _judged(plan: Plan, problem: Problem, seeds: int) -> tuple[list[Verdict], list[float]]:
    fits: Fits = {"values": [], "values and slopes": []}
    krg: list[Covered] = []
    methods: dict[str, list[str]] = {way: [] for way in fits}
    for seed in range(seeds):
        train, test = problem.sample(seed)
        for way, found in fits.items():
            covered, method = _own(train, test, seed, slopes=way != "values")
            found.append(covered)
            methods[way].append(method)
        if find_spec("smt") is not None:
            krg.append(_krg(train, test, noisy=problem.noisy))
    verdicts, shares = [], []
    for way, found in fits.items():
        values, slopes = _mean(found, "values"), _mean(found, "slopes")
        shares += [values, slopes]
        text = f"{values:.3f} of values, {slopes:.3f} of slopes ({', '.join(methods[way])})"
        met = all(LEAST <= share <= MOST for share in (values, slopes))
        if krg:
            theirs = _mean(krg, "values")
            ratio = float(np.mean([a.widths / b.widths for a, b in zip(found, krg, strict=True)]))
            text += f"; KRG {theirs:.3f} of values, width {ratio:.2f} of KRG's"
            met = met and (theirs < values - AS_MUCH or ratio <= WIDER)
        promise = f"{problem.name}, {way}: {LEAST:.0%} to {MOST:.0%} of values and of slopes"
        verdicts.append(Verdict(promise, text, met))
        plan.say(f"  {problem.name}, {way}: {text}")
    return verdicts, shares


def _mean(found: Sequence[Covered], name: str) -> float:
    return float(np.mean([getattr(each, name) for each in found]))


def _run(plan: Plan) -> Outcome:
    seeds = plan.count(5)
    pairs = [_judged(plan, problem, seeds) for problem in PROBLEMS]
    shares = np.array([each for _, those in pairs for each in those])
    mean = float(shares.mean())
    total = Verdict(
        f"mean over the cases {MEAN_LEAST:.0%} to {MEAN_MOST:.0%}",
        f"{mean:.3f}, from {shares.min():.3f} to {shares.max():.3f}",
        MEAN_LEAST <= mean <= MEAN_MOST,
    )
    return Outcome(
        f"90 % bands, {len(PROBLEMS)} problems, {seeds} seeds",
        [*(verdict for verdicts, _ in pairs for verdict in verdicts), total],
    )


run: Callable[[Plan], Outcome] = _run

"""Noise in the values or in the slopes: the weight that `fit` finds compared with equal weights.

60 rows of a function of four inputs, 4-12-12-1. Noise is relative to the standard deviation of the
values and to the RMS of each slope. No peer takes part, because none finds a weight.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

import slopenet as sn
from benchmarks.training.functions import MIXED, Numbers
from benchmarks.training.task import errors
from benchmarks.training.verdict import Outcome, Plan, Verdict
from slopenet.dataset.dataset import Data

NOISE = ((0.0, 0.0), (0.1, 0.0), (0.5, 0.0), (0.0, 0.1), (0.0, 0.5), (0.0, 1.0), (0.2, 0.2))
ROWS, NEVER = 60, 1.1
TITLE = "Noisy values or slopes, 60 rows, 4-12-12-1"


def _noisy(values: float, slopes: float, seed: int) -> Data:
    rng = np.random.default_rng(seed)
    data = MIXED.sample(ROWS, rng)
    T = np.asarray(data.dydx)
    y = data.y + values * data.y.std() * rng.normal(size=data.y.shape)
    T = T + slopes * np.sqrt((T**2).mean(axis=0)) * rng.normal(size=T.shape)
    return replace(data, y=y, dydx=T)


def _ratios(noise: tuple[float, float], seeds: int, test: Data) -> tuple[str, float, float]:
    """The report, and the errors of values and slopes relative to those with equal weights."""
    found = []
    for seed in range(seeds):
        data = _noisy(*noise, seed)
        for weight in ("auto", 1.0):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sn.SlopeWarning)
                fit = sn.fit(
                    data.X, data.y, data.dydx, hidden=(12, 12), slope_weight=weight, rng=seed
                )
            found.append(errors(fit.network, test))
    own, fair = np.array(found[::2]), np.array(found[1::2])
    value, slope, fair_value, fair_slope = (*_mean(own), *_mean(fair))
    text = (
        f"noise {noise[0]:g} of values, {noise[1]:g} of slopes: errors {value:.3g} and"
        f" {slope:.3g}, {fair_value:.3g} and {fair_slope:.3g} with equal weights"
    )
    return text, value / fair_value, slope / fair_slope


def _mean(errors: Numbers) -> Numbers:
    """Geometric means over the seeds; their ratio is the mean ratio of the pairs."""
    return np.asarray(np.exp(np.log(errors).mean(axis=0)))


def run(plan: Plan) -> Outcome:
    """One verdict over all kinds of noise."""
    test = MIXED.sample(2000, np.random.default_rng(99))
    ratios = []
    for noise in NOISE:
        text, *both = _ratios(noise, plan.count(8), test)
        plan.say(f"  {text}")
        ratios.append(both)
    worst = np.array(ratios)
    one_noisy = worst[[min(noise) == 0 < max(noise) for noise in NOISE]]
    return Outcome(
        TITLE,
        [
            Verdict(
                f"errors at most {NEVER} times those of equal weights, smaller if one is noisy",
                f"{worst.min():.2f} to {worst.max():.2f} times, at most {one_noisy.max():.2f}",
                bool(worst.max() <= NEVER and one_noisy.max() < 1),
            )
        ],
    )

"""No silent collapse: 50 drawn functions, and the warning of `fit` where a network has not learned.

Smooth and oscillating functions, skewed ones, and ones with kinks, of 1 to 6 inputs, in random
units; 3 to 10,000 rows, with and without slopes and noise. The error is the RMS error on test
points without noise over the standard deviation of their values: about 1 for a constant. Every fit
draws its own rows. A run with default options makes one fit per function; `--full` makes ten.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import slopenet as sn
from benchmarks.training.functions import Numbers
from benchmarks.training.verdict import Outcome, Plan, Verdict
from slopenet.dataset.dataset import Data

PROBLEMS, FITS, TESTED = 50, 10, 2000
USELESS, GOOD, WARNING = 0.9, 0.5, "FitWarning"
KINDS = ("smooth", "oscillating", "skewed", "kinks")
TITLE = f"No silent collapse, {PROBLEMS} functions"


@dataclass(frozen=True)
class Problem:
    """A sum of ridge functions, Σ a_m g(w_m·z + b_m) with z in [-1, 1]ⁿ, in units of its own.

    Attributes
    ----------
    decades : float
        If positive, the first input spreads over so many powers of ten.
    growth : float
        If positive, the value is the exponential of the sum times this.
    """

    kind: str
    rows: int
    slopes: bool
    noise: float
    directions: Numbers
    offsets: Numbers
    weights: Numbers
    centre: Numbers
    half: Numbers
    decades: float
    growth: float
    unit: float

    @property
    def about(self) -> str:
        """One line about the problem."""
        text = f"{self.kind}, {len(self.centre)} inputs, {self.rows} rows"
        return text + ", slopes" * self.slopes + f", noise {self.noise:g}" * (self.noise > 0)

    def sample(self, rows: int, rng: np.random.Generator, noise: float = 0.0) -> Data:
        """Random points, values and slopes; noise relative to the spread of each."""
        Z = rng.uniform(-1, 1, (rows, len(self.centre)))
        value, slopes = self._by_z(Z)
        X, scale = self.centre + self.half * Z, np.broadcast_to(self.half, Z.shape).copy()
        if self.decades:
            X[:, 0] = 10 ** (self.decades / 2 * Z[:, 0])
            scale[:, 0] = X[:, 0] * self.decades / 2 * np.log(10)
        value, slopes = self.unit * value, self.unit * slopes / scale
        value = value + noise * value.std() * rng.normal(size=value.shape)
        spread = np.sqrt((slopes**2).mean(axis=0))
        slopes = slopes + noise * spread * rng.normal(size=slopes.shape)
        return Data(X, value[:, None], slopes[:, None])

    def _by_z(self, Z: Numbers) -> tuple[Numbers, Numbers]:
        """Values and slopes by z."""
        t = Z @ self.directions.T + self.offsets
        g, dg = (np.abs(t), np.sign(t)) if self.kind == "kinks" else (np.sin(t), np.cos(t))
        value, slopes = g @ self.weights, (dg * self.weights) @ self.directions
        if self.growth:
            value = np.exp(self.growth * value)
            slopes = self.growth * value[:, None] * slopes
        return value, slopes


def problem(index: int) -> Problem:
    """The problem with this number: its kind and settings in turns, all else drawn."""
    rng = np.random.default_rng(index)
    kind = KINDS[index % len(KINDS)]
    inputs = int(rng.integers(1, 7))
    many = index % 10 == 9
    rows = int(np.exp(rng.uniform(*np.log((1000, 10_000) if many else (3, 1000)))))
    terms = 4
    directions = rng.normal(size=(terms, inputs)) / np.sqrt(inputs)
    frequency = rng.uniform(6, 25) if kind == "oscillating" else rng.uniform(0.5, 2.5)
    skewed = kind == "skewed"
    return Problem(
        kind=kind,
        rows=rows,
        slopes=bool(rng.integers(2)),
        noise=float(rng.choice([0.0, 0.0, 0.1, 0.3])),
        directions=directions if kind == "kinks" else frequency * directions,
        offsets=rng.uniform(-1, 1, terms) if kind == "kinks" else rng.uniform(0, 2 * np.pi, terms),
        weights=rng.normal(size=terms) / np.sqrt(terms),
        centre=10 ** rng.uniform(-3, 3, inputs) * rng.choice([-1, 0, 1], inputs),
        half=10 ** rng.uniform(-3, 3, inputs),
        decades=float(rng.uniform(3, 7)) if skewed and rng.integers(2) else 0.0,
        growth=float(rng.uniform(1, 6)) if skewed else 0.0,
        unit=float(10 ** rng.uniform(-3, 3)),
    )


@dataclass(frozen=True)
class Fitted:
    """The error of one fit, and whether it came with the warning."""

    about: str
    error: float
    warned: bool

    @property
    def silent(self) -> bool:
        """A useless network without a warning; an error of NaN is useless."""
        return not self.error <= USELESS and not self.warned

    @property
    def false_alarm(self) -> bool:
        """A good network with a warning."""
        return self.error < GOOD and self.warned


def _fit(each: Problem, index: int, number: int) -> Fitted:
    rng = np.random.default_rng((index, number))
    train, test = each.sample(each.rows, rng, each.noise), each.sample(TESTED, rng)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dydx = train.dydx if each.slopes else None
        net = sn.fit(train.X, train.y, dydx, rng=number).network
    names = {kind.__name__ for w in caught for kind in w.category.__mro__}
    error = float(np.sqrt(np.mean((net(test.X) - test.y) ** 2)) / test.y.std())
    return Fitted(f"{index} ({each.about})", error, WARNING in names)


def _fits(plan: Plan) -> Iterator[Fitted]:
    for index in range(PROBLEMS):
        each = problem(index)
        for number in range(plan.count(1, FITS)):
            fitted = _fit(each, index, number)
            warned = ", warned" if fitted.warned else ""
            plan.say(f"  {fitted.about}: error {fitted.error:.3f}{warned}")
            yield fitted


def run(plan: Plan) -> Outcome:
    """Two verdicts: no silent failure, no false alarm."""
    fits = list(_fits(plan))
    silent = [f"{each.about}: {each.error:.2f}" for each in fits if each.silent]
    alarms = [f"{each.about}: {each.error:.2f}" for each in fits if each.false_alarm]
    return Outcome(
        TITLE,
        [
            Verdict(
                f"no test error above {USELESS} without a {WARNING}",
                "; ".join([f"{len(silent)} of {len(fits)} fits", *silent]),
                not silent,
            ),
            Verdict(
                f"no {WARNING} with a test error below {GOOD}",
                "; ".join([f"{len(alarms)} of {len(fits)} fits", *alarms]),
                not alarms,
            ),
        ],
    )

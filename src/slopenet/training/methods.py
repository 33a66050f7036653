"""The methods of `fit`: one row each, read by the chooser, the commands, Dask and the docs.

A new optimiser is a module in `optimizers`, its row in METHODS, and its test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias, get_args

from slopenet.parameters import count
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.optimizers.lm import LevenbergMarquardt
from slopenet.training.optimizers.momentum import Momentum
from slopenet.training.problem import Optimizer

# The most rows for which "auto" takes L-BFGS, which goes through all of them at every step.
FULL_BATCH_ROWS = 50_000
# The most operations of a step of Levenberg-Marquardt, and of a step that is cheap enough for
# several starts.
MOST_OPERATIONS, CHEAP_OPERATIONS = 3e9, 2e7
CHEAP_STARTS = 4
# Adam: batches per epoch, and limits on their rows; the peak of the learning rate times the width
# of the network, and the limit of that peak.
BATCHES, SMALLEST_BATCH, LARGEST_BATCH = 16, 8, 4096
RATE, HIGHEST_RATE = 3.0, 0.1
# λ = N l2 where the search of the evidence begins. A single start, and one of four, begins at the
# upper end, which suits noisy data; the others, and all in a race with kriging, which suits noisy
# data as well, begin at the lower end, which suits exact data.
UPPER_L2, LOWER_L2 = 10.0, 1e-3


@dataclass(frozen=True)
class Work:
    """The size of a fit: n_1, ..., n_L, the rows, and the values and slopes known per row."""

    sizes: tuple[int, ...]
    rows: int
    targets: int

    def __str__(self) -> str:
        return f"{count(self.sizes):,} parameters and {self.residuals:,} residuals"

    @property
    def residuals(self) -> int:
        """Values and slopes of all rows."""
        return self.rows * self.targets

    @property
    def lm_operations(self) -> float:
        """Approximate number of multiplications per Levenberg-Marquardt step, primal or dual."""
        p, residuals = float(count(self.sizes)), float(self.residuals)
        if residuals < p:
            kinds = 4 if self.targets > self.sizes[-1] else 1
            products = sum(below + here for below, here in pairwise(self.sizes))
            return residuals**2 * products * kinds + residuals**3 / 3
        return residuals * p**2 / 2 + p**3 / 3


class Method(NamedTuple):
    """The method of one fit, the reason for it, and its settings.

    Checkpoints keep these values: a run resumes only if all of them are the same. A setting that
    the method does not have is as in OPTIONAL. `operations` is `Work.lm_operations`,
    whatever the method.
    """

    name: MethodName
    why: str
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    operations: float


# The names of METHODS and of LOSSES, for type checkers.
MethodName: TypeAlias = Literal["lm", "lbfgs", "adam", "kriging", "sgd"]
LossName: TypeAlias = Literal["squared", "student"]

# The cost of a residual: its square, or -log of the density of Student's t.
LOSSES: tuple[LossName, ...] = get_args(LossName)

# The settings that not every method has; a `Method` without them holds these numbers.
OPTIONAL: Mapping[str, float] = {"batch_size": 256, "learning_rate": 1e-2, "momentum": 0.9}


@dataclass(frozen=True)
class Setup:
    """The task of one optimiser: start number `start` of `starts`, over so many samples.

    `l2` is None if the method is to find it; `find_balance` says whether to find the weight of the
    slopes too. `sizes` are n_1, ..., n_L; `from_below` says where a single start begins to search,
    `held_out` whether other rows decide when to stop, `free_width` whether the method chooses n_2.
    """

    method: Method
    samples: int
    start: int = 0
    starts: int = 1
    l2: float | None = None
    find_balance: bool = False
    sizes: tuple[int, ...] = ()
    from_below: bool = False
    held_out: bool = False
    free_width: bool = False
    seed: int = 0


def _never(_: Work) -> str:
    return ""


class BySize(NamedTuple):
    """A default that depends on the size of a fit, and its rule in words."""

    of: Callable[[Work], float]
    words: str


@dataclass(frozen=True, kw_only=True)
class MethodInfo:
    """One row of METHODS.

    Attributes
    ----------
    title : str
        Its name in sentences.
    optimizer : function of a Setup
        Makes the optimiser of one start.
    epochs : int
        The most epochs unless the user says otherwise.
    defaults : dict of str to float or BySize
        Default of each optional setting (``batch_size``, ``learning_rate``, ``momentum``) that the
        method has.
    least_squares : bool
        Whether it minimises residuals (`objective.least_squares`) or a function with a gradient
        (`objective.gradient`).
    process : bool
        Whether it learns from a Gaussian process (`kriging`) instead.
    finds_l2 : bool
        Whether it finds l2 from the data.
    robust : bool
        Whether it can learn with Student's t as the loss (`objective.robust`).
    scheduled : bool
        Whether the schedule of its steps says when training ends; otherwise, rows held out do.
    reweighs : bool
        Whether it may learn the weights of its cost on the way, which makes costs of different
        epochs hard to compare.
    partitions : bool
        Whether it can learn from `objective.partitioned`, where `slopenet.dask.fit` keeps the data.
    suits : function of a Work
        Why ``method="auto"`` takes it for a fit of that size; empty if it does not.
    when : str
        The same rule in words, for the documentation; empty if "auto" never takes the method.
    starts : function of a Work
        How many starts to run unless the user says otherwise.
    """

    title: str
    optimizer: Callable[[Setup], Optimizer]
    epochs: int
    defaults: Mapping[str, float | BySize] = field(default_factory=dict)
    least_squares: bool = False
    process: bool = False
    finds_l2: bool = False
    robust: bool = False
    scheduled: bool = False
    reweighs: bool = False
    partitions: bool = False
    suits: Callable[[Work], str] = _never
    when: str = ""
    starts: Callable[[Work], int] = lambda _: 1

    def values(self, work: Work) -> dict[str, float]:
        """The defaults for a fit of that size."""
        return {
            name: default.of(work) if isinstance(default, BySize) else default
            for name, default in self.defaults.items()
        }


def _lm(setup: Setup) -> Optimizer:
    if setup.l2 is not None:
        return LevenbergMarquardt()
    upper = (setup.starts == 1 and not setup.from_below) or setup.start % 4 == 1
    return Evidence(UPPER_L2 if upper else LOWER_L2, balance=setup.find_balance)


def _lm_suits(work: Work) -> str:
    return f"as {work} make its steps cheap" if work.lm_operations <= MOST_OPERATIONS else ""


def _lm_starts(work: Work) -> int:
    return CHEAP_STARTS if work.lm_operations <= CHEAP_OPERATIONS else 1


def _lbfgs_suits(work: Work) -> str:
    return f"as {work} are too many for Levenberg-Marquardt" if work.rows <= FULL_BATCH_ROWS else ""


def _lbfgs(setup: Setup) -> Optimizer:
    return LBFGS(find_l2=setup.l2 is None and setup.held_out, find_balance=setup.find_balance)


def _adam(setup: Setup) -> Optimizer:
    method = setup.method
    return Adam(
        samples=setup.samples,
        batch_size=method.batch_size,
        learning_rate=method.learning_rate,
        epochs=method.epochs,
        find_l2=setup.l2 is None,
        find_balance=setup.find_balance,
    )


def _sixteenth(work: Work) -> float:
    """So that a fit of few rows has as many steps as one of many, up to a limit."""
    return min(max(-(-work.rows // BATCHES), SMALLEST_BATCH), LARGEST_BATCH)


def _peak_rate(work: Work) -> float:
    """In a step η of Adam each z moves by up to η times the sum of its inputs' sizes."""
    widths = work.sizes[:-1]
    return min(HIGHEST_RATE, RATE / (max(widths) * math.sqrt(len(widths) - 1 or 1)))


def _momentum(setup: Setup) -> Optimizer:
    method = setup.method
    return Momentum(
        samples=setup.samples,
        batch_size=method.batch_size,
        learning_rate=method.learning_rate,
        epochs=method.epochs,
        momentum=method.momentum,
    )


def _kriging(setup: Setup) -> Optimizer:
    return Kriging(None if setup.free_width else setup.sizes[1], seed=setup.seed)


# "auto" takes the first row that suits, or the first that has every optional setting given.
METHODS: dict[MethodName, MethodInfo] = {
    "lm": MethodInfo(
        title="Levenberg-Marquardt",
        optimizer=_lm,
        epochs=500,
        least_squares=True,
        finds_l2=True,
        robust=True,
        partitions=True,
        suits=_lm_suits,
        when="where its steps are cheap (up to some thousand values and slopes, or a few hundred"
        " parameters)",
        starts=_lm_starts,
    ),
    "lbfgs": MethodInfo(
        title="L-BFGS",
        optimizer=_lbfgs,
        epochs=2000,
        reweighs=True,
        partitions=True,
        suits=_lbfgs_suits,
        when=f"up to {FULL_BATCH_ROWS:,} rows",
    ),
    "adam": MethodInfo(
        title="Adam",
        optimizer=_adam,
        epochs=100,
        defaults={
            "batch_size": BySize(
                _sixteenth,
                f"a {BATCHES}th of the rows, from {SMALLEST_BATCH} to {LARGEST_BATCH}",
            ),
            "learning_rate": BySize(
                _peak_rate,
                f"{RATE:g} over the largest width and over the square root of the number of hidden"
                f" layers, at most {HIGHEST_RATE:g}",
            ),
        },
        finds_l2=True,
        scheduled=True,
        reweighs=True,
        suits=lambda work: f"as {work.rows:,} rows are too many to go through at every step",
        when="for more rows",
    ),
    "kriging": MethodInfo(
        title="A kriging start",
        optimizer=_kriging,
        epochs=100,
        process=True,
        finds_l2=True,
    ),
    "sgd": MethodInfo(
        title="SGD with momentum",
        optimizer=_momentum,
        epochs=1000,
        defaults={"batch_size": 256, "learning_rate": 1e-2, "momentum": 0.9},
    ),
}


def robust() -> tuple[MethodName, ...]:
    """Names of the methods that can learn with Student's t as the loss."""
    return tuple(name for name, info in METHODS.items() if info.robust)


def partitioned() -> tuple[MethodName, ...]:
    """Names of the methods that can learn from partitions."""
    return tuple(name for name, info in METHODS.items() if info.partitions)


def _in_words(default: float | BySize) -> str:
    return default.words if isinstance(default, BySize) else f"{default:g}"


def phrases() -> dict[str, str]:
    """Parts of sentences about the methods, for the descriptions of settings."""
    rows = METHODS.items()
    found = {
        "methods": ", ".join(f'"{name}"' for name in ("auto", *METHODS)),
        "titles": ", ".join(f'``"{name}"`` is {info.title}' for name, info in rows),
        "auto": ", ".join(f"{name} {info.when}" for name, info in rows if info.when),
        "epochs": ", ".join(f"{info.epochs} ({name})" for name, info in rows),
        "robust": " and ".join(robust()),
        "finding": " and ".join(name for name, info in rows if info.finds_l2),
        "options": " or ".join(f"--{setting.replace('_', '-')}" for setting in OPTIONAL),
    }
    for setting in OPTIONAL:
        found[setting] = ", ".join(
            f"{_in_words(info.defaults[setting])} ({name})"
            for name, info in rows
            if setting in info.defaults
        )
    return found

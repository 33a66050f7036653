"""The networks that are tried where width and activation are left to the data.

A small problem is a race of a kriging start and small networks of tanh and softplus by
Levenberg-Marquardt. All of them find their own penalty, and are judged by the evidence, the
probability of the data given the model: it needs no rows held out. Larger problems are judged by
held-out rows. The winner is tried at twice the width while that pays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slopenet.activations import ActivationSpec, normalise
from slopenet.parameters import count
from slopenet.training.kriging.optimizer import MOST_TARGETS
from slopenet.training.methods import METHODS, OPTIONAL, Work
from slopenet.training.settings import AUTO, HIDDEN, FitSettings
from slopenet.training.whiteness import dense
from slopenet.validate.layers import sizes_around

# Widths of the two hidden layers: the first that is tried, and the last. From so many rows on, the
# first affordable one of other widths follows at once.
_NARROW, _WIDE = 16, HIDDEN[0]
_WIDER, _MANY_ROWS = (HIDDEN[0], 32), 300
_TRIED: tuple[ActivationSpec, ...] = ("tanh", "softplus")
# The most operations of a step of Levenberg-Marquardt in a race, of a step at twice the width, and
# at the width of many rows; of all steps together, also at that width; the fewest steps.
_MOST_OPERATIONS, _MOST_WIDE, _MOST_WIDER = 1e9, 5e7, 8e9
_ALL_OPERATIONS, _ALL_WIDER, _FEWEST = 2e10, 8e11, 120
# The share of rows that is held out where nothing else can judge, from so many rows on.
HELD_OUT, LEAST_ROWS = 0.1, 20
# The width for few inputs where steps are by mini-batches.
_FEW_INPUTS, _FEW_WIDE = 2, 20
# The network that comes before a race of noisy data, and the fewest targets per weight.
_SCOUT, _TARGETS_PER_WEIGHT = (8, 8), 10
# Methods whose models have an evidence.
_BY_EVIDENCE = ("kriging", "lm")
# The most rows from which a kriging start learns.
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class Task:
    """The size of the data to learn from, and whether a process can learn them.

    `kinds` is the number of values and slopes of an output per row; `plain` says that there are no
    directions, no weights per slope, and no activation behind the last layer.
    """

    inputs: int
    outputs: int
    rows: int
    kinds: int
    plain: bool

    def work(self, hidden: Any) -> Work:
        """The size of a fit with these hidden layers."""
        sizes = sizes_around(self.inputs, hidden, self.outputs)
        return Work(sizes, self.rows, self.outputs * self.kinds)


def entrants(settings: FitSettings, task: Task) -> list[FitSettings]:
    """The settings of each network to try, none of them "auto".

    Raises
    ------
    ValueError
        If a setting does not go with the method.
    """
    if settings.method == "kriging":
        return [_kriging(settings, task)]
    if settings.hidden != AUTO:
        return [settings.resolved()]
    free = settings.method == AUTO and settings.ensemble is None and no_options(settings)
    suits = free and _process_suits(settings, task)
    others = _others(settings, task, free=free)
    if not suits:
        found = others
    elif task.rows * task.kinds <= MOST_TARGETS:  # a process on all rows
        found = [_kriging(settings, task), *(each for each in others if each.method == "lm")]
    else:
        found = [_kriging(settings, task), *others]
    exact = task.rows * task.kinds <= MOST_TARGETS or not suits
    exact = exact and all(each.method in _BY_EVIDENCE for each in found)
    if len(found) == 1 or exact or settings.validation is not None or task.rows < LEAST_ROWS:
        return found
    return [replace(each, validation=HELD_OUT) for each in found]


def scout(settings: FitSettings, task: Task) -> FitSettings | None:
    """A small network, to be taken at once if it misses no more than noise; None if it cannot tell.

    It takes many rows in few inputs to tell noise from detail.
    """
    free = settings.method == AUTO and settings.hidden == AUTO and settings.validation is None
    free = free and settings.ensemble is settings.restarts is settings.epochs is None
    free = free and no_options(settings)
    work = task.work(_SCOUT)
    many = work.residuals >= _TARGETS_PER_WEIGHT * count(work.sizes)
    many = many and dense(task.rows, task.inputs)
    if not (free and task.plain and many and work.lm_operations <= _MOST_OPERATIONS):
        return None
    activation = "silu" if settings.activation == AUTO else settings.activation
    small = replace(settings, method="lm", hidden=_SCOUT, activation=activation, restarts=1)
    return quick(small, task)


def rival(settings: FitSettings, task: Task) -> FitSettings | None:
    """A kriging start for the winner of a race without one; None where it does not suit.

    A race by Levenberg-Marquardt that `method="auto"` did not ask for, but constraints did.
    """
    free = settings.hidden == AUTO and settings.ensemble is settings.restarts is None
    free = free and no_options(settings)
    few = task.rows * task.kinds <= MOST_TARGETS
    suits = free and few and _process_suits(settings, task)
    return _kriging(settings, task) if suits else None


def no_options(settings: FitSettings) -> bool:
    """Whether no setting is given that belongs to some methods alone."""
    return all(getattr(settings, name) is None for name in OPTIONAL)


def _process_suits(settings: FitSettings, task: Task) -> bool:
    """Whether a process can learn the data with these settings."""
    plain = task.plain and task.rows <= _MOST_ROWS and settings.activation in (AUTO, "sin")
    found = isinstance(settings.l2, str) and isinstance(settings.slope_weight, str)
    return plain and found and settings.epochs is None


def wider(settings: FitSettings, tried: list[FitSettings], best: FitSettings, task: Task) -> Any:
    """The next network after `best` won, or None: twice as wide, or the widest for many rows."""
    if settings.hidden != AUTO or best.method != "lm" or len(tried) == 1:
        return None
    if task.rows >= _MANY_ROWS:
        if any(each.method == "lm" and each.hidden != (_NARROW, _NARROW) for each in tried):
            return None
        cheap = (w for w in _WIDER if task.work((w, w)).lm_operations <= _MOST_WIDER)
        width = next(cheap, _NARROW)
        wide = replace(settings, method="lm", activation=best.activation, hidden=(width, width))
        return quick(wide, task, _ALL_WIDER) if width > _NARROW else None
    width = 2 * int(best.hidden[0])  # type: ignore[index]
    if width > _WIDE or any(each.hidden == (width, width) for each in tried):
        return None
    if task.work((width, width)).lm_operations > _MOST_WIDE:
        return None
    return quick(replace(best, hidden=(width, width), epochs=settings.epochs), task)


def _others(settings: FitSettings, task: Task, *, free: bool) -> list[FitSettings]:
    """Networks by Levenberg-Marquardt where its steps are cheap, else one by another method."""
    narrow = (_NARROW, _NARROW)
    cheap = task.work(narrow).lm_operations <= _MOST_OPERATIONS or settings.loss != "squared"
    given = settings.activation
    activations = _TRIED if given == AUTO else (given,)
    if (free and cheap) or settings.method == "lm":
        common = replace(settings, method="lm", hidden=narrow)
        if len(activations) > 1 and settings.restarts is settings.ensemble is None:
            common = quick(replace(common, restarts=1), task)
        return [replace(common, activation=each) for each in activations]
    large = [settings.resolved()]
    if free and settings.activation == AUTO:
        large.append(_by_batches(settings, task))
    return large


def _by_batches(settings: FitSettings, task: Task) -> FitSettings:
    """Adam, which suits noisy data."""
    width = _FEW_WIDE if task.inputs <= _FEW_INPUTS else _WIDE
    return replace(settings, method="adam", hidden=(width, width), activation="silu")


def quick(settings: FitSettings, task: Task, operations: float = _ALL_OPERATIONS) -> FitSettings:
    """With fewer steps, and without a search for the weight of the slopes."""
    steps = METHODS["lm"].epochs
    cheap = int(operations / task.work(settings.hidden).lm_operations)
    if settings.epochs is None:
        settings = replace(settings, epochs=int(np.clip(cheap, _FEWEST, steps)))
    return (
        replace(settings, slope_weight=1.0) if isinstance(settings.slope_weight, str) else settings
    )


def _kriging(settings: FitSettings, task: Task) -> FitSettings:
    hidden, activation = settings.hidden, settings.activation
    if not task.plain:
        raise ValueError(
            "method 'kriging' learns values and slopes dydx, without directions and weights of"
            " single slopes, with output 'identity'"
        )
    if activation != AUTO and normalise(activation)[0] != "sin":
        raise ValueError(
            f"activation must be 'sin' or 'auto' with method 'kriging', got {activation!r}"
        )
    if hidden != AUTO and len(hidden) != 1:  # type: ignore[arg-type]
        raise ValueError(
            f"hidden must be one width or 'auto' with method 'kriging', got {hidden!r}"
        )
    found = replace(settings, method="kriging", activation="sin")
    return replace(found, restarts=1) if settings.ensemble is None else found

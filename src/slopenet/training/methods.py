"""Which method suits a fit, by what a step of it costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from slopenet.parameters import count
from slopenet.validate import settings

METHODS = ("auto", "lm", "lbfgs", "adam", "sgd")
NAMES = {"lm": "Levenberg-Marquardt", "lbfgs": "L-BFGS", "adam": "Adam", "sgd": "SGD"}
EPOCHS = {"lm": 500, "lbfgs": 2000, "adam": 1000, "sgd": 1000}
STOCHASTIC = ("adam", "sgd")
# The most rows that L-BFGS goes through at every step.
FULL_BATCH_ROWS = 50_000
# The most operations of a step of Levenberg-Marquardt, and of one that may have several starts.
MOST, CHEAP = 3e9, 2e7
# Fewer operations are over before another thread has begun.
TINY = 1e6


class Method(NamedTuple):
    """A method, why it is taken, and its settings; `operations` is what a step of LM would take."""

    name: str
    why: str
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    operations: float

    @property
    def cheap(self) -> bool:
        """Whether there is time for several starts."""
        return self.name == "lm" and self.operations <= CHEAP


def choose(
    method: str,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    momentum: float | None,
    *,
    sizes: Sequence[int],
    rows: int,
    targets: int,
) -> Method:
    """Check the settings of a method; choose "auto" by parameters, rows and the targets of each.

    Raises
    ------
    ValueError
        If a setting is out of range, or belongs to another method.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    operations = lm_operations(sizes, rows, targets)
    given = {"batch_size": batch_size, "learning_rate": learning_rate, "momentum": momentum}
    wanted = [name for name, value in given.items() if value is not None]
    why = "as asked"
    if method == "auto":
        shape = f"{count(sizes):,} parameters and {rows * targets:,} residuals"
        if wanted:
            method = "sgd" if momentum is not None else "adam"
            why = f"for the {' and '.join(wanted)} given"
        elif operations <= MOST:
            method, why = "lm", f"as {shape} make its steps cheap"
        elif rows <= FULL_BATCH_ROWS:
            method, why = "lbfgs", f"as {shape} are too many for Levenberg-Marquardt"
        else:
            method, why = "adam", f"as {rows:,} rows are too many to go through at every step"
    if method not in STOCHASTIC and wanted:
        raise ValueError(f"{method} has no {' and no '.join(wanted)}; adam and sgd do")
    if method == "adam" and momentum is not None:
        raise ValueError("adam has no momentum; sgd has one")
    size = 256 if batch_size is None else settings.count("batch_size", batch_size)
    rate = 1e-3 if method == "adam" else 1e-2
    if learning_rate is not None:
        rate = settings.number("learning_rate", learning_rate)
    most = EPOCHS[method] if epochs is None else settings.count("epochs", epochs)
    heavy = 0.9 if momentum is None else settings.number("momentum", momentum, closed=True)
    if heavy >= 1:
        raise ValueError(f"momentum must be less than 1, got {heavy:g}")
    return Method(method, why, most, min(size, rows), rate, heavy, operations)


def lm_operations(sizes: Sequence[int], rows: int, targets: int) -> float:
    """About how many multiplications a step of Levenberg-Marquardt takes, primal or dual."""
    p, residuals = float(count(sizes)), float(rows) * targets
    if residuals < p:
        kinds = 4 if targets > sizes[-1] else 1
        products = sum(below + here for below, here in pairwise(sizes))
        return residuals**2 * products * kinds + residuals**3 / 3
    return residuals * p**2 / 2 + p**3 / 3

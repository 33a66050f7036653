"""Watching a run: its history, its best weights, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.network import Network
from slopenet.training.course import NAMES, Course

# The share of all epochs that the validation cost may go without improving, where no schedule of
# the method says how long to train.
PATIENCE = 0.1

# The columns of a history, in their order.
COLUMNS = ("epoch", "cost", "validation", *NAMES)


@dataclass(frozen=True)
class State:
    """The state that a callback sees after every epoch (one step of LM or L-BFGS is one epoch).

    `cost` is the mean cost of values and slopes that the method lowers, in standard units, with its
    weights of that epoch; `validation` that of the rows held out, in equal shares. `start` counts
    the starts that are trained, from 0. `errors` are the errors measured last, as in `Fit.history`.
    """

    epoch: int
    epochs: int
    cost: float
    validation: float | None
    start: int = 0
    made: Callable[[], Network] | None = field(default=None, repr=False)
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The network as it is now, in the user's units."""
        if self.made is None:
            raise AttributeError("this state has no network")
        return self.made()


@dataclass(eq=False)
class Watch:
    """Keeps the history and the best weights of a run, and decides when to stop.

    Attributes
    ----------
    held_out : function of θ, optional
        The cost of θ on the rows held out.
    network : function of θ
        Makes a network of θ.
    course : Course, optional
        Measures errors at θ, in the epochs that are due.
    patience : float
        The share of all epochs that the cost on the rows held out may go without improving.
    slack : float
        The weights of the last epoch whose cost is less than so many times the lowest are kept. 1
        keeps the best; more suits a schedule that ends well, with costs that are weighted anew.
    best, best_cost, best_epoch
        The weights kept, the lowest cost, and the epoch of the weights kept.
    """

    epochs: int
    held_out: Callable[[Floats], float] | None
    callback: Callable[[State], object] | None
    network: Callable[[Floats], Network]
    start: int = 0
    course: Course | None = None
    patience: float = PATIENCE
    slack: float = 1.0
    best: Floats | None = None
    best_cost: float = np.inf
    best_epoch: int = 0
    stopped: str = ""
    history: dict[str, list[float]] = field(default_factory=lambda: {"epoch": [], "cost": []})

    def after(
        self, epoch: int, theta: Floats, total: float, penalty: float, *, last: bool = False
    ) -> None:
        """Note an epoch that ended at θ, with f(θ) and the penalty that is part of it.

        The `last` epoch, whichever it is, is measured.
        """
        judged, held, cost = total, None, total - penalty
        self.history["epoch"].append(epoch)
        self.history["cost"].append(cost)
        if self.held_out is not None:
            judged = held = self.held_out(theta)
            self.history.setdefault("validation", []).append(held)
        if not np.isfinite(total):
            kept = f"those of epoch {self.best_epoch}" if self.best_epoch else "the first weights"
            self.stopped = f"the cost was no longer finite at epoch {epoch}; {kept} are kept"
        elif judged < self.slack * self.best_cost:
            self.best, self.best_epoch = theta.copy(), epoch
            self.best_cost = min(judged, self.best_cost)
        elif held is not None and epoch - self.best_epoch > max(20, self.patience * self.epochs):
            self.stopped = f"the validation cost last improved at epoch {self.best_epoch}"
        errors = self._measure(epoch, theta, last=last or epoch == self.epochs)
        if self.callback is not None:
            network = lambda: self.network(theta)  # noqa: E731
            state = State(epoch, self.epochs, cost, held, self.start, network, errors)
            if self.callback(state):
                self.stopped = f"the callback stopped it at epoch {epoch}"

    def _measure(self, epoch: int, theta: Floats, *, last: bool) -> dict[str, float]:
        """Note the errors at θ; those measured last where this epoch is not due."""
        if self.course is None:
            return {}
        errors = {name: self.history[name][-1] for name in NAMES if self.history.get(name)}
        if last or self.stopped or not errors or self.course.due(epoch):
            errors = self.course(theta)
        for name, error in errors.items():
            unknown = [np.nan] * (epoch - 1)  # of a checkpoint without errors
            self.history.setdefault(name, unknown).append(error)
        return errors

    def snapshot(self, epoch: int) -> tuple[dict[str, Floats], dict[str, Any]]:
        """The history and the best weights up to an epoch, as arrays and values."""
        arrays = {name: np.array(column[:epoch], float) for name, column in self.history.items()}
        if self.best is not None:
            arrays["best"] = self.best
        values = {"best_cost": self.best_cost, "best_epoch": self.best_epoch}
        return arrays, values | {"stopped": self.stopped}

    def restore(self, arrays: dict[str, Floats], values: dict[str, Any]) -> None:
        """Resume from a snapshot."""
        self.best = arrays.get("best")
        self.best_cost, self.best_epoch = values["best_cost"], values["best_epoch"]
        self.stopped = values["stopped"]
        self.history = {name: arrays[name].tolist() for name in COLUMNS if name in arrays}
        self.history["epoch"] = [int(epoch) for epoch in self.history["epoch"]]

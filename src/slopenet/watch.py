"""Watching a run: its history, its best weights, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from slopenet.arrays import Floats
from slopenet.data import Data
from slopenet.objective import Objective

# The share of all epochs that the validation cost may go without improving.
PATIENCE = 0.1


@dataclass(frozen=True)
class State:
    """What a callback sees after every epoch (one iteration of L-BFGS is one epoch).

    `cost` and `validation` are the mean costs of values and slopes, in standard units.
    """

    epoch: int
    epochs: int
    cost: float
    validation: float | None


@dataclass(eq=False)
class Watch:
    """Follows a run: evaluates, keeps the history and the best weights, decides to stop."""

    objective: Objective
    train: Data
    held_out: Data | None
    epochs: int
    callback: Callable[[State], object] | None
    best: Floats | None = None
    best_cost: float = np.inf
    best_epoch: int = 0
    stopped: str = ""
    history: dict[str, list[float]] = field(default_factory=lambda: {"epoch": [], "cost": []})

    def after(self, epoch: int, theta: Floats, cost: float) -> bool:
        """Note an epoch that ended at θ with f(θ) = `cost`; True to stop."""
        judged, held = cost, None
        cost -= self.objective.penalty(theta)
        self.history["epoch"].append(epoch)
        self.history["cost"].append(cost)
        if self.held_out is not None:
            judged = held = self.objective(theta, self.held_out, gradient=False).fit
            self.history.setdefault("validation", []).append(held)
        if not np.isfinite(cost):
            self.stopped = f"the cost was no longer finite at epoch {epoch}; the best is kept"
        elif judged < self.best_cost:
            self.best, self.best_cost, self.best_epoch = theta.copy(), judged, epoch
        elif held is not None and epoch - self.best_epoch > max(20, PATIENCE * self.epochs):
            self.stopped = f"the validation cost last improved at epoch {self.best_epoch}"
        if self.callback is not None and self.callback(State(epoch, self.epochs, cost, held)):
            self.stopped = f"the callback stopped it at epoch {epoch}"
        return bool(self.stopped)

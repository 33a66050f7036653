"""The data of a kriging start: a process, and the cost of the networks that come of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.training.kriging.processes import process_of

Cost = Callable[[Floats], float]


class Sines:
    """Data in standard units, for `slopenet.training.kriging.optimizer`.

    Parameters
    ----------
    data : Data
        Without directions.
    cost : function of θ
        The mean cost of values and slopes of a network of any width.
    threads : int, optional
    """

    def __init__(self, data: Data, cost: Cost, threads: int | None) -> None:
        targets = data.y[:, None]
        if data.dydx is not None:
            targets = np.concatenate([targets, data.dydx.transpose(0, 2, 1)], axis=1)
        self.process = process_of(data.X, targets, data.sample_weight)
        self.value, self.threads, self.samples = cost, threads, len(data)

    def penalty(self, theta: Floats) -> float:  # noqa: ARG002
        """No penalty: the process has priors of its own."""
        return 0.0


def widths_of(theta: Floats, inputs: int, outputs: int) -> tuple[int, int, int]:
    """n_1, the number of sines and n_L of θ."""
    return inputs, (theta.size - outputs) // (inputs + 1 + outputs), outputs

"""Functions with a known minimum, and a loop that runs an optimiser on one."""

from __future__ import annotations

from typing import Any

import numpy as np

CENTRE = np.array([1.0, -2.0, 3.0])
SCALE = np.array([1.0, 10.0, 0.1])


def quadratic(theta: np.ndarray) -> tuple[float, np.ndarray]:
    d = theta - CENTRE
    return float(0.5 * (SCALE * d**2).sum()), SCALE * d


def run(optimiser: Any, problem: Any, theta: np.ndarray, most: int) -> list[Any]:
    states = [optimiser.start(theta, problem)]
    while not states[-1].done and len(states) <= most:
        states.append(optimiser.step(states[-1], problem))
    return states

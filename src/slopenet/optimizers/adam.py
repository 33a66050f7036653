"""Adam (Kingma & Ba 2015) over mini-batches, with a cosine decay of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from slopenet.arrays import Floats

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def minimise(
    gradient: Callable[[Floats, Floats], Floats],
    theta: Floats,
    samples: int,
    epochs: int,
    after: Callable[[int, Floats], bool],
    *,
    batch_size: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> str:
    """Minimise from θ by ``gradient(theta, rows)``; ``after(epoch, theta)`` returns True to stop.

    Every epoch visits every sample once, in a new order; the last batch may be smaller.

    Returns
    -------
    str
        Why it ended, as the end of a sentence.
    """
    theta = theta.copy()
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    steps = epochs * -(-samples // batch_size)
    t = 0
    for epoch in range(1, epochs + 1):
        order = rng.permutation(samples)
        for start in range(0, samples, batch_size):
            g = gradient(theta, order[start : start + batch_size])
            t += 1
            m += (1 - BETA_1) * (g - m)
            v += (1 - BETA_2) * (g * g - v)
            rate = learning_rate * 0.5 * (1 + math.cos(math.pi * (t - 1) / steps))
            correction = math.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            theta -= rate * correction * m / (np.sqrt(v) + EPSILON)
        if after(epoch, theta):
            return ""
    return f"all {epochs} epochs were used"

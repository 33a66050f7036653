"""The cost of a network that obeys constraints: its distance from a process that knows none.

The mean of the process is the most probable function without constraints. Of the functions that
obey them, the most probable one is near it: nearest where the process is sure of its values. So the
mean at points of the box is learned, with weights of one over its variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slopenet.activations import LayerActivation
from slopenet.dataset.dataset import Data
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.shape.search import Box
from slopenet.training.start import Training

# Points of the box, besides the rows; the most of the latter.
_POINTS = 1024
# The least standard deviation, as a share of the median: at its rows a process without noise is
# sure of its values, which must not stop the network from obeying.
_LEAST = 0.1


def nearest_to_process(
    free: Training,
    sizes: Sequence[int],
    activations: Sequence[LayerActivation],
    box: Box,
    threads: int | None,
) -> LeastSquares:
    """The cost of networks of sines, by their distance from the process of a kriging start."""
    optimizer: Any = free.optimizer
    Z = np.concatenate([box.X[:_POINTS], box.spread(_POINTS)])
    mean, variance = optimizer.believed(free.at.state, free.problem, Z)
    least = _LEAST**2 * np.median(variance, axis=0)
    weight = 1 / np.maximum(variance + least, 1e-300)
    data = Data(Z, mean, value_weight=weight / weight.mean(axis=0))
    none = np.ones((sizes[-1], sizes[0]))
    return LeastSquares(sizes, activations, data, none, threads=threads)

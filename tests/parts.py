"""Rows of a known function, and the same rows cut into parts of unequal length."""

from itertools import pairwise

import numpy as np

from slopenet.dataset.dataset import Data
from slopenet.dataset.partitions import Listed

CUTS = (0, 1, 13, 40, 97)


def sample(rows=97, seed=0):
    """u = sin(a) + b², v = a b, with their slopes, some of which are missing."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(-2, 2, (2, rows))
    X, y = np.stack([a, 30 * b + 5], axis=1), np.stack([np.sin(a) + b**2, 100 * a * b], axis=1)
    dydx = np.stack([np.cos(a), 2 * b / 30, 100 * b, 100 * a / 30], axis=1).reshape(-1, 2, 2)
    dydx[rng.random(dydx.shape) < 0.1] = np.nan
    return Data(X, y, dydx)


def cut(data):
    return Listed([data.rows(slice(lo, hi)) for lo, hi in pairwise(CUTS)])

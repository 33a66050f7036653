"""θ: all weights and biases as one flat array W[2], b[2], ..., W[L], b[L], and back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from slopenet._types import Floats


def count(sizes: Sequence[int]) -> int:
    """The number of parameters of a network with sizes n_1, ..., n_L."""
    return sum((below + 1) * here for below, here in pairwise(sizes))


def weight_mask(sizes: Sequence[int]) -> Floats:
    """1 where θ holds a weight, 0 where it holds a bias (p,)."""
    mask = np.zeros(count(sizes))
    for W in unflatten(mask, sizes)[0]:
        W[...] = 1.0
    return mask


def flatten(weights: Sequence[Floats], biases: Sequence[Floats]) -> Floats:
    """One array of all parameters, each W[l] row by row."""
    return np.concatenate([p.ravel() for pair in zip(weights, biases, strict=True) for p in pair])


def unflatten(theta: Floats, sizes: Sequence[int]) -> tuple[list[Floats], list[Floats]]:
    """W[l] (n_l, n_{l-1}) and b[l] (n_l,) as views of θ."""
    weights, biases, at = [], [], 0
    for below, here in pairwise(sizes):
        weights.append(theta[at : at + here * below].reshape(here, below))
        at += here * below
        biases.append(theta[at : at + here])
        at += here
    return weights, biases


def checksum(W: Sequence[Floats], b: Sequence[Floats]) -> str:
    """SHA-256 of θ in little-endian bytes, in hexadecimal digits."""
    theta = flatten(W, b)
    return hashlib.sha256(theta.astype(theta.dtype.newbyteorder("<")).tobytes()).hexdigest()

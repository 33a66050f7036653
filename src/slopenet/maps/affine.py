"""Affine maps, and the error that names what no map can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from slopenet._types import Floats

# Entries of a product that is cheaper than one more layer, whatever its factors.
_SMALL = 2**12


class UnsupportedNetworkError(ValueError):
    """A network that slopenet cannot be; the sentence names the layer or node, and the reason."""


@dataclass(frozen=True, eq=False)
class Affine:
    """a ↦ A a + c.

    Attributes
    ----------
    A : ndarray
        The matrix (m, n); or its diagonal (n,); or (), a multiple of I of any size.
    c : ndarray
        (m,), or () where all entries are the same.
    where : str
        The layer or node of the source, as an error names it.
    """

    A: Floats
    c: Floats
    where: str


def refuse(where: str, reason: str) -> NoReturn:
    """Raise the error that says which part of the source cannot be represented, and why."""
    raise UnsupportedNetworkError(f"{where}: {reason}")


def widths(step: Affine) -> tuple[int | None, int | None]:
    """How many numbers an affine map takes and gives, None where it takes any."""
    if step.A.ndim == 2:
        return step.A.shape[1], step.A.shape[0]
    n = len(step.A) if step.A.ndim else len(step.c) if step.c.ndim else None
    return n, n


def joined(then: Affine, first: Affine) -> Affine | None:
    """B (A a + c) + d as one map, or None where its matrix is larger than the two together."""
    A, c, B, d = (x.astype(np.float64) for x in (first.A, first.c, then.A, then.c))
    with np.errstate(over="ignore", invalid="ignore"):
        if B.ndim < 2:
            BA = B[:, None] * A if B.ndim == 1 and A.ndim == 2 else B * A
            return Affine(BA, B * c + d, then.where)
        if A.ndim == 2 and B.shape[0] * A.shape[1] > max(_SMALL, A.size + B.size):
            return None
        BA = B @ A if A.ndim == 2 else B * A  # a diagonal A scales the columns of B
        Bc = B @ c if c.ndim else B.sum(axis=1) * c
        return Affine(BA, Bc + d, then.where)


def affine(where: str, A: Any, c: Any = 0.0) -> Affine:
    """a ↦ A a + c from any arrays of numbers; float32 arrays keep their dtype.

    Raises
    ------
    UnsupportedNetworkError
        If the numbers are not real and finite, or of other shapes than `Affine` has.
    """
    matrix, offset = _numbers(where, A), _numbers(where, c)
    if matrix.ndim > 2 or offset.ndim > 1 or 0 in (*matrix.shape, *offset.shape):
        refuse(where, f"weights {matrix.shape} and offsets {offset.shape} make no dense layer")
    if matrix.ndim and offset.ndim and matrix.shape[0] != offset.shape[0]:
        refuse(where, f"weights {matrix.shape} and offsets {offset.shape} do not fit")
    return Affine(matrix, offset, where)


def scaling(where: str, mean: Any, spread: Any) -> Affine:
    """a ↦ (a - mean)/spread, entry by entry."""
    m, s = np.asarray(mean, np.float64), np.asarray(spread, np.float64)
    if not np.all(s):
        refuse(where, "it divides by zero")
    return affine(where, 1 / s, -m / s)


def batch_normalisation(where: str, mean: Any, variance: Any, gamma: Any, beta: Any) -> Affine:
    """a ↦ γ (a - mean)/√variance + β, as in inference, ε in the variance; γ, β may be None."""
    with np.errstate(invalid="ignore"):
        root = np.sqrt(np.asarray(variance, np.float64))
    if not np.all(root > 0):
        refuse(where, "its variance is not positive")
    A = (1.0 if gamma is None else np.asarray(gamma, np.float64)) / root
    c = 0.0 if beta is None else np.asarray(beta, np.float64)
    return affine(where, A, c - np.asarray(mean, np.float64) * A)


def _numbers(where: str, x: Any) -> Floats:
    array = np.asarray(x)
    if array.dtype.kind in "cmM":  # would become real, without their imaginary parts or units
        refuse(where, f"its numbers must be real, got dtype {array.dtype}")
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        try:
            array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
        except (TypeError, ValueError):
            refuse(where, f"its numbers must be real, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        refuse(where, "its numbers are not all finite")
    return array

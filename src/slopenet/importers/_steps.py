"""The common form of all sources: a list of steps, each an affine map or an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.activations import HEADS, Head, LayerActivation, normalise


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


@dataclass(frozen=True)
class Sigma:
    """a ↦ σ(a), entry by entry; `where` is the layer or node of the source."""

    activation: LayerActivation
    where: str


Step: TypeAlias = Affine | Sigma


def refuse(where: str, reason: str) -> NoReturn:
    """Raise the error that says which part of the source cannot be represented, and why."""
    raise UnsupportedNetworkError(f"{where}: {reason}")


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


def sigma(where: str, spec: object) -> Sigma:
    """σ in any spelling that the parser takes; softmax and log_softmax too."""
    if isinstance(spec, str) and spec in HEADS:
        return Sigma(Head(spec), where)
    try:
        return Sigma(normalise(spec), where)
    except (ValueError, TypeError) as error:
        refuse(where, str(error))


def scaled(where: str, inner: float, name: str, outer: float) -> list[Step]:
    """a ↦ outer · σ(inner · a), of which many activations are made that the table does not have."""
    return [affine(where, inner), sigma(where, name), affine(where, outer)]


def _numbers(where: str, x: Any) -> Floats:
    array = np.asarray(x)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        try:
            array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
        except (TypeError, ValueError):
            refuse(where, f"its numbers must be real, got dtype {array.dtype}")
    if not np.isfinite(array).all():
        refuse(where, "its numbers are not all finite")
    return array

"""The contents of a model file, and the only exception that an invalid file can raise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from slopenet.io.card import Card

StoredActivation = tuple[str, tuple[float, ...]]
StoredRuns = tuple[tuple[str, tuple[float, ...], int], ...]
StoredLayer = StoredActivation | StoredRuns


class ModelFileError(ValueError):
    """A file is not a valid slopenet model: damaged, hostile, foreign or too new, in a sentence."""


@dataclass(frozen=True, eq=False)
class StoredRival:
    """A network of a posterior: W[l], b[l] and activations as in `Contents`."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[StoredLayer, ...]


@dataclass(frozen=True, eq=False)
class StoredPosterior:
    """A posterior: its kind, its arrays by name, and other networks of it, valid in form."""

    kind: str
    arrays: Mapping[str, np.ndarray]
    rivals: tuple[StoredRival, ...] = ()


@dataclass(frozen=True, eq=False)
class Contents:
    """The contents of a model file, valid in form; the network checks the activations.

    Attributes
    ----------
    weights : tuple of ndarray
        W[l] of shape (n_l, n_{l-1}), l = 2..L; finite, read-only, not shared.
    biases : tuple of ndarray
        b[l] of shape (n_l,); finite, read-only, not shared.
    activations : tuple of (str, tuple of float), or of runs
        Name and parameters of σ, one per layer. A layer of several activations has a tuple of
        runs instead: name, parameters and number of units of each.
    input_names, output_names : tuple of str, or None
        n_1 and n_L labels.
    card : Card or None
        The knowledge about its training.
    posterior : StoredPosterior or None
        The knowledge about its errors; the network checks its numbers.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[StoredLayer, ...]
    input_names: tuple[str, ...] | None
    output_names: tuple[str, ...] | None
    card: Card | None = None
    posterior: StoredPosterior | None = None


def require(holds: object, sentence: str) -> None:
    """Raise ModelFileError with the sentence unless the condition holds."""
    if not holds:
        raise ModelFileError(sentence)

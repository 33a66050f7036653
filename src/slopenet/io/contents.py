"""The contents of a model file, and the one exception that any other file raises."""

from dataclasses import dataclass

import numpy as np

StoredActivation = tuple[str, tuple[float, ...]]


class ModelFileError(ValueError):
    """A file that is not a model of slopenet: damaged, hostile, foreign or too new; says why."""


@dataclass(frozen=True, eq=False)
class Contents:
    """The contents of a model file, checked in form; `Network` checks that activations exist.

    Attributes
    ----------
    weights : tuple of ndarray
        W[l] of shape (n_l, n_{l-1}), l = 2..L; finite, read-only, shared with nobody.
    biases : tuple of ndarray
        b[l] of shape (n_l,); likewise.
    activations : tuple of (str, tuple of float)
        Name and parameters of σ, one per layer.
    input_names, output_names : tuple of str, or None
        n_1 and n_L labels.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activations: tuple[StoredActivation, ...]
    input_names: tuple[str, ...] | None
    output_names: tuple[str, ...] | None


def require(holds: object, sentence: str) -> None:
    """Raise ModelFileError with the sentence unless it holds."""
    if not holds:
        raise ModelFileError(sentence)

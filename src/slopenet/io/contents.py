"""What a model file holds, and the one exception that a file which is none can raise."""

from dataclasses import dataclass

import numpy as np

StoredActivation = tuple[str, tuple[float, ...]]


class ModelFileError(ValueError):
    """A file that is no model of ours: damaged, hostile, foreign or too new. One sentence why."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What a model file holds, right in form; if an activation exists, the network knows.

    Attributes
    ----------
    weights : tuple of ndarray
        W[l] of shape (n_l, n_{l-1}), l = 2..L; finite, read-only, shared with nobody.
    biases : tuple of ndarray
        b[l] of shape (n_l,); likewise.
    activations : tuple of (str, tuple of float)
        Name and parameters of σ, one a layer.
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

"""Outputs of which slopes are known, but not a single value: they are found up to a constant."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec, normalise
from slopenet.dataset.dataset import Data
from slopenet.network import Network


@dataclass(frozen=True, eq=False)
class Levels:
    """The rows over which the mean of such outputs is set to 0.

    Attributes
    ----------
    X : (N, n_1)
    weights : (N,)
        The share of each row in the mean.
    unknown : (n_L,)
        Whether no value of an output is known.
    """

    X: Floats
    weights: Floats
    unknown: Floats

    @classmethod
    def of(cls, learned: Data | None, held_out: Data | None) -> Levels | None:
        """None if a value of each output is known."""
        unknown = unknown_levels(learned)
        if learned is None or not unknown.any():
            return None
        sets = [learned] if held_out is None else [learned, held_out]
        counts = [np.ones(len(s)) if s.sample_weight is None else s.sample_weight for s in sets]
        weights = np.concatenate(counts)
        return cls(np.concatenate([s.X for s in sets]), weights / weights.sum(), unknown)

    def centred(self, network: Network) -> Network:
        """The network with another bias of the last layer, which is of σ = identity."""
        mean = np.where(self.unknown, self.weights @ network(self.X), 0.0)
        biases = [*network.biases[:-1], network.biases[-1] - mean]
        return Network(
            list(network.weights),
            biases,
            list(network.activations),
            input_names=network.input_names,
            output_names=network.output_names,
        )

    def sentence(self, names: tuple[str, ...] | None) -> str:
        """The constant that was chosen, in words."""
        outputs = np.flatnonzero(self.unknown).tolist()
        said = [f"output {k}" if names is None else names[k] for k in outputs]
        return (
            f" No value of {' and '.join(said)} is known, so the slopes give it up to a constant:"
            " its mean over the data is set to 0."
        )


def unknown_levels(data: Data | None) -> Floats:
    """Whether no value of an output is known (n_L,)."""
    return np.zeros(0, bool) if data is None else np.asarray(np.isnan(data.y).all(axis=0))


def without_levels(held_out: Data | None, learned: Data, output: ActivationSpec) -> Data | None:
    """Rows that are held out, without values of outputs that are learned from slopes alone.

    Raises
    ------
    ValueError
        If there are such outputs behind another `output` than identity.
    """
    unknown = unknown_levels(learned)
    if not unknown.any():
        return held_out
    if normalise(output)[0] != "identity":
        raise ValueError(
            "output must be 'identity' where no value of an output is known, got"
            f" {output!r}: slopes give it up to a constant"
        )
    return held_out and replace(held_out, y=np.where(unknown, np.nan, held_out.y))

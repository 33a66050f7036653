"""Layers of Keras as steps, from their numbers, wherever these come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._steps import Step, sigma, sigmas
from slopenet.maps.affine import affine, batch_normalisation, refuse, scaling

# Layers that change nothing in inference.
NOTHING = {
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "InputLayer",
}
UNKNOWN = "it is neither a dense layer nor an activation that slopenet has"


def dense(where: str, kernel: Floats, bias: Floats | None) -> Step:
    """x ↦ Wᵀ x + b."""
    return affine(where, kernel.T, 0.0 if bias is None else bias)


def normalised_batch(
    where: str,
    gamma: Floats | None,
    beta: Floats | None,
    mean: Floats,
    variance: Floats,
    *,
    epsilon: float,
) -> Step:
    """BatchNormalization in inference."""
    return batch_normalisation(where, mean, variance.astype(np.float64) + epsilon, gamma, beta)


def normalisation(
    where: str, mean: Floats, variance: Floats, *, invert: bool, epsilon: float
) -> Step:
    """(x - mean)/deviation, or its inverse."""
    if mean.ndim and mean.size != mean.shape[-1]:
        refuse(where, f"its mean has the shape {mean.shape}; one number per column is wanted")
    mean, variance = np.squeeze(mean), np.squeeze(variance)
    spread = np.maximum(np.sqrt(variance.astype(np.float64)), epsilon)
    return affine(where, spread, mean) if invert else scaling(where, mean, spread)


def relu(where: str, slope: float, threshold: float, limit: float | None) -> list[Step]:
    """ReLU with a slope below 0 and a largest value: limit - relu(limit - leaky_relu(z))."""
    if threshold:
        refuse(where, f"it jumps at its threshold {threshold:g}, and has no derivative there")
    if limit is not None and not slope:
        return [sigma(where, ("clip", 0.0, limit))]
    below = sigma(where, ("leaky_relu", slope) if slope else "relu")
    if limit is None:
        return [below]
    turned = affine(where, -1.0, limit)
    return [below, turned, sigma(where, "relu"), turned]


def rescaling(where: str, scale: Any, offset: Any) -> Step:
    """scale x + offset."""
    return affine(where, np.squeeze(scale), np.squeeze(offset))


def prelu(where: str, slopes: Floats) -> list[Step]:
    """PReLU, one slope per unit."""
    if slopes.ndim != 1 or not slopes.size:
        refuse(where, f"its slopes have the shape {slopes.shape}; one per unit is wanted")
    return [sigmas(where, [("leaky_relu", float(slope)) for slope in slopes])]

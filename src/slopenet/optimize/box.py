"""A box of inputs, and points that fill it evenly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.validate import arrays


@dataclass(frozen=True, eq=False)
class Box:
    """low + width z, z in [0, 1]: (n_1,) each."""

    low: Floats
    width: Floats

    @classmethod
    def of(cls, bounds: Any, inputs: int | None = None) -> Box:
        """The box of pairs (low, high), one per input.

        Raises
        ------
        ValueError
            If there are not as many, or a pair is not finite and in order.
        """
        pairs = arrays.floats("bounds", bounds)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) != (inputs or len(pairs)):
            wanted = "n_1" if inputs is None else str(inputs)
            raise ValueError(
                f"bounds must be one pair (low, high) per input, so of shape ({wanted}, 2),"
                f" got {pairs.shape}"
            )
        arrays.require_finite("bounds", pairs)
        low, high = pairs.T
        if not (low < high).all():
            i = int(np.flatnonzero(~(low < high))[0])
            raise ValueError(f"bounds[{i}] must have low < high, got ({low[i]:g}, {high[i]:g})")
        return cls(low, high - low)

    @property
    def pairs(self) -> Floats:
        """(low, high) of each input: (n_1, 2)."""
        return np.stack([self.low, self.low + self.width], axis=1)

    def points(self, Z: Floats) -> Floats:
        """The points of z; the ends of the box are met exactly."""
        high = self.low + self.width
        return np.asarray(np.clip(self.low + self.width * Z, self.low, high))

    def unit(self, X: Floats) -> Floats:
        """Z of the points."""
        return np.asarray((X - self.low) / self.width)

    def filled(self, n: int, rng: np.random.Generator) -> Floats:
        """The z of n points of a scrambled Sobol sequence."""
        from scipy.stats import qmc  # loads many modules

        sobol = qmc.Sobol(len(self.low), rng=rng)
        return np.asarray(sobol.random_base2(int(np.ceil(np.log2(max(n, 2)))))[:n])

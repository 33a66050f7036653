"""Other networks that learned the same data nearly as well: how far they are tells of errors.

Two networks g and H that miss new rows by e_g and e_H, independently of each other, differ by

    ‖g - H‖² = e_g² + e_H²,  so that e_H² = p ‖g - H‖²,  p = e_H²/(e_g² + e_H²).

The covariance near one set of weights cannot know what every such network misses, as at a kink;
the difference g(x) - H(x), with its slopes, shows it where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from slopenet import _core
from slopenet._types import Floats
from slopenet.activations import LayerActivation
from slopenet.evaluate.threads import get_num_threads
from slopenet.parameters import flatten


class Rival:
    """A network g in standard units, without layers of logarithms.

    Parameters
    ----------
    weights, biases : sequence of array
        Of the last bias that of the network H is taken away.
    activations : sequence of Activation or Runs
    """

    def __init__(
        self,
        weights: Sequence[Floats],
        biases: Sequence[Floats],
        activations: Sequence[LayerActivation],
    ) -> None:
        self.weights, self.biases = tuple(weights), tuple(biases)
        self.activations = tuple(activations)

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        return (self.weights[0].shape[1], *(len(b) for b in self.biases))

    def some(self, outputs: list[int]) -> Rival:
        """Some of the outputs, which are linear."""
        *W, last = self.weights
        *b, level = self.biases
        return Rival([*W, last[outputs]], [*b, level[outputs]], self.activations)

    def above(self, level: Floats) -> Rival:
        """With outputs less these (n_L,)."""
        *b, own = self.biases
        return Rival(self.weights, [*b, own - level], self.activations)

    def scaled(self, factors: Floats) -> Rival:
        """With outputs times these (n_L,)."""
        *W, last = self.weights
        *b, level = self.biases
        return Rival([*W, factors[:, None] * last], [*b, factors * level], self.activations)

    def __call__(self, Z: Floats, *, slopes: bool) -> Floats:
        """g and its slopes at Z (N, n_1): (N, kinds, n_L)."""
        if not slopes:
            return np.asarray(self._core.values(Z, None, get_num_threads()))[:, None]
        both: Any = self._core.value_and_jacobian(Z, None, get_num_threads())
        return np.concatenate([both[0][:, None], both[1].transpose(0, 2, 1)], axis=1)

    @cached_property
    def _core(self) -> Any:
        rows: list[Any] = list(self.activations)
        return _core.Model64(self.sizes, rows, flatten(list(self.weights), list(self.biases)))

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "_core"}

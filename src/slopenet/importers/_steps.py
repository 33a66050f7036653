"""The common form of all sources: a list of steps, each an affine map or an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from slopenet.activations import (
    HEADS,
    Activation,
    ActivationSpec,
    Head,
    LayerActivation,
    normalise,
    normalise_layer,
)
from slopenet.maps.affine import Affine, affine, refuse


@dataclass(frozen=True)
class Sigma:
    """a ↦ σ(a), entry by entry; `where` is the layer or node of the source.

    `activation` is one for all numbers, or runs of them.
    """

    activation: LayerActivation
    where: str

    @property
    def uniform(self) -> Activation | None:
        """The σ of all numbers, None if they differ."""
        return self.activation if isinstance(self.activation, Activation) else None

    def each(self, n: int) -> tuple[Activation, ...]:
        """σ of each of `n` numbers."""
        return tuple(one for one, count in self.activation.runs(n) for _ in range(count))


Step: TypeAlias = Affine | Sigma


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


def sigmas(where: str, specs: Sequence[ActivationSpec | Activation]) -> Sigma:
    """σ of each number, in any spelling."""
    try:
        return Sigma(normalise_layer(tuple((spec, 1) for spec in specs), len(specs)), where)
    except (ValueError, TypeError) as error:
        refuse(where, str(error))

"""The common form of all sources: a list of steps, each an affine map or an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from slopenet.activations import Activation, normalise
from slopenet.maps.affine import Affine, affine, refuse


@dataclass(frozen=True)
class Sigma:
    """a ↦ σ(a), entry by entry; `where` is the layer or node of the source."""

    activation: Activation
    where: str


Step: TypeAlias = Affine | Sigma


def sigma(where: str, spec: object) -> Sigma:
    """σ in any spelling that the parser takes."""
    try:
        return Sigma(normalise(spec), where)
    except (ValueError, TypeError) as error:
        refuse(where, str(error))


def scaled(where: str, inner: float, name: str, outer: float) -> list[Step]:
    """a ↦ outer · σ(inner · a), of which many activations are made that the table does not have."""
    return [affine(where, inner), sigma(where, name), affine(where, outer)]

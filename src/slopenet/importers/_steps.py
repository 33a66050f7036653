"""The common form of all sources: a list of steps, each an affine map or an activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from slopenet.activations import Activation, normalise
from slopenet.maps.affine import Affine, affine, refuse


@dataclass(frozen=True)
class Sigma:
    """a ↦ σ(a), entry by entry; `where` is the layer or node of the source.

    `activation` is one for all numbers, or a tuple with one per number.
    """

    activation: Activation | tuple[Activation, ...]
    where: str

    @property
    def uniform(self) -> Activation | None:
        """The σ of all numbers, None if they differ."""
        return self.activation if isinstance(self.activation, Activation) else None

    def each(self, n: int) -> tuple[Activation, ...]:
        """σ of each of `n` numbers."""
        one = self.uniform
        return self.activation if one is None else (one,) * n  # type: ignore[return-value]


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


def sigmas(where: str, specs: Sequence[object]) -> Sigma:
    """σ of each number, in any spelling; one for all where they are the same."""
    each = tuple(sigma(where, spec).uniform for spec in specs)
    different = dict.fromkeys(each)
    return Sigma(each[0] if len(different) == 1 else each, where)  # type: ignore[arg-type]

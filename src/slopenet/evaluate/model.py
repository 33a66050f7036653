"""A network or an ensemble, and the names of its quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from slopenet.validate.components import labels
from slopenet.validate.headings import slope_name


class Model(Protocol):
    """A network or an ensemble."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_1, ..., n_L."""
        ...

    @property
    def input_names(self) -> tuple[str, ...] | None:
        """Labels of the components of x."""
        ...

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Labels of the components of H(x)."""
        ...

    def __call__(self, X: Any, *, threads: int | None = None) -> Any:
        """H(x) (N, n_L)."""
        ...

    def value_and_jacobian(self, X: Any, *, threads: int | None = None) -> tuple[Any, Any]:
        """H(x) (N, n_L) and ∂H/∂x (N, n_L, n_1)."""
        ...


def column_names(network: Model) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names of the inputs and outputs: x1, x2, ... and y1, ... for a network without."""
    return (
        labels(network.input_names, "x", network.sizes[0]),
        labels(network.output_names, "y", network.sizes[-1]),
    )


def slope_names(inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """Return the names of the slopes, row by row: drho/dT, drho/dp, dh/dT, ..."""
    names = [slope_name(output, input_) for output in outputs for input_ in inputs]
    if len(set(names)) < len(names):  # names that differ in their units only
        names = [f"d{output}/d{input_}" for output in outputs for input_ in inputs]
    return names

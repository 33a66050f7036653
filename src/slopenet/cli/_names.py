"""The column names of a model: its own, or x1, x2, ... and y1, y2, ... where it has none."""

from collections.abc import Sequence

import click
import numpy as np
from numpy.typing import NDArray

from slopenet import Network


def column_names(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the inputs and of the outputs."""
    return (
        network.input_names or _numbered("x", network.sizes[0]),
        network.output_names or _numbered("y", network.sizes[-1]),
    )


def vector(point: dict[str, float], names: Sequence[str], option: str) -> NDArray[np.float64]:
    """Return the numbers of a point in the order of names.

    Raises
    ------
    click.UsageError
        If a name is missing from the point or unknown.
    """
    if set(point) != set(names):
        wanted = ",".join(f"{name}=..." for name in names)
        raise click.UsageError(f"{option} needs {wanted}, not {','.join(point)}.")
    return np.array([point[name] for name in names])


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{i}" for i in range(1, count + 1))

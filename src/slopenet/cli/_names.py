"""Read a model from its file, and a point from its names."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import slopenet as sn
from slopenet import Network


def load_model(path: Path) -> Network:
    """Load a network; the error for a table mentions the order of the arguments."""
    try:
        return sn.load(path)
    except sn.ModelFileError:
        with path.open("rb") as file:
            start = file.read(1024)
        if start.startswith(b"PAR1") or (start and b"\0" not in start):
            message = f"{path} is not a model; if both are given, the order is MODEL DATA."
            raise click.UsageError(message) from None
        raise


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

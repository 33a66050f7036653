"""Read a model from its file, and a point from its names."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import slopenet as sn
from slopenet import Ensemble, Network
from slopenet.cli._options import real
from slopenet.tables import Coding, TableError
from slopenet.validate.headings import split_unit


def load_model(path: Path) -> Network:
    """Load a network; an ensemble is refused."""
    found = load_any_model(path)
    if isinstance(found, Ensemble):
        raise click.UsageError(
            f"{path} is an ensemble of {len(found)} networks; predict, errors and info take one,"
            " this command takes a single network."
        )
    return found


def load_any_model(path: Path) -> Network | Ensemble:
    """Load a network or an ensemble; the error for a table mentions the order of the arguments."""
    try:
        return sn.load(path)
    except sn.ModelFileError:
        with path.open("rb") as file:
            start = file.read(1024)
        if start.startswith(b"PAR1") or (start and b"\0" not in start):
            message = f"{path} is not a model; if both are given, the order is MODEL DATA."
            raise click.UsageError(message) from None
        raise


def vector(point: dict[str, str], names: Sequence[str], option: str) -> NDArray[np.float64]:
    """Return the numbers of a point in the order of names; a word stands for all its inputs.

    Raises
    ------
    click.UsageError
        If a name is missing from the point or unknown, or a value is not a number.
    """
    try:
        coding = Coding.of(Path(option), list(point), names)
    except TableError:
        coding = None
    if coding is None or len(coding.columns) != len(point):
        plain = [split_unit(name)[0] for name in names]
        wanted = ",".join(dict.fromkeys(f"{name.partition('=')[0]}=..." for name in plain))
        raise click.UsageError(f"{option} needs {wanted}, not {','.join(point)}.")
    numbers = [_number(point[name], option, coding.words.get(name)) for name in coding.columns]
    x: NDArray[np.float64] = coding.inputs(np.array([numbers]))[0]
    return x


def _number(text: str, option: str, words: dict[str, int] | None) -> float:
    if words is not None:
        return words.setdefault(text, len(words))
    try:
        return real()(text)
    except click.BadParameter as error:
        raise click.BadParameter(error.message, param_hint=f"'{option}'") from None

"""Print to stdout. Names are text: ``flow [/h]`` is not markup, and escapes do nothing."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from _slopenet_command import terminal
from _slopenet_command.terminal import printable
from slopenet.evaluate.errors import RELATIVE
from slopenet.tables import column_names, slope_name
from slopenet.validate.headings import split_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from slopenet import Network
    from slopenet.evaluate.errors import Errors
    from slopenet.training.quality import FitErrors

SHOWN_SLOPES, SHOWN_NAMES = 40, 12
# The most characters of a name in the first column of a table.
_WIDEST = 34


def say(text: str) -> None:
    """Print plain text."""
    terminal.say(text)


def console() -> Console:
    """Return a console on stdout that prints text unchanged, with colours only on a terminal."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def show(renderable: Any) -> None:
    """Print a rich table."""
    console().print(renderable)


def listed(names: Sequence[str]) -> str:
    """Return the first names with commas between, and the number of the others."""
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def shortened(name: str, most: int = _WIDEST) -> str:
    """Return a name that fits a table: its middle is left out if it is long."""
    name = printable(" ".join(name.split()))
    if len(name) <= most:
        return name
    head = (most - 3) // 2
    return f"{name[:head]}...{name[head + 3 - most :]}"


def slope_names(inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """Return the names of all slopes, so that they fit a table."""
    return [
        name if len(name := slope_name(k, i)) <= _WIDEST else _short_slope(k, i)
        for k in outputs
        for i in inputs
    ]


def _short_slope(output: str, input_: str) -> str:
    names = (shortened(split_unit(name)[0], _WIDEST // 2 - 2) for name in (output, input_))
    return slope_name(*names)


def print_table(names: Sequence[str], columns: Mapping[str, Iterable[str]], title: str) -> None:
    """Print a table with one row per name and numbers to the right."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right")
    for name, *cells in zip(names, *columns.values(), strict=False):
        table.add_row(shortened(name), *cells)
    show(table)


def print_errors(network: Network, columns: Mapping[str, Errors | FitErrors]) -> None:
    """Print relative errors of values and, where any are known, slopes: a column per entry."""
    inputs, outputs = column_names(network)
    names = [*outputs, *slope_names(inputs, outputs)][: len(outputs) + SHOWN_SLOPES]
    if all(np.isnan(errors.slopes).all() for errors in columns.values()):
        names = names[: len(outputs)]
    shape = (len(outputs), len(inputs))
    cells = {
        title: [*errors.values, *np.broadcast_to(errors.slopes, shape).ravel()]
        for title, errors in columns.items()
    }
    print_table(
        names,
        {title: map(_percent, column) for title, column in cells.items()},
        "relative RMS error",
    )
    say(RELATIVE)


def rows_of(n: int) -> str:
    """Return a number of rows in words."""
    return f"{n} row" if n == 1 else f"{n} rows"


def _percent(error: float) -> str:
    return "no data" if isnan(error) else f"{error:.3%}"

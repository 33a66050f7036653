"""Print to stdout. Names are text: ``flow [/h]`` is not markup, and escapes do nothing."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from _slopenet_command import terminal
from _slopenet_command.terminal import printable
from slopenet.evaluate.errors import RELATIVE
from slopenet.tables import column_names, slope_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rich.console import Console

    from slopenet import Network
    from slopenet.evaluate.errors import Errors
    from slopenet.training.quality import FitErrors

SHOWN_ROWS, SHOWN_NAMES = 50, 12
# The most characters of a name in the first column of a table.
WIDEST = 34


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


def shortened(name: str) -> str:
    """Return a name that fits a table: the middle of a long one is left out."""
    name = printable(" ".join(name.split()))
    if len(name) <= WIDEST:
        return name
    head = (WIDEST - 3) // 2
    return f"{name[:head]}...{name[head + 3 - WIDEST :]}"


def print_table(
    title: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    columns: Mapping[str, Sequence[float]],
    *,
    plain: Collection[str] = (),
) -> None:
    """Print a table with a row for each value and each slope that has a number in some column.

    Numbers are shares, but for the columns in `plain`. Only the first rows are printed.
    """
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right")
    names = [*outputs, *(slope_name(k, i) for k in outputs for i in inputs)]
    rows = list(zip(names, *columns.values(), strict=False))
    rows = [row for row in rows if not all(map(isnan, row[1:]))]
    for name, *cells in rows[:SHOWN_ROWS]:
        written = zip(cells, columns, strict=True)
        texts = (f"{x:.3g}" if heading in plain else _percent(x) for x, heading in written)
        table.add_row(shortened(name), *texts)
    show(table)
    if len(rows) > SHOWN_ROWS:
        say(f"{len(rows) - SHOWN_ROWS} more rows of this table are not shown.")
    say(RELATIVE)


def show_errors(errors: Errors) -> None:
    """Print the errors of each value and slope as a table."""
    from rich.table import Table

    table = Table()
    table.add_column("", no_wrap=True)
    for title in ("RMSE", "relative", "R²", "largest error"):
        table.add_column(title, justify="right")
    rows = errors.rows()
    for name, (rmse, relative, r2, largest) in list(rows.items())[:SHOWN_ROWS]:
        numbers = f"{rmse:.4g}", _percent(relative), f"{r2:.6g}", f"{largest:.4g}"
        table.add_row(shortened(name), *numbers)
    show(table)
    if len(rows) > SHOWN_ROWS:
        say(f"{len(rows) - SHOWN_ROWS} more rows of this table are not shown.")


def print_errors(network: Network, columns: Mapping[str, Errors | FitErrors]) -> None:
    """Print relative errors of values and of all slopes that are known: a column per entry."""
    inputs, outputs = column_names(network)
    shape = (len(outputs), len(inputs))
    cells = {
        title: [*errors.values, *np.broadcast_to(errors.slopes, shape).ravel()]
        for title, errors in columns.items()
    }
    print_table("relative RMS error", inputs, outputs, cells)


def rows_of(n: int) -> str:
    """Return a number of rows in words."""
    return f"{n} row" if n == 1 else f"{n} rows"


def _percent(share: float) -> str:
    """Return a share with three decimals, or, if it is small, two digits."""
    if isnan(share):
        return "no data"
    return f"{100 * share:.2g}%" if 0 < share < 5e-5 else f"{share:.3%}"

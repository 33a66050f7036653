"""Print to stdout. Names are never read as markup: ``flow [/h]`` is text."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import click

from slopenet.evaluate.errors import RELATIVE, relative_errors
from slopenet.tables import column_names, slope_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from slopenet import Network
    from slopenet.tables import Samples

SHOWN_SLOPES = 40


def say(text: str) -> None:
    """Print plain text."""
    click.echo(text)


def console() -> Console:
    """Return a console on stdout that prints text unchanged, with colours only on a terminal."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def show(renderable: Any) -> None:
    """Print a rich table."""
    console().print(renderable)


def print_errors(network: Network, sets: Mapping[str, Samples | None]) -> None:
    """Print the relative errors of values and slopes, one column per set of rows."""
    from rich.table import Table

    inputs, outputs = column_names(network)
    names = [*outputs, *(slope_name(k, i) for k in outputs for i in inputs)]
    columns = {}
    for title, samples in sets.items():
        if samples is None:
            continue
        errors = relative_errors(network, *samples[:3])
        slopes = errors.slopes.ravel().tolist() if samples.slopes else []
        rows = "row" if len(samples.X) == 1 else "rows"
        columns[f"{len(samples.X)} {title.format(rows=rows)}"] = errors.values.tolist() + slopes
    table = Table(title="relative RMS error", title_justify="left")
    table.add_column("")
    for title in columns:
        table.add_column(title, justify="right")
    for name, *cells in zip(names[: len(outputs) + SHOWN_SLOPES], *columns.values(), strict=False):
        table.add_row(name, *("no data" if isnan(cell) else f"{cell:.3%}" for cell in cells))
    show(table)
    say(RELATIVE)

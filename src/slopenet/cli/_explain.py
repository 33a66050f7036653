"""``slopenet explain``: the derivation of one row, with every z, a, D and product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._tables import form_options, title

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from slopenet.tables import Form


@click.command(
    epilog=options.examples(
        "slopenet explain steam.safetensors steam.csv --row 7",
        "slopenet explain steam.safetensors --at T=700,p=5 --target rho=16.6,h=3280",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.TABLE, required=False)
@click.option(
    "--row", type=click.IntRange(min=1), help="Row of DATA; 1, below the header, unless given."
)
@click.option("--at", type=options.point, metavar="NAME=NUMBER,...", help="Values of the inputs.")
@click.option(
    "--target",
    type=options.point,
    metavar="NAME=NUMBER,...",
    help="True values of the outputs, for every delta. Default: those of DATA, if any.",
)
@click.option("--full", is_flag=True, help="Print every entry of large arrays too.")
@form_options
def explain(  # noqa: PLR0917 (click passes them by name)
    model: Path,
    data: Path | None,
    row: int | None,
    at: dict[str, str] | None,
    target: dict[str, str] | None,
    full: bool,
    *,
    form: Form,
) -> None:
    """Print the derivation of one row, equation by equation.

    Prints every z, a, D and partial product up to the values and slopes of MODEL, and every delta
    if the true outputs are known. The row comes from DATA or from --at.
    """
    if (data is None) == (at is None) or (row is not None and data is None):
        raise click.UsageError("give either DATA (and --row), or --at.")

    from slopenet.cli._console import say
    from slopenet.cli._names import load_model, vector
    from slopenet.tables import column_names

    network = load_model(model)
    inputs, outputs = column_names(network)
    y = None
    if at is not None:
        x = vector(at, inputs, "--at")
    elif data is not None:
        x, y = _row(data, form, row or 1, inputs, outputs)
    if target is not None:
        y = vector(target, outputs, "--target")
    page = network.derivation(x, y).page(full=full)
    say(page.replace(".page(full=True)", "--full"))


def _row(
    data: Path, form: Form, row: int, inputs: Sequence[str], outputs: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the inputs of one row, and its outputs if the table has them all."""
    from slopenet.tables import columns_of, has_columns, open_table

    with open_table(data, form) as table:
        known = has_columns(table.names, outputs)
        numbers = columns_of(table, [*inputs, *(outputs if known else ())])
    if row > len(numbers):
        raise click.UsageError(f"{title(data)} has {len(numbers)} rows; there is no row {row}.")
    x, y = numbers[row - 1, : len(inputs)], numbers[row - 1, len(inputs) :]
    return x, y if known else None

"""``slopenet predict``: values and slopes of every row of a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from rich.progress import Progress

    from slopenet import Network


@click.command(
    epilog=options.examples(
        "slopenet predict steam.safetensors new.csv -o predictions.csv",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.INPUT_FILE)
@click.option(
    *("-o", "--output"),
    type=options.OUTPUT_FILE,
    help="Table to write: .csv or .parquet. Without it CSV goes to standard output.",
)
@click.option("--no-slopes", is_flag=True, help="Write values only.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the table.")
def predict(model: Path, data: Path, output: Path | None, no_slopes: bool, quiet: bool) -> None:
    """Write the values and slopes of MODEL at every row of DATA.

    The table has the columns of the inputs, the outputs and the slopes, such as T, p, rho, h,
    drho/dT, drho/dp, dh/dT, dh/dp. DATA needs the input columns only; a model without names
    takes x1, x2, ... and gives y1, y2, ...
    """
    from slopenet.cli._console import say
    from slopenet.cli._names import column_names, load_model
    from slopenet.progress import bar as progress_bar
    from slopenet.tables import prediction_names, read_columns, refuse_same_file, write_table

    if output is None and sys.stdout is None:
        raise click.UsageError("standard output is closed; give a file with -o.")
    if output is not None:
        options.require_output(output)
        refuse_same_file(output, model)
        refuse_same_file(output, data)
    network = load_model(model)
    inputs, outputs = column_names(network)
    X = read_columns(data, inputs)
    names = prediction_names(inputs, outputs, slopes=not no_slopes)
    with progress_bar(quiet=quiet) as bar:
        blocks = _blocks(network, X, slopes=not no_slopes, bar=bar)
        write_table(output or sys.stdout.buffer, names, blocks)
    if output and not quiet:
        say(f"Wrote {len(X)} rows of {len(names)} columns to {output}.")


def _blocks(
    network: Network, X: NDArray[np.float64], *, slopes: bool, bar: Progress
) -> Iterator[NDArray[np.float64]]:
    """Yield the table piece by piece."""
    import numpy as np

    from slopenet.report import row_blocks

    task = bar.add_task("Predicting", total=len(X))
    n_in, n_out = network.sizes[0], network.sizes[-1]
    for rows in row_blocks(len(X), n_out * (1 + n_in)):
        x = X[rows]
        if slopes:
            H, J = network.value_and_jacobian(x)
            yield np.hstack([x, H, J.reshape(len(x), n_out * n_in)])
        else:
            yield np.hstack([x, network(x)])
        bar.update(task, advance=len(x))

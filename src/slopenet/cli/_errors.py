"""``slopenet errors``: errors of a model at the rows of a table with known answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._tables import form_options, title

if TYPE_CHECKING:
    from pathlib import Path

    from slopenet.tables import Form


@click.command(
    epilog=options.examples(
        "slopenet errors steam.safetensors steam.csv",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.TABLE)
@form_options
def errors(model: Path, data: Path, *, form: Form) -> None:
    """Print the errors of MODEL at the rows of DATA, for each value and slope.

    RMSE is the root mean square of the errors. Relative to the standard deviation of the true
    values, or to the RMS of the true slopes, it is 1 for a model that gives the mean; R2 is 1 less
    its square. The last column is the largest error. DATA needs the input and output columns, and
    may have slope columns, such as drho/dT.
    """
    from slopenet.cli._console import listed, rows_of, say, show_errors
    from slopenet.cli._names import load_any_model
    from slopenet.evaluate.errors import relative_errors
    from slopenet.tables import column_names, open_table, samples_of

    network = load_any_model(model)
    with open_table(data, form) as table:
        samples = samples_of(table, *column_names(network), strict=False)
    say(f"{model} at {rows_of(len(samples.X))} of {title(data)}:")
    show_errors(relative_errors(network, *samples[:3]))
    if samples.unused:
        say(f"Not used: {listed(samples.unused)}.")

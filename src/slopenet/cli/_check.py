"""``slopenet check``: derivatives of a model compared with an independent numerical method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._program import FAILED
from slopenet.cli._tables import form_options

if TYPE_CHECKING:
    from pathlib import Path

    from slopenet.tables import Form

CHECKED_ROWS, MADE_UP = 100, 20


@click.command(
    epilog=options.examples(
        "slopenet check steam.safetensors steam.csv",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.TABLE, required=False)
@form_options
@click.pass_context
def check(ctx: click.Context, model: Path, data: Path | None, *, form: Form) -> None:
    """Test every derivative of MODEL by an independent method.

    The test runs at up to 100 rows of DATA, or at generated points. If DATA also has the outputs,
    the model is compared with all their values and slopes. Exit status 1 if a derivative is wrong.
    """
    import numpy as np

    import slopenet as sn
    from slopenet.cli._console import listed, print_errors, rows_of, say
    from slopenet.cli._names import load_model
    from slopenet.evaluate.errors import relative_errors
    from slopenet.evaluate.probe_points import unsaturated
    from slopenet.tables import column_names, columns_of, has_columns, open_table, samples_of

    network = load_model(model)
    inputs, outputs = column_names(network)
    samples = None
    if data is None:
        rng = np.random.default_rng(0)
        W, b, activations = network.chain()
        X = unsaturated(W[0], b[0], np.ones(MADE_UP), rng, activations[0])
    else:
        with open_table(data, form) as table:
            if has_columns(table.names, outputs):
                samples = samples_of(table, inputs, outputs, strict=False)
            X = columns_of(table, inputs) if samples is None else samples.X
    chosen = np.unique(np.linspace(0, len(X) - 1, CHECKED_ROWS).round().astype(int))
    verdict = sn.check_derivatives(network, X[chosen])
    say(str(verdict))
    if samples is not None:
        errors = relative_errors(network, *samples[:3])
        print_errors(network, {rows_of(len(samples.X)): errors})
        if samples.unused:
            say(f"Not used: {listed(samples.unused)}.")
    if not verdict.passed:
        ctx.exit(FAILED)

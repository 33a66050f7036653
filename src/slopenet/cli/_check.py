"""``slopenet check``: derivatives of a model compared with an independent numerical method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._program import FAILED

if TYPE_CHECKING:
    from pathlib import Path

CHECKED_ROWS, MADE_UP = 100, 20


@click.command(
    epilog=options.examples(
        "slopenet check steam.safetensors steam.csv",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.INPUT_FILE, required=False)
@click.pass_context
def check(ctx: click.Context, model: Path, data: Path | None) -> None:
    """Test every derivative of MODEL by an independent method.

    The test runs at up to 100 rows of DATA, or at generated points. If DATA also has the outputs,
    the model is compared with all their values and slopes. Exit status 1 if a derivative is wrong.
    """
    import numpy as np

    import slopenet as sn
    from slopenet.cli._console import print_errors, say
    from slopenet.cli._names import load_model
    from slopenet.evaluate.probe_points import unsaturated
    from slopenet.tables import column_names, open_table, samples_of

    network = load_model(model)
    inputs, outputs = column_names(network)
    samples = None
    if data is None:
        rng = np.random.default_rng(0)
        W, b, activations = network.chain()
        X = unsaturated(W[0], b[0], np.ones(MADE_UP), rng, activations[0])
    else:
        with open_table(data) as table:
            if set(outputs) <= set(table.names):
                samples = samples_of(table, inputs, outputs)
            X = table.read(inputs) if samples is None else samples.X
    chosen = np.unique(np.linspace(0, len(X) - 1, CHECKED_ROWS).round().astype(int))
    verdict = sn.check_derivatives(network, X[chosen])
    say(str(verdict))
    if samples is not None:
        print_errors(network, {"{rows}": samples})
    if not verdict.passed:
        ctx.exit(FAILED)

"""``slopenet check``: the derivatives of a model against an independent numerical method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._program import FAILED

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from slopenet import Network

CHECKED_ROWS = 100


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

    The test runs at up to 100 rows of DATA, or at made-up points. If DATA has the outputs too,
    the model is also compared with all its values and slopes. Exit status 1 if a derivative is
    wrong.
    """
    import numpy as np

    import slopenet as sn
    from slopenet.cli._console import print_errors, say
    from slopenet.cli._names import column_names, load_model
    from slopenet.tables import open_table, samples_of

    network = load_model(model)
    inputs, outputs = column_names(network)
    samples = None
    if data is None:
        X = _made_up_points(network)
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


def _made_up_points(network: Network) -> NDArray[np.float64]:
    """Return points where the first hidden layer is awake: z[2] is about N(0, 1) there.

    Where the rows of a fit were is not known any more, but the weights still tell: far from
    there every bounded activation is flat, and a test of its slopes would test nothing.
    """
    import numpy as np

    W, b = (np.asarray(a, np.float64) for a in (network.weights[0], network.biases[0]))
    z = np.random.default_rng(0).standard_normal((20, len(b)))
    return (z - b) @ np.linalg.pinv(W).T

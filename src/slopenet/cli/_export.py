"""``slopenet export``: a model as C99, ONNX or Python."""

from __future__ import annotations

from pathlib import Path

import click

from slopenet.cli import _options as options
from slopenet.cli._program import FAILED


@click.command(
    epilog=options.examples(
        "slopenet export steam.safetensors steam.c --derivatives value,jacobian,hessian",
        "slopenet export steam.safetensors steam.onnx --dtype float32",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("out", type=options.OUTPUT_FILE)
@click.option(
    "--derivatives",
    type=options.names,
    default="value,jacobian",
    show_default=True,
    metavar="NAMES",
    help="Of value, jacobian, jvp, vjp, hessian.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    help="Of the numbers in OUT; without it as in MODEL.",
)
@click.option("--prefix", help="Of all symbols in C; without it OUT's name.")
@click.option("--casadi", is_flag=True, help="Add the functions that CasADi's external() calls.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def export(
    ctx: click.Context,
    model: Path,
    out: Path,
    *,
    derivatives: tuple[str, ...],
    dtype: str | None,
    prefix: str | None,
    casadi: bool,
    quiet: bool,
) -> None:
    """Write MODEL and its derivatives to OUT: .c (and .h), .onnx or .py.

    What is written is run and compared with MODEL: C by the system's compiler (or that of the
    environment's CC), ONNX by onnxruntime. Exit status 1 if it does not agree.
    """
    from slopenet.cli._console import say
    from slopenet.cli._names import load_model
    from slopenet.tables import refuse_same_file

    options.require_output(out)
    refuse_same_file(out, model)
    network = load_model(model)
    done = network.export(out, derivatives=derivatives, dtype=dtype, prefix=prefix, casadi=casadi)
    if not quiet or not done.passed:
        say(str(done))
    if not done.passed:
        ctx.exit(FAILED)

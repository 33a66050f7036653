"""``slopenet export``: write a model as one of the files of `slopenet.exporters.TARGETS`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from slopenet.cli import _options as options
from slopenet.cli._program import FAILED
from slopenet.cli._tables import require_output
from slopenet.exporters import _targets
from slopenet.exporters._task import OUTPUTS, FunctionName


def summary() -> str:
    """Return the first lines of the command's help."""
    files = [f"{suffix} ({target.title})" for suffix, target in _targets.TARGETS.items()]
    return (
        "Write MODEL and its derivatives as code to OUT.\n\n"
        f"OUT ends in {', '.join(files)}. The file is run and compared with MODEL: C (written with"
        " a header) and FMI with the system's compiler or the one named by CC, ONNX with"
        " onnxruntime, Fortran with gfortran or FC. Exit"
        " status 1 if they do not agree."
    )


def derivatives_help() -> str:
    """Return the help of --derivatives: the names, and those that some files do not have."""
    limited = [
        f"; {suffix} has {', '.join(target.derivatives)}"
        for suffix, target in _targets.TARGETS.items()
        if set(target.derivatives) != set(OUTPUTS)
    ]
    return f"Of {', '.join(OUTPUTS)}{''.join(limited)}."


@click.command(
    help=summary(),
    epilog=options.examples(
        "slopenet export steam.safetensors steam.c --derivatives value,hessian",
        "slopenet export steam.safetensors steam.onnx --dtype float32",
        "slopenet export steam.safetensors steam.fmu",
    ),
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("out", type=options.OUTPUT_FILE)
@click.option(
    "--derivatives",
    type=options.names,
    default="value,jacobian",
    show_default=True,
    metavar="NAMES",
    help=derivatives_help(),
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    help="Type of the numbers in OUT. Default: as in MODEL.",
)
@click.option(
    "--prefix",
    help=f"Prefix of all symbols in {_targets.with_option('prefix')} files. Default: OUT's name.",
)
@click.option(
    "--fmi",
    type=click.Choice([2, 3]),
    help=f"Version of FMI of {_targets.with_option('fmi')} files. Default: 3.",
)
@click.option(
    "--casadi",
    is_flag=True,
    help=f"Add to {_targets.with_option('casadi')} files the functions that CasADi's external()"
    " calls.",
)
@click.option(
    "--std",
    is_flag=True,
    help=f"Add to {_targets.with_option('std')} files the standard deviations of values and, with"
    " jacobian, of slopes; for a MODEL with error bars.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def export(
    ctx: click.Context,
    model: Path,
    out: Path,
    *,
    derivatives: tuple[FunctionName, ...],
    dtype: str | None,
    prefix: str | None,
    fmi: Literal[2, 3] | None,
    casadi: bool,
    std: bool,
    quiet: bool,
) -> None:
    """Write MODEL and its derivatives to OUT."""
    from slopenet.cli._console import say
    from slopenet.cli._names import load_model
    from slopenet.tables import refuse_same_file

    require_output(out)
    refuse_same_file(out, model)
    network = load_model(model)
    done = network.export(
        out,
        derivatives=derivatives,
        dtype=dtype,
        prefix=prefix,
        casadi=casadi,
        fmi=fmi,
        std=std,
    )
    if not quiet or not done.passed:
        say(str(done))
    if not done.passed:
        ctx.exit(FAILED)

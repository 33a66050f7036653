"""``slopenet convert``: convert a network of another library to a slopenet model."""

from __future__ import annotations

from pathlib import Path

import click

from slopenet.cli import _options as options
from slopenet.cli._tables import require_model_output


@click.command(
    epilog=options.examples(
        "slopenet convert net.onnx model.safetensors --inputs T,p --outputs rho",
        "slopenet convert net.keras model.safetensors --dtype float64",
        "slopenet convert net.onnx model.safetensors --scaling scaling.toml",
    )
)
@click.argument("source", type=options.INPUT_FILE)
@click.argument("model", type=options.OUTPUT_FILE)
@click.option("--inputs", type=options.names, help="Names of the inputs, in SOURCE's order.")
@click.option("--outputs", type=options.names, help="Names of the outputs, in SOURCE's order.")
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    help="Type of the numbers in MODEL. Default: as in SOURCE.",
)
@click.option(
    "--scaling",
    type=options.INPUT_FILE,
    help="JSON or TOML file with input_scaling or output_scaling, the maps that were applied to the"
    " data before training: a table of mean and std; low, high and to; scale and offset; or matrix"
    " and offset. MODEL then takes and gives raw numbers.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def convert(
    source: Path,
    model: Path,
    *,
    inputs: tuple[str, ...] | None,
    outputs: tuple[str, ...] | None,
    dtype: str | None,
    scaling: Path | None,
    quiet: bool,
) -> None:
    """Write the network of SOURCE, an ONNX or Keras file, to MODEL.

    Scalers and batch normalisation are folded into the weights, and MODEL is compared with SOURCE
    at random points. Anything other than a chain of dense layers is refused by name, with exit
    status 2. If SOURCE is a slopenet model, this changes its names or dtype.
    """
    import slopenet as sn
    from slopenet.cli._console import say
    from slopenet.cli._scaling import read_scaling
    from slopenet.tables import refuse_same_file

    refuse_same_file(model, source)
    if scaling is not None:
        refuse_same_file(model, scaling)
    require_model_output(model)
    given = {} if scaling is None else read_scaling(scaling)
    said: list[str] = []
    network = sn.load(
        source,
        dtype=dtype,
        input_names=inputs,
        output_names=outputs,
        input_scaling=given.get("input_scaling"),
        output_scaling=given.get("output_scaling"),
        report=lambda comparison: said.append(str(comparison)),
    )
    network.save(model)
    if not quiet:
        say(f"{source}: {said[0] if said else repr(network)}")

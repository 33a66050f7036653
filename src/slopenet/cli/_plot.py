"""``slopenet plot``: a picture of a model, its curves with their tangents, or its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from slopenet.cli import _options as options
from slopenet.cli._tables import form_options, require_output, title

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slopenet.tables import Form, Samples

PICTURES = (".png", ".pdf", ".svg")


@click.command(
    epilog=options.examples(
        "slopenet plot profile steam.safetensors",
        "slopenet plot profile steam.safetensors steam.csv --at T=700,p=5 -o profile.png",
        "slopenet plot parity steam.safetensors steam.csv",
    )
)
@click.argument("kind", type=click.Choice(["profile", "parity"]))
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.TABLE, required=False)
@click.option(
    "--at",
    type=options.point,
    metavar="NAME=NUMBER,...",
    help="Point of a profile. Default: the median of each input in the training data.",
)
@click.option("--inputs", type=options.names, help="Inputs to draw. Default: the first six.")
@click.option("--outputs", type=options.names, help="Outputs to draw. Default: the first six.")
@click.option(
    *("-o", "--output"),
    type=options.OUTPUT_FILE,
    help="Picture to write: .png, .pdf or .svg. Default: the name of MODEL, -profile.png or"
    " -parity.png, in this folder.",
)
@form_options
def plot(
    *,
    kind: str,
    model: Path,
    data: Path | None,
    at: dict[str, str] | None,
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    output: Path | None,
    form: Form,
) -> None:
    """Draw MODEL: its curves through one point, or its errors.

    A profile has a curve for each output along each input, with the exact tangent at the point.
    The range of the training data is shaded, and rows of DATA near the curve are drawn. A parity
    plot has the predicted values and slopes against those of DATA.
    """
    from pathlib import Path

    from slopenet.cli._console import say
    from slopenet.cli._names import load_any_model
    from slopenet.io.files import replacing
    from slopenet.tables import column_names, open_table, refuse_same_file, samples_of

    if kind == "parity" and (data is None or at is not None):
        raise click.UsageError("a parity plot needs DATA, and takes no --at.")
    output = output or Path(f"{model.stem}-{kind}.png")
    if output.suffix.lower() not in PICTURES:
        raise click.UsageError(f"{output} must end in .png, .pdf or .svg.")
    require_output(output)
    network = load_any_model(model)
    names = column_names(network)
    samples = None
    if data is not None:
        refuse_same_file(output, data)
        with open_table(data, form) as table:
            samples = samples_of(table, *names, strict=False)
    chosen = {"inputs": inputs, "outputs": outputs}
    if kind == "profile":
        figure, said = _profile(network, _point(at, names[0]), samples, chosen)
    else:
        from slopenet.plot import parity_of_all

        figure = parity_of_all(network, *samples[:3] if samples else (), **chosen)
        said = "predicted against true, with relative RMS errors"
    with replacing(output) as file:
        figure.savefig(file, format=output.suffix[1:].lower())
    near = f" and rows of {title(data)}" if data is not None and kind == "profile" else ""
    say(f"Wrote {output}: {said}{near}.")


def _profile(
    network: Any,
    at: Any,
    samples: Samples | None,
    chosen: dict[str, Sequence[str] | None],
) -> tuple[Any, str]:
    """Return the figure of a profile, and what it shows."""
    from slopenet.plot import profile
    from slopenet.validate.headings import split_unit

    figure = profile(network, at, None if samples is None else samples[:3], **chosen)
    axes = figure.axes
    labels = [ax.get_ylabel() for ax in axes], [ax.get_xlabel() for ax in axes]
    down, across = (", ".join(split_unit(each)[0] for each in some if each) for some in labels)
    where = " ".join(figure.legends[0].get_title().get_text().split()).removeprefix("At ")
    return figure, f"{down} along {across}, with tangents at {where}"


def _point(at: dict[str, str] | None, inputs: Sequence[str]) -> Any:
    """Return the point of --at: numbers by name, or all inputs where words are coded."""
    from slopenet.cli._names import vector
    from slopenet.validate.headings import split_unit

    if at is None:
        return None
    plain = {name: split_unit(name)[0] for name in inputs}
    if set(at) <= {*plain, *plain.values()}:
        real = options.real()
        try:
            return {name: real(number) for name, number in at.items()}
        except click.BadParameter as error:
            raise click.BadParameter(error.message, param_hint="'--at'") from None
    return vector(at, inputs, "--at")

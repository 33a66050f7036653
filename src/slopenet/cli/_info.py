"""``slopenet info``: what is in a model file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog=options.examples(
        "slopenet info steam.safetensors",
    )
)
@click.argument("model", type=options.INPUT_FILE)
def info(model: Path) -> None:
    """Print the layers, the column names and the size of MODEL."""
    from rich.table import Table

    from slopenet.cli._console import say, show
    from slopenet.cli._names import load_model
    from slopenet.tables import column_names

    network = load_model(model)
    inputs, outputs = column_names(network)
    unnamed = "" if network.input_names and network.output_names else " (the model has no names)"
    say(f"{model}: {'-'.join(map(str, network.sizes))} network, {network.dtype}")
    say(f"inputs   {', '.join(inputs)}{unnamed}")
    say(f"outputs  {', '.join(outputs)}")

    table = Table()
    for title in ("layer", "units", "activation", "parameters", "largest |W|", "largest |b|"):
        table.add_column(title, justify="left" if title == "activation" else "right")
    table.add_row("1", str(network.sizes[0]), "input")
    layers = zip(network.weights, network.biases, network.activations, strict=True)
    for layer, (W, b, activation) in enumerate(layers, start=2):
        table.add_row(
            *(str(layer), str(len(b)), _activation_text(activation), f"{W.size + b.size:,}"),
            *(f"{abs(W).max():.3g}", f"{abs(b).max():.3g}"),
        )
    show(table)
    say(f"{network.n_parameters:,} parameters in {model.stat().st_size:,} bytes")


def _activation_text(activation: str | tuple[object, ...]) -> str:
    """Return the name of an activation, with its parameters if it has any."""
    if isinstance(activation, str):
        return activation
    name, *parameters = activation
    numbers = ", ".join(f"{parameter}" for parameter in parameters)
    return f"{name}({numbers})" if numbers else f"{name}"

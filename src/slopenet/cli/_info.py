"""``slopenet info``: a model file, or the installed package."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options

if TYPE_CHECKING:
    from pathlib import Path

    from slopenet import Network
    from slopenet.activations import LayerActivation


@click.command(
    epilog=options.examples(
        "slopenet info",
        "slopenet info steam.safetensors",
    )
)
@click.argument("model", type=options.INPUT_FILE, required=False)
def info(model: Path | None) -> None:
    """Print the columns, the layers and the training of MODEL.

    Without MODEL, print the version of slopenet, the instruction set and the number of threads that
    it uses, and the versions of Python and NumPy.
    """
    if model is None:
        _print_installation()
    else:
        _print_model(model)


def _print_installation() -> None:
    import numpy as np

    import slopenet as sn
    from slopenet.cli._console import say

    say(f"slopenet         {sn.__version__}")
    say(f"instruction set  {sn.instruction_set()}")
    say(f"threads          {sn.get_num_threads()}")
    say(f"Python           {platform.python_version()}")
    say(f"NumPy            {np.__version__}")


def _print_model(model: Path) -> None:
    from slopenet import Ensemble
    from slopenet.cli._card import print_card
    from slopenet.cli._console import say
    from slopenet.cli._names import load_any_model

    found = load_any_model(model)
    networks = found.networks if isinstance(found, Ensemble) else (found,)
    network = networks[0]
    shape = f"{'-'.join(map(str, network.sizes))} network, {network.dtype}"
    which = f"ensemble of {len(networks)} networks, the first a " if found is not network else ""
    say(f"{model}: {which}{shape}")
    _print_names(network)
    if network.card is not None:
        print_card(network, network.card)
    _print_layers(network)
    parameters = sum(each.n_parameters for each in networks)
    say(f"{parameters:,} parameters in {model.stat().st_size:,} bytes")


def _print_names(network: Network) -> None:
    from slopenet.cli._console import say
    from slopenet.tables import column_names

    inputs, outputs = column_names(network)
    unnamed = "" if network.input_names and network.output_names else " (the model has no names)"
    say(f"inputs   {', '.join(inputs)}{unnamed}")
    say(f"outputs  {', '.join(outputs)}")


def _print_layers(network: Network) -> None:
    from rich.table import Table

    from slopenet.cli._console import show

    table = Table()
    for title in ("layer", "units", "activation", "parameters", "largest |W|", "largest |b|"):
        table.add_column(title, justify="left" if title == "activation" else "right")
    table.add_row("1", str(network.sizes[0]), "input")
    layers = zip(*network.chain(), strict=True)
    for layer, (W, b, activation) in enumerate(layers, start=2):
        table.add_row(
            *(str(layer), str(len(b)), _activation_text(activation), f"{W.size + b.size:,}"),
            *(f"{abs(W).max():.3g}", f"{abs(b).max():.3g}"),
        )
    show(table)


def _activation_text(activation: LayerActivation) -> str:
    """Return the name of an activation, with its parameter if it has one, or those of runs."""
    from slopenet.activations import Runs

    if isinstance(activation, Runs):
        return ", ".join(f"{count} {_activation_text(each)}" for each, count in activation)
    written = activation.written()
    return written if isinstance(written, str) else f"{written[0]}({written[1]})"

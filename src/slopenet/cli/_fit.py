"""``slopenet fit``: a model file from a table."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from slopenet.cli import _options as options
from slopenet.cli._program import INTERRUPTED
from slopenet.cli._settings import setting_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from slopenet.tables import Samples

MOST_PARAMETERS = 20_000_000
TERMINATED = 128 + signal.SIGTERM


@click.command(
    epilog=options.examples(
        "slopenet fit steam.csv --inputs T,p --outputs rho,h -o steam.safetensors",
    )
)
@click.argument("data", type=options.INPUT_FILE)
@click.option("--inputs", required=True, type=options.names, help="Input columns, like T,p.")
@click.option("--outputs", required=True, type=options.names, help="Output columns, like rho,h.")
@click.option(
    "--slopes",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="auto: learn from every slope column that DATA has of these, like drho/dT;"
    " an empty cell there is a missing slope. none: learn from values alone.",
)
@setting_options
@click.option(
    "--validation",
    type=options.fraction,
    default="0.1",
    show_default=True,
    help="Share of the rows that is held out to decide when to stop; 0 for none.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Same seed, same data: same model.",
)
@click.option(
    *("-o", "--output"),
    required=True,
    type=options.OUTPUT_FILE,
    help="Model file to write, like model.safetensors.",
)
@click.option(
    "--config",
    type=options.INPUT_FILE,
    is_eager=True,
    expose_value=False,
    callback=options.read_config,
    help='TOML file of options by their long names, like method = "lm"; the command line comes'
    " before it.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def fit(  # noqa: PLR0917 (click passes them by name)
    data: Path,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    slopes: str,
    validation: float,
    seed: int,
    output: Path,
    quiet: bool,
    **settings: Any,
) -> None:
    """Fit a network to the rows of DATA, a CSV or Parquet file.

    Slopes are learned from where DATA has them. Values and slopes are given in their own units: the
    model needs no scaling before it is used.
    """
    import numpy as np

    import slopenet as sn
    from slopenet.cli._console import print_errors, say
    from slopenet.progress import Progress
    from slopenet.tables import read_samples, refuse_same_file

    _refuse_overlap(inputs, outputs)
    _refuse_excess((len(inputs), *(settings["hidden"] or ()), len(outputs)))
    options.require_output(output)
    refuse_same_file(output, data)

    samples = read_samples(data, inputs, outputs, slopes=slopes == "auto")
    learned, held_out = _split(samples, validation, seed)
    with Progress(quiet=quiet) as progress, _stoppable():
        try:
            result = sn.fit(
                *learned[:3],
                validation=held_out and held_out[: 2 if held_out.dydx is None else 3],
                rng=seed,
                input_names=inputs,
                output_names=outputs,
                callback=progress,
                **{name: value for name, value in settings.items() if value is not None},
            )
        except sn.Interrupted as stopped:
            stopped.fit.network.save(output)
            click.echo(f"Interrupted; {output} has the best network so far.", err=True)
            sys.exit(TERMINATED if "SIGTERM" in stopped.args else INTERRUPTED)
    result.network.save(output)
    if not quiet:
        say(f"{result.reason.rstrip('.')}.")
        if samples.dydx is not None:
            known, size = np.count_nonzero(~np.isnan(samples.dydx)), samples.dydx.size
            say(f"{data} has {known} of its {size} slopes.")
        if result.errors is not None:
            say(f"{result.errors.verdict}.")
        print_errors(result.network, {"{rows} learned from": learned, "other {rows}": held_out})
        say(f"Wrote {output}.")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Leave SIGTERM to `slopenet.fit`, which keeps the best network so far."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse_overlap(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    if both := set(inputs) & set(outputs):
        raise click.UsageError(f"{', '.join(sorted(both))} cannot be both input and output.")


def _refuse_excess(sizes: Sequence[int]) -> None:
    n_parameters = sum(n * (m + 1) for m, n in pairwise(sizes))
    if n_parameters > MOST_PARAMETERS:
        shape = "-".join(map(str, sizes))
        raise click.UsageError(
            f"a {shape} network has {n_parameters:,} parameters; the most is {MOST_PARAMETERS:,}."
        )


def _split(samples: Samples, fraction: float, seed: int) -> tuple[Samples, Samples | None]:
    """Set a random part of the rows aside; None if the part is 0."""
    import numpy as np

    rows = len(samples.X)
    if not fraction:
        return samples, None
    aside = round(rows * fraction)
    if not 0 < aside < rows:
        raise click.UsageError(
            f"--validation {fraction:g} holds out {aside} of {rows} rows; at least one must be held"
            " out and one be left. 0 holds out none."
        )
    order = np.random.default_rng(seed).permutation(rows)
    return samples.rows(order[aside:]), samples.rows(order[:aside])

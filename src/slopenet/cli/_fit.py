"""``slopenet fit``: a model file from a table."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from _slopenet_command.terminal import say
from slopenet.cli import _options as options
from slopenet.cli._config import read_config
from slopenet.cli._program import INTERRUPTED
from slopenet.cli._settings import setting_options
from slopenet.cli._tables import form_options, require_model_output, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from slopenet import Fit
    from slopenet.evaluate.errors import Errors
    from slopenet.tables import Form, Samples, Slopes
    from slopenet.training.quality import FitErrors

MOST_PARAMETERS = 20_000_000
TERMINATED = 128 + signal.SIGTERM


@click.command(
    epilog=options.examples(
        "slopenet fit steam.csv --inputs T,p --outputs rho,h -o steam.safetensors",
    )
)
@click.argument("data", type=options.TABLE)
@click.option("--inputs", required=True, type=options.names, help="Input columns, like T,p.")
@click.option("--outputs", required=True, type=options.names, help="Output columns, like rho,h.")
@click.option(
    "--slopes",
    type=options.slopes,
    default="auto",
    show_default=True,
    metavar="auto|none|OUTPUT:INPUT=COLUMN,...",
    help="auto: learn from every slope column that DATA has of these, like drho/dT;"
    " an empty cell there is a missing slope. none: learn from values alone. A list like"
    " rho:T=rho_T,rho:p=rho_p names further slope columns.",
)
@click.option(
    "--categories",
    type=options.names,
    help="Inputs that are columns of words, like soil: each word becomes an input soil=sand.",
)
@form_options
@setting_options
@click.option(
    "--validation",
    type=options.real(above=0, below=1),
    help="Share of the rows that is held out to decide when to stop. Unless given, a tenth of"
    " many rows where l2 is not found from the data.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Same seed, same data: same model.",
)
@click.option(
    "--cv",
    type=click.IntRange(min=2),
    metavar="K",
    help="Cross-validate: fit K more networks, each without one of K parts of the rows, and print"
    " their errors on these.",
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
    callback=read_config,
    help='TOML file of options by their long names, like method = "lm"; the command line comes'
    ' before it. Slope columns may be a table [slopes] of lines like "rho:T" = "rho_T".',
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def fit(
    *,
    data: Path,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    slopes: Slopes,
    categories: tuple[str, ...] | None,
    form: Form,
    validation: float | None,
    seed: int,
    cv: int | None,
    output: Path,
    quiet: bool,
    **settings: Any,
) -> None:
    """Fit a network to the rows of DATA, a CSV, Parquet or Excel file.

    Slopes are learned from where DATA has them. Values and slopes are given in their own units: the
    model needs no scaling before it is used. Columns are found with or without their units: T is
    the column "T [K]" too. A table on standard input is given as -.
    """
    import slopenet as sn
    from slopenet.cli._folds import print_cross_validation
    from slopenet.progress import Progress
    from slopenet.tables import refuse_same_file

    categories = categories or ()
    _refuse_overlap(inputs, outputs, categories)
    refuse_same_file(output, data)
    require_model_output(output)
    samples = _read(data, inputs, outputs, slopes=slopes, categories=categories, form=form)
    _refuse_excess((len(samples.inputs), *(settings["hidden"] or ()), len(outputs)))
    if cv is not None and cv > len(samples.X):
        raise click.UsageError(f"--cv {cv} needs {cv} rows; there are {len(samples.X)}.")

    settings = {name: value for name, value in settings.items() if value is not None}
    settings |= {"input_names": samples.inputs, "output_names": samples.outputs, "rng": seed}
    settings |= {"validation": validation}
    with Progress(quiet=quiet) as progress, _stoppable():
        try:
            result = sn.fit(*samples[:3], callback=progress, **settings)
        except sn.Interrupted as stopped:
            _save(stopped.fit, settings, output)
            say(f"Interrupted; {output} has the best network so far.", err=True)
            sys.exit(TERMINATED if "SIGTERM" in stopped.args else INTERRUPTED)
    _save(result, settings, output)
    if not quiet:
        _report(data, samples, result)
        say(f"Wrote {output}.")
    if cv is not None:
        with Progress(quiet=quiet) as progress:
            print_cross_validation(samples, cv, settings | {"callback": progress})


def _read(data: Path, inputs: Sequence[str], outputs: Sequence[str], **how: Any) -> Samples:
    """Read the samples; the error for words among the inputs names the cure."""
    from slopenet.tables import TextColumnError, has_columns, read_samples

    try:
        return read_samples(data, inputs, outputs, **how)
    except TextColumnError as error:
        name = next((name for name in inputs if has_columns([error.column], [name])), None)
        if name is None:
            raise
        message = f"{error}; if it is a column of words, --categories {name} codes it."
        raise click.UsageError(message) from None


def _save(result: Fit, settings: dict[str, Any], output: Path) -> None:
    """Write the best network, or all of an ensemble."""
    (result.ensemble if "ensemble" in settings else result.network).save(output)


def _report(data: Path, samples: Samples, result: Fit) -> None:
    """Print the method, the slopes, the unused columns and the errors."""
    import numpy as np

    from slopenet.cli._console import listed, print_errors
    from slopenet.evaluate.errors import relative_errors

    say(f"{result.reason.rstrip('.')}.")
    if samples.dydx is None:
        say("Learned from values alone.")
    else:
        gaps = len(samples.slopes) * len(samples.X) - np.count_nonzero(~np.isnan(samples.dydx))
        missing = f"; {gaps} of their values {'is' if gaps == 1 else 'are'} missing" if gaps else ""
        say(f"Slopes in {title(data)}: {listed(samples.slopes)}{missing}.")
    if samples.unused:
        say(f"Not used: {listed(samples.unused)}.")
    columns: dict[str, Errors | FitErrors] = {}
    if result.errors is not None:
        say(f"{result.errors.verdict}.")
        if result.errors.rows != "learned from":
            columns[f"rows {result.errors.rows}"] = result.errors
    columns[f"all {len(samples.X)} rows"] = relative_errors(result.network, *samples[:3])
    print_errors(result.network, columns)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Leave SIGTERM to `slopenet.fit`, which keeps the best network so far."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse_overlap(
    inputs: Sequence[str], outputs: Sequence[str], categories: Sequence[str]
) -> None:
    if both := set(inputs) & set(outputs):
        raise click.UsageError(f"{', '.join(sorted(both))} cannot be both input and output.")
    if strange := set(categories) - set(inputs):
        raise click.UsageError(f"--categories has {', '.join(strange)}, not one of --inputs.")


def _refuse_excess(sizes: Sequence[int]) -> None:
    n_parameters = sum(n * (m + 1) for m, n in pairwise(sizes))
    if n_parameters > MOST_PARAMETERS:
        shape = "-".join(map(str, sizes))
        raise click.UsageError(
            f"a {shape} network has {n_parameters:,} parameters; the most is {MOST_PARAMETERS:,}."
        )

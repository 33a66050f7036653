"""``slopenet predict``: values and slopes of every row of a table, or of a data set of any size."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from slopenet.cli import _options as options
from slopenet.cli._tables import form_options, require_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from rich.progress import Progress

    from slopenet import Ensemble, Network
    from slopenet.cli._card import Outside
    from slopenet.cli._undefined import Undefined
    from slopenet.tables import Form

PART_ROWS = 1 << 20


@click.command(
    epilog=options.examples(
        "slopenet predict steam.safetensors new.csv -o predictions.csv",
        "slopenet predict steam.safetensors --at T=700,p=5",
        "slopenet predict steam.safetensors states/ -o predictions/",
    )
)
@click.argument("model", type=options.INPUT_FILE)
@click.argument("data", type=options.TABLE_OR_FOLDER, required=False)
@click.option(
    "--at",
    type=options.point,
    metavar="NAME=NUMBER,...",
    help="Values of the inputs, instead of DATA.",
)
@click.option(
    *("-o", "--output"),
    type=options.OUTPUT_FILE_OR_FOLDER,
    help="Table to write: .csv or .parquet. Default: CSV on standard output.",
)
@click.option("--no-slopes", is_flag=True, help="Write values only.")
@click.option(
    "--spread",
    is_flag=True,
    help="Add the standard deviations over the networks of an ensemble: rho_spread and so on.",
)
@click.option(
    "--outside",
    type=click.Choice(["warn", "error", "ignore"]),
    default="warn",
    show_default=True,
    help="Rows outside the ranges of the training data: count them on stderr, refuse them, or"
    " predict them in silence.",
)
@click.option(
    "--part-rows",
    type=click.IntRange(1),
    help="Write a folder of Parquet files with this number of rows each. Default for a folder as"
    f" DATA: {PART_ROWS} rows.",
)
@form_options
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the table.")
def predict(
    *,
    model: Path,
    data: Path | None,
    at: dict[str, str] | None,
    output: Path | None,
    no_slopes: bool,
    spread: bool,
    outside: str,
    part_rows: int | None,
    form: Form,
    quiet: bool,
) -> None:
    """Write the values and slopes of MODEL at every row of DATA.

    The table has the columns of the inputs, the outputs and the slopes, such as T, p, rho, h,
    drho/dT, drho/dp, dh/dT, dh/dp. DATA needs the input columns only; a model without names
    takes x1, x2, ... and gives y1, y2, ... A heading may have a unit, as in "T [K]". A table on
    standard input is given as -, and one row without a table by --at. For an ensemble the results
    are means over its networks.

    DATA may be a folder of Parquet files, of any size: memory does not grow with the rows. Each
    output file is written completely or not at all. The same command resumes a killed run, and
    refuses a folder that belongs to another model, DATA or choice of columns.
    """
    from slopenet.cli._card import Outside
    from slopenet.cli._console import rows_of, say
    from slopenet.cli._names import load_any_model, vector
    from slopenet.cli._undefined import Undefined
    from slopenet.progress import bar as progress_bar
    from slopenet.tables import column_names, prediction_names, refuse_same_file

    if (data is None) == (at is None):
        raise click.UsageError("give either DATA or --at.")
    parts = data is not None and (data.is_dir() or part_rows is not None)
    if output is None and parts:
        raise click.UsageError("a data set is written to a folder; name one with -o.")
    if output is None and sys.stdout is None:
        raise click.UsageError("standard output is closed; give a file with -o.")
    if output is not None:
        require_output(output, folder=parts)
        for source in (model, data):
            if source is not None:
                refuse_same_file(output, source)
    network = load_any_model(model)
    _require_knowledge(network, model, spread=spread, outside=outside)
    inputs, outputs = column_names(network)
    names = prediction_names(inputs, outputs, slopes=not no_slopes, spread=spread)
    seen = Outside(network, outside)
    undefined = Undefined()
    table = _Table(network, slopes=not no_slopes, spread=spread, seen=seen, undefined=undefined)
    with progress_bar(quiet=quiet) as bar:
        if output is not None and data is not None and parts:
            most = PART_ROWS if part_rows is None else part_rows
            said = _write_parts(table, model, data, output, names, part_rows=most, bar=bar)
        else:
            if data is not None:
                rows, blocks = _read(data, form, inputs, len(names))
            else:
                rows, blocks = 1, [vector(at or {}, inputs, "--at")[None]]
            bar.add_task("Predicting", total=rows)
            _write(output, names, table.of(blocks, bar))
            said = f"Wrote {rows_of(rows)} of {len(names)} columns to {output}."
    if output and not quiet:
        say(said)
    if not quiet:
        _warn(seen.report, undefined.report)


def _warn(*reports: str) -> None:
    from _slopenet_command import terminal

    for report in filter(None, reports):
        terminal.say(f"Warning: {report}", err=True)


def _require_knowledge(
    network: Network | Ensemble, model: Path, *, spread: bool, outside: str
) -> None:
    from slopenet import Network

    if spread and isinstance(network, Network):
        raise click.UsageError(f"--spread needs an ensemble; {model} is a single network.")
    if outside == "error" and network.card is None:
        raise click.UsageError(f"{model} does not know the ranges of its training data.")


def _write(
    output: Path | None, names: Sequence[str], blocks: Iterable[NDArray[np.float64]]
) -> None:
    """Write the table; escapes among its names do nothing on a terminal."""
    from _slopenet_command.terminal import printable
    from slopenet.tables import write_table

    on_screen = output is None and sys.stdout.isatty()
    headings = [printable(name) for name in names] if on_screen else names
    write_table(output or sys.stdout.buffer, headings, blocks)


def _read(
    data: Path, form: Form, inputs: Sequence[str], columns: int
) -> tuple[int, Iterable[NDArray[np.float64]]]:
    """Return the number of rows of a table, and the rows in blocks; Parquet is read lazily."""
    from slopenet.evaluate.errors import block_rows, row_blocks
    from slopenet.tables import is_parquet, read_columns, runs, sources

    if not is_parquet(data):
        X = read_columns(data, inputs, form)
        return len(X), (X[rows] for rows in row_blocks(len(X), columns))
    found = sources(data, inputs)
    (run,) = runs(found, found[0].rows)
    return len(run), run.blocks(inputs, block_rows(columns))


@dataclass(frozen=True)
class _Table:
    """The table of predictions, and the rows on the way that are outside or have no values."""

    network: Network | Ensemble
    slopes: bool
    spread: bool
    seen: Outside
    undefined: Undefined

    def of(
        self, blocks: Iterable[NDArray[np.float64]], bar: Progress, start: int = 0
    ) -> Iterator[NDArray[np.float64]]:
        """Yield the table in blocks; `start` is the number of the first row."""
        from slopenet.tables import predict_rows

        for X in blocks:
            self.seen.see(X)
            predicted = predict_rows(self.network, X, slopes=self.slopes, spread=self.spread)
            self.undefined.see(predicted, start)
            start += len(X)
            yield predicted
            bar.advance(bar.task_ids[0], len(X))


def _write_parts(
    predicted: _Table,
    model: Path,
    data: Path,
    output: Path,
    names: Sequence[str],
    *,
    part_rows: int,
    bar: Progress,
) -> str:
    """Write the missing parts and return a summary."""
    from slopenet.evaluate.errors import block_rows
    from slopenet.tables import runs, sources, write_parts

    inputs = names[: predicted.network.sizes[0]]
    found = sources(data, inputs)
    pieces = runs(found, part_rows)
    sizes = [len(piece) for piece in pieces]
    base = data if data.is_dir() else data.parent
    belongs = {
        "model": hashlib.sha256(model.read_bytes()).hexdigest(),
        "columns": list(names),
        "rows of a part": part_rows,
        "data": [[str(path.relative_to(base)), *known] for path, *known in found],
    }
    rows = sum(sizes)
    task = bar.add_task("Predicting", total=rows)
    kept = 0

    def table(number: int) -> Iterator[NDArray[np.float64]]:
        blocks = pieces[number].blocks(inputs, block_rows(len(names)))
        return predicted.of(blocks, bar, sum(sizes[:number]))

    for number, was_there in write_parts(output, names, sizes, belongs, table):
        if was_there:
            kept += 1
            bar.advance(task, sizes[number])
    there = f", {kept} of which were there" if kept else ""
    files = "1 file" if len(sizes) == 1 else f"{len(sizes)} files"
    return f"{output} has {rows} rows of {len(names)} columns in {files}{there}."

"""Files that are read and written: the form of a table, and outputs that may not be written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from slopenet.io.files import require_writable

_OPTIONS = (
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        help="Decimal mark of the numbers in DATA. Default: the point.",
    ),
    click.option(
        "--skip-rows",
        type=click.IntRange(min=0),
        default=0,
        help="Number of lines above the header of DATA.",
    ),
    click.option(
        "--comment",
        default="",
        metavar="CHAR",
        help="Skip lines of DATA that begin with this, like #.",
    ),
)


def form_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for the form of a table; the command gets it as `form`."""

    @functools.wraps(command)
    def with_form(*args: Any, decimal: str, skip_rows: int, comment: str, **given: Any) -> Any:
        from slopenet.tables import Form

        return command(*args, form=Form(decimal, skip_rows, comment), **given)

    for add in reversed(_OPTIONS):
        add(with_form)
    return with_form


def title(data: Path) -> str:
    """Return the name of a table in messages."""
    return "standard input" if str(data) == "-" else str(data)


def require_output(path: Path, *, folder: bool = False) -> None:
    """Raise UsageError or OSError, before any long work, if the output cannot be written."""
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"{path} cannot be written: there is no folder {path.parent}.")
    if folder and path.suffix.lower() in {".csv", ".txt"}:
        raise click.UsageError(f"{path} is the name of a table, not of a folder of Parquet files.")
    if folder and path.exists() and not path.is_dir():
        raise click.UsageError(f"{path} is a file; a data set is written to a folder.")
    if path.is_dir() and not folder:
        raise click.UsageError(f"{path} is a directory; a table is written to a file.")
    require_writable(path / "part" if path.is_dir() else path)


def require_model_output(path: Path) -> None:
    """Raise UsageError or OSError if a model cannot be written, or would replace another file."""
    from slopenet.tables import is_model

    require_output(path)
    if path.is_file() and path.stat().st_size and not is_model(path):
        raise click.UsageError(
            f"{path} exists and is not a model; remove it first, or write to another file."
        )

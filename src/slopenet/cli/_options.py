"""The types of the options: lists of names, widths, a point, and numbers within sound limits."""

import csv
import math
import tomllib
from collections.abc import Callable
from pathlib import Path

import click

from slopenet.io.files import require_writable

WIDEST = 65_536

INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
INPUT_FILE_OR_FOLDER = click.Path(exists=True, path_type=Path)
OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)
OUTPUT_FILE_OR_FOLDER = click.Path(path_type=Path)


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy, their lines left as they are."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(("\b", title, *(f"  {line}" for line in lines)))


def names(text: str) -> tuple[str, ...]:
    """Return the column names between the commas; one with a comma is quoted."""
    try:
        fields = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise click.BadParameter(f"{text!r} has a quotation mark left open.") from None
    found = tuple(field.strip() for field in fields)
    if not found or not all(found):
        raise click.BadParameter(f"{text!r} is not a list of column names like T,p.")
    if len(set(found)) < len(found):
        raise click.BadParameter(f"{text!r} has the same name twice.")
    return found


def widths(text: str) -> tuple[int, ...]:
    """Return the widths of the hidden layers between the commas."""
    try:
        found = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of whole numbers like 64,64.") from None
    for width in found:
        if not 1 <= width <= WIDEST:
            raise click.BadParameter(f"a layer has 1 to {WIDEST} units, not {width}.")
    return found


def activation(text: str) -> str | tuple[str, float]:
    """Return the name of an activation, with the number behind the colon if there is one."""
    name, colon, parameter = text.partition(":")
    return (name, real()(parameter)) if colon else name


def real(
    *, least: float = -math.inf, above: float = -math.inf, below: float = math.inf
) -> Callable[[str], float]:
    """Return a reader of finite numbers within limits: x ≥ least, x > above, x < below."""

    def number(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            raise click.BadParameter(f"{text!r} is not a number.") from None
        if not math.isfinite(found):
            raise click.BadParameter(f"{text!r} is not a finite number.")
        if found < least:
            raise click.BadParameter(f"it must be at least {least:g}, not {text}.")
        if found <= above:
            raise click.BadParameter(f"it must be greater than {above:g}, not {text}.")
        if found >= below:
            raise click.BadParameter(f"it must be less than {below:g}, not {text}.")
        return found

    return number


def fraction(text: str) -> float:
    """Return a number from 0 up to, and without, 1."""
    found = real(least=0)(text)
    if found >= 1:
        raise click.BadParameter(f"it is a part of the rows and must be below 1, not {text}.")
    return found


def point(text: str) -> dict[str, float]:
    """Return the named numbers of a text like T=700,p=5."""
    found: dict[str, float] = {}
    for item in names(text):
        name, equals, number = (part.strip() for part in item.rpartition("="))
        if not equals or not name:
            raise click.BadParameter(f"{item!r} is not of the form name=number.")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice.")
        found[name] = real()(number)
    return found


def read_config(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Take the options of a TOML file as the command's defaults."""
    if path is None:
        return
    try:
        with path.open("rb") as file:
            given = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} is not a TOML file: {error}.") from None
    options = [option for option in context.command.params if isinstance(option, click.Option)]
    named = {flag.lstrip("-"): option for option in options for flag in option.opts}
    defaults: dict[str, object] = {}
    for name, value in given.items():
        option = named.get(name.replace("_", "-"))
        if option is None or option.name in (None, "config"):
            raise click.BadParameter(
                f"{path} has {name!r}, which is not an option of this command."
            )
        listed = isinstance(value, list)
        defaults[str(option.name)] = ",".join(map(str, value)) if listed else value
    context.default_map = {**(context.default_map or {}), **defaults}


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

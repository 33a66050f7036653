"""The types of the options: lists of names, widths, a point, and numbers within sound limits."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import click

WIDEST = 65_536

INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
TABLE_OR_FOLDER = click.Path(exists=True, allow_dash=True, path_type=Path)
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


def activation(text: str) -> str | tuple[str | float, ...]:
    """Return the name of an activation, with the numbers behind colons if there are any."""
    name, *parameters = text.split(":")
    return (name, *map(real(), parameters)) if parameters else name


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


def point(text: str) -> dict[str, str]:
    """Return the named values of a text like T=700,p=5, still as text."""
    found: dict[str, str] = {}
    for item in names(text):
        name, equals, value = (part.strip() for part in item.rpartition("="))
        if not equals or not name:
            raise click.BadParameter(f"{item!r} is not of the form name=number.")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice.")
        found[name] = value
    return found


def slopes(text: str) -> bool | dict[tuple[str, str], str]:
    """Return whether slopes are wanted, or the columns of slopes like rho:T=rho_T,rho:p=rho_p."""
    if text in {"auto", "none"}:
        return text == "auto"
    found: dict[tuple[str, str], str] = {}
    for item in names(text):
        pair, equals, column = (part.strip() for part in item.partition("="))
        output, colon, input_ = (part.strip() for part in pair.partition(":"))
        if not (equals and colon and output and input_ and column):
            raise click.BadParameter(
                f"{item!r} is not of the form output:input=column, nor auto or none."
            )
        found[output, input_] = column
    return found


def joined(words: Iterable[object]) -> str:
    """Return words as a list that `names` reads."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([str(word) for word in words])
    return line.getvalue()

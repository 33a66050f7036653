"""Code shared by the formats: the error of a table, its form, and the rules for its header."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slopenet.validate.headings import split_unit

LISTED_NAMES = 12
SEARCHED_NAMES = 1000
NO_WORDS: Mapping[str, dict[str, int]] = {}


class TableError(ValueError):
    """A file is not a usable table of numbers; the message is one sentence."""


class TextColumnError(TableError):
    """A column of words stands where numbers are wanted.

    Attributes
    ----------
    column : str
        Its heading.
    """

    def __init__(self, message: str, column: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True)
class Form:
    """How a table is written.

    Attributes
    ----------
    decimal : {".", ","}
        The decimal mark of its numbers.
    skip_rows : int
        The number of lines above the header.
    comment : str
        Lines that begin with it are skipped; empty for none.
    """

    decimal: str = "."
    skip_rows: int = 0
    comment: str = ""


def checked_header(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Return the column names; each name except the empty one occurs once.

    Raises
    ------
    TableError
        If two columns have the same name, or no column has a name.
    """
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name and first.setdefault(name, position) != position:
            raise TableError(
                f"{path}: columns {first[name]} and {position} are both named {shown(name)};"
                " rename one of them"
            )
    if not first:
        raise TableError(f"{path}: the first line names no columns")
    return tuple(names)


def column_positions(path: Path, names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the position of each wanted column.

    A name is found without the unit of the heading too: ``T`` in ``T [K]``, and ``T [K]`` in ``T``.

    Raises
    ------
    TableError
        If one is missing (the message lists the existing columns and the nearest name), has another
        unit than the wanted one, or may be one of several.
    """
    position = {name: i for i, name in enumerate(names)}
    return [
        position[name] if name and name in position else _by_unit(path, names, name)
        for name in wanted
    ]


def require_different(path: Path, columns: Sequence[str]) -> None:
    """Raise TableError if one column stands for several inputs or outputs."""
    if len(set(columns)) < len(columns):
        twice = next(name for i, name in enumerate(columns) if name in columns[:i])
        raise TableError(f"{path}: {shown(twice)} is wanted twice, as inputs or outputs")


def has_columns(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether a table has all wanted columns, with or without units."""
    plain = {split_unit(name)[0] for name in names}
    return all(name in names or split_unit(name)[0] in plain for name in wanted)


def _by_unit(path: Path, names: Sequence[str], wanted: str) -> int:
    """Return the position of the column of that name, with or without a unit."""
    plain, unit = split_unit(wanted)
    alike = {i: split_unit(name)[1] for i, name in enumerate(names) if split_unit(name)[0] == plain}
    if not alike or not plain:
        near = nearest(wanted, names[:SEARCHED_NAMES])
        hint = f" (did you mean {shown(near)}?)" if near else ""
        listed = ", ".join(shown(known) for known in names[:LISTED_NAMES])
        more = f" and {len(names) - LISTED_NAMES} more" if len(names) > LISTED_NAMES else ""
        if len(names) == 1:
            more = "; if the header is further down, --skip-rows skips the lines above it"
        raise TableError(
            f"{path} has no column {shown(wanted)}{hint}; its columns are {listed}{more}"
        )
    fitting = [i for i, other in alike.items() if other == unit]
    fitting = fitting or [i for i, other in alike.items() if not (other and unit)]
    if not fitting:
        found = " and ".join(shown(names[i]) for i in alike)
        raise TableError(f"{path} has {found} where {shown(wanted)} is wanted; convert the unit")
    if len(fitting) > 1:
        found = " or ".join(shown(names[i]) for i in fitting)
        raise TableError(f"{path}: {shown(wanted)} may be {found}; give the name with its unit")
    return fitting[0]


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name closest to a misspelled `name`; upper and lower case count least."""
    plain = {bare(other): other for other in known}
    if bare(name) in plain:
        return plain[bare(name)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return near[0] if near else None


def bare(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return "".join(filter(str.isalnum, name.casefold()))


def shown(text: str) -> str:
    """Return text in quotes, on one line, shortened for an error message."""
    return repr(text if len(text) <= 40 else text[:37] + "...")

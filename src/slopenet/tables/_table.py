"""Code shared by the formats: the error of a table, and the rules for its header."""

import difflib
from collections.abc import Sequence
from pathlib import Path

LISTED_NAMES = 12
SEARCHED_NAMES = 1000


class TableError(ValueError):
    """A file is not a usable table of numbers; the message is one sentence."""


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

    Raises
    ------
    TableError
        If one is missing; the message lists the existing columns and the nearest name.
    """
    position = {name: i for i, name in enumerate(names)}
    for name in wanted:
        if not name or name not in position:
            near = nearest(name, names[:SEARCHED_NAMES])
            hint = f" (did you mean {shown(near)}?)" if near else ""
            listed = ", ".join(shown(known) for known in names[:LISTED_NAMES])
            more = f" and {len(names) - LISTED_NAMES} more" if len(names) > LISTED_NAMES else ""
            raise TableError(
                f"{path} has no column {shown(name)}{hint}; its columns are {listed}{more}"
            )
    return [position[name] for name in wanted]


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

"""Find the slope columns of a table, and those that only look like one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from slopenet.validate.headings import slope_key, slope_name, split_unit

from ._table import LISTED_NAMES, TableError, bare, column_positions, nearest, shown

Slopes = bool | Mapping[tuple[str, str], str]
# Words of a heading that stand for a derivative, or between its two names.
_GRADIENT = {"grad", "gradient", "slope", "slopes", "deriv", "derivative", "partial"}
_FILLERS = {*_GRADIENT, "d", "by", "wrt", "per", "of", "over", "delta", "δ"}


def slope_columns(
    path: Path,
    names: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    slopes: Slopes = True,
) -> dict[str, tuple[str, str]]:
    """Return output and input of each slope column, by heading, in the order of the table.

    Parameters
    ----------
    path
        The table in error messages.
    names
        All its headings.
    inputs, outputs
        The headings of inputs and outputs.
    slopes
        True: headings such as ``drho/dT``, in the spellings of
        `slopenet.validate.headings.slope_key`. A mapping from (output, input) adds columns with any
        heading.

    Raises
    ------
    TableError
        If two columns are the same slope, or the mapping names something that is not there.
    """
    found: dict[tuple[str, str], str] = {}
    if isinstance(slopes, Mapping):
        for (output, input_), column in slopes.items():
            pair = _component("output", output, outputs), _component("input", input_, inputs)
            found[pair] = names[column_positions(path, names, [column])[0]]
    taken, mapped = {*inputs, *outputs, *found.values()}, set(found)
    pairs = _pairs(inputs, outputs) if slopes is not False else {}
    for name in names:
        if name[:1] not in {"d", "∂"} or name in taken:
            continue
        named = pairs.get(name) or pairs.get(slope_key(name))
        if named is None or named in mapped:
            continue
        if named in found:
            raise TableError(
                f"{path}: columns {shown(found[named])} and {shown(name)} are the same slope;"
                " rename one of them"
            )
        found[named] = name
    of = {name: pair for pair, name in found.items()}
    return {name: of[name] for name in names if name in of}


def _pairs(inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return output and input of each slope, by its name and, where that is unique, by its key."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for k in outputs:
        for i in inputs:
            for name in {slope_name(k, i), f"d{k}/d{i}", slope_key(slope_name(k, i))}:
                pairs[name].append((k, i))
    return {name: of[0] for name, of in pairs.items() if len(of) == 1}


def _component(what: str, wanted: str, names: Sequence[str]) -> str:
    """Return the output or input that a mapping of slopes names, with or without its unit."""
    found = next((name for name in names if wanted in {name, split_unit(name)[0]}), None)
    if found is None:
        raise TableError(
            f"the slopes name {shown(wanted)}, which is not an {what}; the {what}s are"
            f" {', '.join(map(shown, names))}"
        )
    return found


def lookalikes(
    names: Sequence[str],
    unused: Iterable[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    known: Iterable[tuple[str, str]],
) -> dict[str, tuple[str, str]]:
    """Return output and input of each unused column that looks like a slope that is not known."""
    absent = {(k, i) for k in outputs for i in inputs}.difference(known)
    readings = _readings(absent)
    plain = {split_unit(name)[0] for name in names}
    found = {}
    for name in unused:
        words = re.findall(r"[^\W_]+", split_unit(name)[0].casefold())
        rest = "".join(word for word in words if word not in _FILLERS)
        kind = "gradient" if _GRADIENT.intersection(words) else "apart"
        pair = readings["one word"].get("".join(words))
        pair = pair or (readings[kind].get(rest) if len(words) > 1 else None)
        pair = pair or _misspelled(name, plain, absent)
        if pair:
            found[name] = pair
    return found


def _readings(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return output and input by the letters of a heading: one word, words apart, or a gradient."""
    readings: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for pair in sorted(pairs):
        k, i = (bare(split_unit(name)[0]) for name in pair)
        for kind, spelled in (
            ("one word", (f"d{k}d{i}", f"grad{k}{i}", f"grad{i}")),
            ("apart", (f"{k}{i}", f"d{k}{i}", f"{k}d{i}", f"d{k}d{i}")),
            ("gradient", (f"{k}{i}", i)),
        ):
            for letters in spelled:
                readings[kind].setdefault(letters, pair)
    return readings


def _misspelled(
    name: str, plain: set[str], absent: Iterable[tuple[str, str]]
) -> tuple[str, str] | None:
    """Return the slope that is meant by one of names that do not exist."""
    parts = re.fullmatch("[d∂](.+)/[d∂](.+)", split_unit(name)[0])
    if not parts or plain.issuperset(parts.groups()):
        return None
    pairs = {(split_unit(k)[0], split_unit(i)[0]): (k, i) for k, i in absent}
    output = nearest(parts[1], [k for k, _ in pairs])
    input_ = nearest(parts[2], [i for _, i in pairs])
    return pairs.get((output, input_)) if output and input_ else None


def refuse_lookalikes(path: Path, found: Mapping[str, tuple[str, str]]) -> None:
    """Raise TableError, with the cure, if columns look like slopes but are not named like them."""
    if not found:
        return
    listed = list(found.items())[:LISTED_NAMES]
    meant = [(name, *(split_unit(part)[0] for part in pair)) for name, pair in listed]
    given = ",".join(f"{output}:{input_}={name}" for name, output, input_ in meant)
    one = len(meant) == 1
    raise TableError(
        f"{path}: {'column' if one else 'columns'} {', '.join(shown(name) for name, *_ in meant)}"
        f" {'looks like a slope' if one else 'look like slopes'} but"
        f" {'does not have the name' if one else 'do not have the names'}"
        f" {', '.join(shown(slope_name(k, i)) for _, k, i in meant)}; rename"
        f' {"it" if one else "them"}, or give --slopes "{given}", or leave all slopes out with'
        " --slopes none"
    )

"""What a notebook shows of a network, of a fit, and of a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.html.curve import curves
from slopenet.html.elements import box, name, note, number, percent, side_by_side, table
from slopenet.io.card import Card, Range
from slopenet.validate.headings import split_unit

# The most rows and columns of a table.
SHOWN, SHOWN_COLUMNS = 40, 12

# The curves of a history with errors, and of one with costs only: label, colour, whether broken.
_ERRORS = {
    "values": ("values", "#0072B2", False),
    "slopes": ("slopes", "#009E73", False),
    "validation_values": ("values, held out", "#0072B2", True),
    "validation_slopes": ("slopes, held out", "#009E73", True),
}
_COSTS = {"cost": ("cost", "#0072B2", False), "validation": ("cost, held out", "#D55E00", False)}


def network(
    layers: Sequence[tuple[int, str, int]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dtype: str,
    card: Card | None,
) -> str:
    """Return a network: its layers, its names and units, and the ranges of its training data.

    Parameters
    ----------
    layers : sequence of (int, str, int)
        Width, activation and number of parameters of each layer; the first is the input.
    inputs, outputs : sequence of str
        Names, with units if they have them.
    dtype : str
    card : Card or None
    """
    sizes = "-".join(str(width) for width, _, _ in layers)
    parameters = sum(count for _, _, count in layers)
    rows = [
        (str(l), str(width), name(activation), f"{count:,}" if count else "")
        for l, (width, activation, count) in enumerate(layers, start=1)
    ]
    shown = table(("layer", "units", "activation", "parameters"), rows[:SHOWN], words=(0, 2))
    return box(
        f"Network {sizes}",
        f"{parameters:,} parameters, {dtype}",
        side_by_side(_components(inputs, outputs, card), shown + _more(len(rows), "layers")),
        *([] if card is None else _training(card, inputs, outputs)),
    )


def fit(
    errors: tuple[str, Floats, Floats] | None,
    names: tuple[Sequence[str], Sequence[str]],
    history: Mapping[str, Sequence[float]],
    reason: str,
) -> str:
    """Return a fit: its errors, its learning curve and its reason.

    Parameters
    ----------
    errors : (str, (n_L,), (n_L, n_1)) or None
        Verdict, relative errors of values, and of slopes.
    names : two sequences of str
        Those of inputs and outputs.
    history : dict of lists
    reason : str
    """
    said, shown = "", ""
    if errors is not None:
        said, values, slopes = errors
        shown = error_table(values, slopes, *names)
    wanted = _ERRORS if "values" in history else _COSTS
    lines = [(*style, history[key]) for key, style in wanted.items() if key in history]
    drawn = curves(history.get("epoch", ()), lines, percent="values" in history)
    return box("Fit", said, side_by_side(shown, drawn), note(reason))


def errors(rows: Mapping[str, Sequence[float]]) -> str:
    """Return errors on known answers: RMSE, relative RMSE, R² and largest error, by quantity."""
    lines = [
        (name(quantity), f"{rmse:.4g}", percent(relative), f"{r2:.6g}", f"{largest:.4g}")
        for quantity, (rmse, relative, r2, largest) in list(rows.items())[:SHOWN]
    ]
    shown = table(("", "RMSE", "relative", "R²", "largest error"), lines)
    return box("Errors", "", shown, _more(len(rows), "quantities"))


def verdict(title: str, agreements: Sequence[tuple[str, float, float, bool]]) -> str:
    """Return a verdict: quantity, largest difference, tolerance and whether they agree."""
    rows = [
        (name(quantity), f"{difference:.1e}", f"{tolerance:.1e}", "✓" if ok else "✗ WRONG")
        for quantity, difference, tolerance, ok in agreements
    ]
    passed = all(ok for *_, ok in agreements)
    mark = ("✓ " if passed else "✗ ") if rows else ""
    headings = ("", "difference", "tolerance", "")
    return box(f"{mark}{title}", "", table(headings, rows) if rows else "")


def error_table(
    values: Floats, slopes: Floats, inputs: Sequence[str], outputs: Sequence[str]
) -> str:
    """Return relative errors: a row per output, the value first, then the slope in each input."""
    slopes = np.broadcast_to(slopes, (len(outputs), len(inputs)))
    known = np.flatnonzero(~np.isnan(slopes).all(axis=0))
    shown = known[:SHOWN_COLUMNS]
    headings = ["error", "value", *(f"slope by {name(split_unit(inputs[i])[0])}" for i in shown)]
    rows = [
        (name(split_unit(output)[0]), percent(values[k]), *(percent(slopes[k, i]) for i in shown))
        for k, output in enumerate(outputs[:SHOWN])
    ]
    more = _more(len(outputs), "outputs") + _more(len(known), "slopes per output", SHOWN_COLUMNS)
    return table(headings, rows) + more


def _components(inputs: Sequence[str], outputs: Sequence[str], card: Card | None) -> str:
    """Names, units and ranges of the inputs and, below, of the outputs."""
    units = any(split_unit(each)[1] for each in (*inputs, *outputs))
    headings = ["inputs", *(["unit"] if units else [])]
    if card is not None:
        headings += ["minimum", "5 %", "median", "95 %", "maximum"]
    rows = _rows(inputs, () if card is None else card.inputs, units=units)
    rows.append(["<strong>outputs</strong>", *[""] * (len(headings) - 1)])
    rows += _rows(outputs, () if card is None else card.outputs, units=units)
    more = _more(len(inputs), "inputs") + _more(len(outputs), "outputs")
    return table(headings, rows, words=(0, 1) if units else (0,)) + more


def _rows(names: Sequence[str], ranges: Sequence[Range], *, units: bool) -> list[list[str]]:
    rows = []
    for k, each in enumerate(names[:SHOWN]):
        plain, unit = split_unit(each)
        row = [name(plain), name(unit) if unit else ""] if units else [name(plain)]
        rows.append(row + (_numbers(ranges[k]) if ranges else []))
    return rows


def _numbers(each: Range) -> list[str]:
    low, _, median, _, high = each.quantiles
    return [number(x) for x in (each.minimum, low, median, high, each.maximum)]


def _training(card: Card, inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    how = card.method if card.seed is None else f"{card.method}, seed {card.seed}"
    parts = [note(f"Trained by slopenet {card.version} ({how}) on {card.rows:,} rows.")]
    if card.errors is not None:
        values, slopes = np.array(card.errors.values), np.array(card.errors.slopes)
        parts.append(note(f"Errors of rows {card.errors.rows}, relative:"))
        parts.append(error_table(values, slopes, inputs, outputs))
    return parts


def _more(count: int, what: str, shown: int = SHOWN) -> str:
    return note(f"and {count - shown} more {what}") if count > shown else ""

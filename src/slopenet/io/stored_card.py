"""A card in a model file: values for JSON and float64 tensors, which may be hostile when read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.io.card import QUANTILES, Card, KnownErrors, Range
from slopenet.io.contents import require

TENSORS = ("inputs", "outputs", "errors_values", "errors_slopes")
_TEXTS = ("version", "method", "reason", "data")


def stored(card: Card) -> tuple[dict[str, Any], dict[str, Floats]]:
    """The card as values for JSON and arrays for tensors."""
    values: dict[str, Any] = {name: getattr(card, name) for name in ("rows", *_TEXTS)}
    values["seed"] = None if card.seed is None else str(card.seed)
    values["errors"] = card.errors and card.errors.rows
    arrays = {"inputs": _table(card.inputs), "outputs": _table(card.outputs)}
    if card.errors is not None:
        arrays["errors_values"] = np.array(card.errors.values, float)
        arrays["errors_slopes"] = np.array(card.errors.slopes, float)
    return values, arrays


def restored(values: Any, arrays: Mapping[str, Floats], inputs: int, outputs: int) -> Card | None:
    """A card from untrusted values and arrays; None from None.

    Raises
    ------
    ModelFileError
        If they are not those of a card of a network with so many inputs and outputs.
    """
    if values is None:
        require(not arrays, "is not valid: it has tensors of a card, but not the card")
        return None
    names = {"rows", "seed", "errors", *_TEXTS}
    require(
        isinstance(values, dict) and values.keys() == names,
        f"is not valid: its card does not consist of {', '.join(sorted(names))}",
    )
    rows, seed, judged = (values[name] for name in ("rows", "seed", "errors"))
    texts = [values[name] for name in _TEXTS] + ([] if judged is None else [judged])
    require(
        all(isinstance(text, str) and text.isprintable() for text in texts),
        "is not valid: a text of its card cannot be printed",
    )
    require(
        isinstance(rows, float) and rows.is_integer() and rows >= 0,
        "is not valid: the rows of its card are not a whole number",
    )
    require(
        seed is None or (isinstance(seed, str) and re.fullmatch("-?[0-9]{1,50}", seed)),
        "is not valid: the seed of its card is not a whole number",
    )
    width = 2 + len(QUANTILES)
    shapes: dict[str, tuple[int, ...]] = {"inputs": (inputs, width), "outputs": (outputs, width)}
    if judged is not None:
        shapes |= {"errors_values": (outputs,), "errors_slopes": (outputs, inputs)}
    require(
        {name: array.shape for name, array in arrays.items()} == shapes,
        "is not valid: the tensors of its card have other shapes than the network",
    )
    errors = None
    if judged is not None:
        slopes = tuple(tuple(row) for row in arrays["errors_slopes"].tolist())
        errors = KnownErrors(tuple(arrays["errors_values"].tolist()), slopes, judged)
    return Card(
        _ranges(arrays["inputs"]),
        _ranges(arrays["outputs"]),
        int(rows),
        None if seed is None else int(seed),
        **{name: values[name] for name in _TEXTS},
        errors=errors,
    )


def _table(ranges: Sequence[Range]) -> Floats:
    return np.array([(each.minimum, each.maximum, *each.quantiles) for each in ranges], float)


def _ranges(table: Floats) -> tuple[Range, ...]:
    return tuple(Range(low, high, tuple(others)) for low, high, *others in table.tolist())

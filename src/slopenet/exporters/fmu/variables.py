"""The variables of an FMU: names, units, first values; and on which inputs an output depends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slopenet.exporters._task import Task
from slopenet.io.card import Range
from slopenet.validate.frames import Names
from slopenet.validate.headings import DIMENSIONLESS, split_unit

TIME = "time"
_MEDIAN = 2  # of the quantiles of a range
# Whitespace, and the characters that XML 1.0 cannot have.
_NOT_IN_XML = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]+")


@dataclass(frozen=True)
class Variable:
    """An input or an output.

    Attributes
    ----------
    name : str
        Different from those of all other variables.
    unit : str
        Empty if unknown.
    description : str
        Its name in the network, and its range in the training data.
    reference : int
        Its value reference. That of the time is 0.
    start : float or None
        The first value of an input.
    """

    name: str
    unit: str
    description: str
    reference: int
    start: float | None = None


def variables(task: Task) -> tuple[list[Variable], list[Variable]]:
    """The inputs and the outputs of the network, in their order.

    A name loses its unit, which becomes that of the variable, and its line breaks. Of equal names
    the second gets the ending _2, and so on; the time is the first variable.
    """
    card = task.card
    n_1, n_L = task.sizes[0], task.sizes[-1]
    ranges_in, ranges_out = (card.inputs, card.outputs) if card else (None, None)
    headings = [*_headings(task.input_names, "x", n_1), *_headings(task.output_names, "y", n_L)]
    ranges = [*(ranges_in or [Range()] * n_1), *(ranges_out or [Range()] * n_L)]
    split = [split_unit(heading) for heading in headings]
    names = different([TIME, *(clean(name) or "_" for name, _ in split)])[1:]
    made = [
        Variable(
            name,
            "1" if unit == DIMENSIONLESS else clean(unit),
            _described(clean(heading), each),
            i,
            _start(each, task.dtype) if i <= n_1 else None,
        )
        for i, (name, (_, unit), heading, each) in enumerate(
            zip(names, split, headings, ranges, strict=True), start=1
        )
    ]
    return made[:n_1], made[n_1:]


def different(names: Sequence[str]) -> list[str]:
    """The names, of which every one that was there before gets the first free ending _2, _3, ..."""
    taken, given, found = set(names), set[str](), []
    for name in names:
        free, k = name, 1
        while free in given or (k > 1 and free in taken):
            k += 1
            free = f"{name}_{k}"
        given.add(free)
        found.append(free)
    return found


def dependencies(task: Task) -> tuple[NDArray[np.bool], NDArray[np.bool]]:
    """Whether output k depends on input i, and whether it does so by more than a constant factor.

    Along the paths of weights that are not 0: a path that meets a unit other than the identity
    makes the dependence a nonlinear one. Both (n_L, n_1).
    """
    any_path = np.eye(task.sizes[0], dtype=bool)
    nonlinear = np.zeros_like(any_path)
    chain = task.logits
    for W, activation in zip(chain.W, chain.activations, strict=True):
        connected = (W != 0).astype(np.float32)
        any_path, nonlinear = connected @ any_path > 0, connected @ nonlinear > 0
        runs = activation.runs(len(W))
        curved = np.repeat([not each.linear for each, _ in runs], [count for _, count in runs])
        nonlinear[curved] = any_path[curved]
    if task.head is not None:
        any_path = np.broadcast_to(any_path.any(axis=0), any_path.shape)
        nonlinear = any_path
    return any_path, nonlinear


def clean(text: str) -> str:
    """Text on one line, of characters that XML can have."""
    return _NOT_IN_XML.sub(" ", text).strip()


def _headings(labels: Names, letter: str, n: int) -> list[str]:
    return list(labels) if labels else [f"{letter}{i}" for i in range(1, n + 1)]


def _described(heading: str, known: Range) -> str:
    if not np.isfinite([known.minimum, known.maximum]).all():
        return heading
    return f"{heading}; in the training data {known.minimum:.6g} to {known.maximum:.6g}"


def _start(known: Range, dtype: np.dtype[np.float64]) -> float:
    """The median of the training data, or 0."""
    median = dtype.type(known.quantiles[_MEDIAN])
    return float(median) if np.isfinite(median) else 0.0

"""Files of NNet (.nnet): text of ReLU networks with the means and ranges of their inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.importers._budget import Budget
from slopenet.importers._options import Options
from slopenet.importers._steps import Step, sigma
from slopenet.importers._text import MOST_LAYERS, lines, naming, number, read
from slopenet.io.contents import ModelFileError, require
from slopenet.maps.affine import affine, scaling
from slopenet.network import Network


def from_nnet(path: str | os.PathLike[str], options: Options) -> Network:
    """Import a file of NNet: layers of ReLU, scaled by its header, with a linear output.

    The header's minima and maxima are read and left out: NNet's own evaluation moves an input
    beyond them to the nearer one first.

    Raises
    ------
    ModelFileError
        If the file is not of this form, or has more or fewer numbers than its sizes say.
    OSError
        If it cannot be read.
    """
    with naming(path):
        raw = read(path)
        weights, biases, header = _parts(_rows(raw))
        with np.errstate(all="ignore"):  # numbers that are not finite are refused
            steps = list(_steps(weights, biases, header))
            network = options.network("the file", steps, Budget(len(raw)), np.float64)
        return options.compared(
            "the file",
            network,
            lambda X: _values(X, weights, biases, header),
            np.dtype(np.float64),
        )


def _rows(raw: bytes) -> Iterator[tuple[int, list[float]]]:
    """The numbers of each line, with its number; comments and empty lines left out."""
    require(raw.isascii(), "is damaged: it is not ASCII text")
    for at, text in lines(raw, "//"):
        yield at, [number(at, word.strip()) for word in text.rstrip(",").split(",")]


def _parts(rows: Iterator[tuple[int, list[float]]]) -> tuple[Any, Any, dict[str, Floats]]:
    """Weights, biases, and the means and ranges of inputs and outputs."""
    first = _whole(rows, 4)
    layers, n_1, n_L, largest = first
    require(1 <= layers <= MOST_LAYERS, f"is damaged: it says that it has {layers} layers")
    sizes = _whole(rows, layers + 1)
    fits = sizes[0] == n_1 and sizes[-1] == n_L and max(sizes) <= max(largest, n_1, n_L)
    require(
        fits and min(sizes) >= 1, f"is damaged: its sizes {sizes[:9]} contradict its first line"
    )
    _next(rows, None)  # whether the inputs are symmetric, which NNet ignores
    low, high = _next(rows, n_1), _next(rows, n_1)
    require(bool((low <= high).all()), "is damaged: a minimum of its inputs is above the maximum")
    mean, spread = _next(rows, n_1 + 1), _next(rows, n_1 + 1)
    require(bool((spread > 0).all()), "is damaged: a range of its header is not positive")
    weights, biases = [], []
    for below, here in pairwise(sizes):
        weights.append(np.array([_next(rows, below) for _ in range(here)]))
        biases.append(np.array([_next(rows, 1)[0] for _ in range(here)]))
    rest = next(rows, None)
    require(rest is None, f"is damaged: line {rest and rest[0]} is behind its last bias")
    return weights, biases, {"mean": mean, "range": spread}


def _next(rows: Iterator[tuple[int, list[float]]], n: int | None) -> Floats:
    found = next(rows, None)
    if found is None:
        raise ModelFileError("is damaged: it ends early")
    at, numbers = found
    require(n in (None, len(numbers)), f"is damaged: line {at} has {len(numbers)} numbers, not {n}")
    return np.array(numbers)


def _whole(rows: Iterator[tuple[int, list[float]]], n: int) -> list[int]:
    numbers = _next(rows, n)
    require(
        bool((numbers == np.round(numbers)).all() and (np.abs(numbers) < 2**31).all()),
        "is damaged: a size is not a whole number",
    )
    return [int(number) for number in numbers]


def _steps(
    weights: list[Floats], biases: list[Floats], header: dict[str, Floats]
) -> Iterator[Step]:
    mean, spread = header["mean"], header["range"]
    yield scaling("the header", mean[:-1], spread[:-1])
    for l, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        yield affine(f"layer {l}", W, b)
        if l < len(weights):
            yield sigma(f"layer {l}", "relu")
    yield affine("the header", spread[-1], mean[-1])


def _values(
    X: Floats, weights: list[Floats], biases: list[Floats], header: dict[str, Floats]
) -> Floats:
    """H(X) without folding."""
    mean, spread = header["mean"], header["range"]
    a = (np.asarray(X, np.float64) - mean[:-1]) / spread[:-1]
    for l, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        a = a @ W.T + b
        a = np.maximum(a, 0) if l < len(weights) else a
    values: Floats = a * spread[-1] + mean[-1]
    return values

"""A table of predictions: inputs, outputs and slopes of every row, and its columns' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slopenet.evaluate.model import Model, column_names, slope_names
from slopenet.validate import arrays, frames
from slopenet.validate.headings import split_unit


def prediction_names(
    inputs: Sequence[str], outputs: Sequence[str], *, slopes: bool = True, spread: bool = False
) -> list[str]:
    """Return the column names of a table of predictions: inputs, outputs, slopes row by row.

    With `spread`, names of the standard deviations of outputs and slopes follow: rho_spread, ...
    """
    jacobian = slope_names(inputs, outputs)
    predicted = [*outputs, *(jacobian if slopes else [])]
    return [*inputs, *predicted, *(_of_spread(name) for name in predicted if spread)]


def _of_spread(heading: str) -> str:
    name, unit = split_unit(heading)
    return f"{name}_spread [{unit}]" if unit else f"{name}_spread"


def predict_rows(
    network: Model,
    X: NDArray[np.float64],
    *,
    slopes: bool = True,
    spread: bool = False,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Return X (N, n_1), H (N, n_L) and ∂H/∂x (N, n_L n_1) as the columns of one array.

    With `spread`, those of the values and slopes over the networks of an ensemble follow.
    """
    n_1, n_L = network.sizes[0], network.sizes[-1]
    predicted = n_L + slopes * n_L * n_1
    table = np.empty((len(X), n_1 + predicted * (1 + spread)), order="F")
    table[:, :n_1] = X
    if slopes:
        H, J = network.value_and_jacobian(X, threads=threads)
        table[:, n_1 + n_L : n_1 + predicted] = J.reshape(len(X), n_L * n_1)
    else:
        H = network(X, threads=threads)
    table[:, n_1 : n_1 + n_L] = H
    if spread:
        members: Any = network
        table[:, n_1 + predicted : n_1 + predicted + n_L] = members.spread(X)
        if slopes:
            deviations = members.jacobian_spread(X)
            table[:, n_1 + predicted + n_L :] = deviations.reshape(len(X), n_L * n_1)
    return table


def predicted_frame(
    network: Model, frame: Any, *, slopes: bool = True, spread: bool = False
) -> Any:
    """Return the table of predictions of a data frame, as one of the same library.

    Raises
    ------
    TypeError
        If `frame` is not a data frame of pandas, polars or Arrow.
    ValueError
        If an input column is missing, or an entry is not finite.
    """
    inputs, outputs = column_names(network)
    library = type(frame).__module__.partition(".")[0]
    if library not in {"pandas", "polars", "pyarrow"} or frames.labels(frame) is None:
        raise TypeError(
            "frame must be a data frame of pandas, polars or Arrow,"
            f" got {type(frame).__name__}; use the network itself for an array"
        )
    X = arrays.points("frame", frame, len(inputs), np.float64, inputs)
    arrays.require_finite("frame", X)
    names = prediction_names(inputs, outputs, slopes=slopes, spread=spread)
    table = predict_rows(network, X, slopes=slopes, spread=spread)
    if library == "pandas":
        return type(frame)(table, index=frame.index, columns=names)
    columns = {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}
    return type(frame)(columns) if library == "polars" else type(frame).from_pydict(columns)

"""A table of predictions: inputs, outputs and slopes of every row, and its columns' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slopenet.validate.components import labels
from slopenet.validate.headings import slope_name

if TYPE_CHECKING:
    from slopenet.network import Network


def column_names(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names of the inputs and outputs: x1, x2, ... and y1, ... for a network without."""
    return (
        labels(network.input_names, "x", network.sizes[0]),
        labels(network.output_names, "y", network.sizes[-1]),
    )


def prediction_names(
    inputs: Sequence[str], outputs: Sequence[str], *, slopes: bool = True
) -> list[str]:
    """Return the column names of a table of predictions: inputs, outputs, slopes row by row."""
    jacobian = [slope_name(output, input_) for output in outputs for input_ in inputs]
    if len(set(jacobian)) < len(jacobian):  # names that differ in their units only
        jacobian = [f"d{output}/d{input_}" for output in outputs for input_ in inputs]
    return [*inputs, *outputs, *(jacobian if slopes else [])]


def predict_rows(
    network: Network, X: NDArray[np.float64], *, slopes: bool = True, threads: int | None = None
) -> NDArray[np.float64]:
    """Return X (N, n_1), H (N, n_L) and ∂H/∂x (N, n_L n_1) as the columns of one array."""
    n_1, n_L = network.sizes[0], network.sizes[-1]
    table = np.empty((len(X), n_1 + n_L + slopes * n_L * n_1), order="F")
    table[:, :n_1] = X
    if slopes:
        H, J = network.value_and_jacobian(X, threads=threads)
        table[:, n_1 + n_L :] = J.reshape(len(X), n_L * n_1)
    else:
        H = network(X, threads=threads)
    table[:, n_1 : n_1 + n_L] = H
    return table

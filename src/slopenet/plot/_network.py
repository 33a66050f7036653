"""Parity plots of a network for one quantity: a value or a slope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from slopenet.dataset.answers import answers
from slopenet.evaluate.errors import relative_errors, row_blocks
from slopenet.evaluate.model import Model
from slopenet.plot._figure import BLUE, chosen, dress, label
from slopenet.plot._parity import Panel, note_error, parity, parity_grid
from slopenet.tables import column_names, slope_name
from slopenet.validate.components import index_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from slopenet._types import Floats
    from slopenet.network import Network


def parity_of(
    network: Network,
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    output: str | int = 0,
    input: str | int | None = None,  # noqa: A002 (a network's)
    ax: Axes | None = None,
) -> Axes:
    """Plot predictions of a network against true data: values, or slopes by one `input`.

    The relative RMS error is shown in the corner: relative to the standard deviation of the true
    values, or to the RMS of the true slopes. The axes of values cover the training data too.

        parity_of(net, X, y, output="rho")
        parity_of(net, X, y, dydx, output="rho", input="T")

    Parameters
    ----------
    network : Network
        n_1 to n_L.
    X : (N, n_1)
        Inputs; data frames are read by the network's names, here and below.
    y : (N, n_L), or (N,) for one output
        True values.
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        True slopes; missing ones, NaN, are left out.
    output, input : str or int
        Name or index of the output, and of the input whose slope is drawn; -1 is the last. None
        draws values.
    ax : Axes, optional
        Axes to draw in. By default a new figure is made, outside of pyplot: a notebook shows it,
        and ``ax.figure.savefig`` writes it.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError, TypeError
        If an array does not fit the network, a name is unknown, or the slopes are missing.
    ImportError
        If matplotlib is not installed.
    """
    data = answers(network, X, y, dydx)
    inputs, outputs = column_names(network)
    k = index_of("output", output, outputs)
    name = outputs[k]
    errors = relative_errors(network, data.X, data.y, data.dydx)
    if input is None:
        true, predicted, error = data.y[:, k], network(data.X)[:, k], errors.values[k]
    else:
        i = index_of("input", input, inputs)
        name = slope_name(name, inputs[i])
        if data.dydx is None or np.isnan(data.dydx[:, k, i]).all():
            raise ValueError(f"dydx has no {name} to compare with")
        there = ~np.isnan(data.dydx[:, k, i])
        true, error = data.dydx[there, k, i], errors.slopes[k, i]
        blocks = row_blocks(int(there.sum()), network.sizes[0] * network.sizes[-1])
        predicted = np.concatenate([network.jacobian(data.X[there][r])[:, k, i] for r in blocks])
    known = _trained(network, k) if input is None else None
    ax = parity(true, predicted, known=known, ax=ax)
    dress(ax, label(name))
    ax.locator_params(nbins=5)
    note_error(ax, error, BLUE, what="RMS error ")
    return ax


def parity_of_all(
    network: Model,
    X: Any,
    y: Any,
    dydx: Any = None,
    *,
    outputs: Sequence[str | int] | None = None,
    inputs: Sequence[str | int] | None = None,
) -> Figure:
    """Plot predictions of a network against true data: a row per output, its value and its slopes.

    Parameters
    ----------
    network, X, y, dydx
        As in `parity_of`.
    outputs, inputs : sequence of str or int, optional
        Names or indices of those to draw, at most the first six unless given.

    Returns
    -------
    Figure
        A notebook shows it, ``savefig`` writes it.

    Raises
    ------
    ValueError, TypeError
        If an array does not fit the network, or a name is unknown.
    ImportError
        If matplotlib is not installed.
    """
    data = answers(network, X, y, dydx)
    names = column_names(network)
    across, down = chosen("inputs", inputs, names[0]), chosen("outputs", outputs, names[1])
    errors = relative_errors(network, data.X, data.y, data.dydx)
    H, J = network.value_and_jacobian(data.X)
    rows = []
    for k in down:
        row = [_panel(names[1][k], data.y[:, k], H[:, k], errors.values[k], _trained(network, k))]
        if data.dydx is not None:
            for i in across:
                name = slope_name(names[1][k], names[0][i])
                row.append(_panel(name, data.dydx[:, k, i], J[:, k, i], errors.slopes[k, i]))
        rows.append(row)
    title = f"Predicted against true at {len(data.X):,} rows (relative RMS errors)"
    return parity_grid(rows, [], title)


def _panel(
    name: str,
    true: Floats,
    predicted: Floats,
    error: float,
    known: tuple[float, float] | None = None,
) -> Panel:
    there = ~np.isnan(true)
    return Panel(label(name), true[there], predicted[there, None], [error], known)


def _trained(network: Any, k: int) -> tuple[float, float] | None:
    """The range of an output in the training data."""
    if network.card is None:
        return None
    return network.card.outputs[k].minimum, network.card.outputs[k].maximum

"""Parity plots of a network for one quantity: a value or a slope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from slopenet.dataset.answers import answers
from slopenet.evaluate.errors import relative_errors, row_blocks
from slopenet.plot._figure import BLUE, dress
from slopenet.plot._parity import note_error, parity
from slopenet.tables import column_names, slope_name
from slopenet.validate.components import index_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    values, or to the RMS of the true slopes.

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
        Axes to draw in. By default a new figure is made, outside of pyplot: ``ax.figure.savefig``.

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
        known = ~np.isnan(data.dydx[:, k, i])
        true, error = data.dydx[known, k, i], errors.slopes[k, i]
        blocks = row_blocks(int(known.sum()), network.sizes[0] * network.sizes[-1])
        predicted = np.concatenate([network.jacobian(data.X[known][r])[:, k, i] for r in blocks])
    ax = parity(true, predicted, ax=ax)
    dress(ax, name)
    ax.locator_params(nbins=5)
    note_error(ax, error, BLUE, what="RMS error ")
    return ax

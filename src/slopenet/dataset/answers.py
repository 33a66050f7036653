"""Known values and slopes, to compare a network with."""

from __future__ import annotations

from typing import Any

from slopenet.dataset.dataset import Data, Names, check_data
from slopenet.evaluate.errors import Errors, relative_errors
from slopenet.evaluate.model import Model


def errors(network: Model, X: Any, y: Any, dydx: Any = None) -> Errors:
    """Return the errors of a network, or an ensemble, on rows with known answers.

        print(sn.errors(net, X, y, dydx))
        sn.errors(net, X, y).frame().loc["rho", "rmse"]

    Parameters
    ----------
    network : Network or Ensemble
    X : (N, n_1)
        Inputs; data frames are read by the network's names, here and below.
    y : (N, n_L), or (N,) for one output
        True values.
    dydx : (N, n_L, n_1), or (N, n_1) for one output, optional
        True slopes, NaN where one is missing.

    Returns
    -------
    Errors
        For each value and slope the RMS error, the same over the standard deviation of the true
        values or the RMS of the true slopes, R², and the largest error. It prints as a table;
        ``.frame()`` is a pandas data frame.

    Raises
    ------
    ValueError, TypeError
        If an array does not fit the network.
    """
    data = answers(network, X, y, dydx)
    return relative_errors(network, data.X, data.y, data.dydx)


def answers(network: Model, X: Any, y: Any, dydx: Any = None) -> Data:
    """Check known values and slopes of a network.

    Raises
    ------
    ValueError, TypeError
        If an array does not fit the network.
    """
    data = check_data(X, y, dydx, names=Names(network.input_names, network.output_names))
    widths = data.X.shape[1], data.y.shape[1]
    if widths != (network.sizes[0], network.sizes[-1]):
        raise ValueError(
            f"X and y must have {network.sizes[0]} and {network.sizes[-1]} columns,"
            " got {} and {}".format(*widths)
        )
    return data

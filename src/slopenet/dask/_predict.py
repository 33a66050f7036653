"""Predictions of a Dask data frame: the table of ``slopenet predict``, one partition at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.network import Network
from slopenet.tables import column_names, predict_rows, prediction_names
from slopenet.validate import arrays

from ._frames import numbers_of, require_columns


def predict(network: Network, frame: Any, *, slopes: bool = True) -> Any:
    """Return values and slopes of every row, as a data frame; of Dask's, nothing is computed yet.

    Parameters
    ----------
    network : Network
        One without names takes the columns x1, x2, ... and gives y1, y2, ...
    frame : dask.dataframe.DataFrame or pandas.DataFrame
        Needs the input columns only.
    slopes : bool
        Whether to have the columns of ∂H/∂x.

    Returns
    -------
    dask.dataframe.DataFrame or pandas.DataFrame
        Inputs, outputs and slopes such as T, p, rho, drho/dT, drho/dp, float64, with the index and
        divisions of `frame`: the same bits as ``slopenet predict`` gives. Each partition is
        computed by one thread. For pandas it is `Network.table`.

    Raises
    ------
    TypeError
        If `frame` is a data frame of neither.
    TableError
        If it lacks an input column.
    ValueError
        When it is computed, if an input is not a finite number.
    """
    library = type(frame).__module__.partition(".")[0]
    is_pandas = library == "pandas" and hasattr(frame, "columns")
    if not (is_pandas or hasattr(frame, "map_partitions")):
        raise TypeError(
            f"frame must be a data frame of Dask or pandas, got {type(frame).__name__};"
            " dask.dataframe.from_pandas or read_parquet makes one"
        )
    inputs, _ = column_names(network)
    require_columns("the data frame", frame.columns, inputs)
    if is_pandas:
        return network.table(frame, slopes=slopes)
    meta = _table(frame._meta, network, slopes=slopes)
    return frame[list(inputs)].map_partitions(_table, network, slopes=slopes, meta=meta)


def _table(frame: Any, network: Network, *, slopes: bool) -> Any:
    """Return the predictions of one partition, a pandas data frame."""
    import pandas as pd

    inputs, outputs = column_names(network)
    names = prediction_names(inputs, outputs, slopes=slopes)
    if not len(frame):
        return pd.DataFrame(np.empty((0, len(names))), frame.index, names)
    X = np.ascontiguousarray(numbers_of(frame, inputs))
    arrays.require_finite("a partition", X)
    table = predict_rows(network, X, slopes=slopes, threads=1)
    return pd.DataFrame(table, frame.index, names)

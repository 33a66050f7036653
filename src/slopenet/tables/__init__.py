"""Tables: named columns of float64 numbers in CSV and Parquet files.

A slope has the name of what it is: the column ``drho/dT`` holds the derivative of the column
``rho`` with respect to the column ``T``.
"""

from ._reader import (
    Samples,
    TableReader,
    open_table,
    read_columns,
    read_samples,
    samples_of,
    slope_name,
)
from ._table import TableError
from ._writer import prediction_names, refuse_same_file, write_table

__all__ = [
    "Samples",
    "TableError",
    "TableReader",
    "open_table",
    "prediction_names",
    "read_columns",
    "read_samples",
    "refuse_same_file",
    "samples_of",
    "slope_name",
    "write_table",
]

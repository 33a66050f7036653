"""Tables: named columns of float64 numbers in CSV and Parquet files.

Slope columns are named as derivatives: the column ``drho/dT`` holds the derivative of the column
``rho`` with respect to the column ``T``.
"""

from ._dataset import Run, Source, runs, sources
from ._parts import MANIFEST, write_parts
from ._prediction import column_names, predict_rows, prediction_names
from ._reader import (
    Samples,
    TableReader,
    is_parquet,
    open_table,
    read_columns,
    read_samples,
    samples_of,
    slope_name,
)
from ._table import TableError
from ._writer import refuse_same_file, write_table

__all__ = [
    "MANIFEST",
    "Run",
    "Samples",
    "Source",
    "TableError",
    "TableReader",
    "column_names",
    "is_parquet",
    "open_table",
    "predict_rows",
    "prediction_names",
    "read_columns",
    "read_samples",
    "refuse_same_file",
    "runs",
    "samples_of",
    "slope_name",
    "sources",
    "write_parts",
    "write_table",
]

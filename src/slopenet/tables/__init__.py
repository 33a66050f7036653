"""Tables: named columns of float64 numbers in CSV, Parquet and Excel files.

Slope columns are named as derivatives: the column ``drho/dT`` holds the derivative of the column
``rho`` with respect to the column ``T``. A heading may have a unit, as in ``rho [kg/m3]``.
"""

from slopenet.evaluate.model import column_names
from slopenet.evaluate.table import predict_rows, prediction_names
from slopenet.validate.headings import slope_name

from ._categories import Coding
from ._dataset import Run, Source, runs, sources
from ._parts import MANIFEST, write_parts
from ._reader import TableReader, columns_of, is_model, is_parquet, open_table, read_columns
from ._samples import Samples, read_samples, samples_of
from ._slopes import Slopes
from ._table import Form, TableError, TextColumnError, has_columns
from ._writer import refuse_same_file, write_table

__all__ = [
    "MANIFEST",
    "Coding",
    "Form",
    "Run",
    "Samples",
    "Slopes",
    "Source",
    "TableError",
    "TableReader",
    "TextColumnError",
    "column_names",
    "columns_of",
    "has_columns",
    "is_model",
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

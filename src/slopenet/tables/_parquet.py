"""Parquet in, through pyarrow, under the same rules as CSV."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ._table import TableError, checked_header, column_positions, shown

MAGIC = b"PAR1"


def pyarrow() -> Any:
    """Return the pyarrow package.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow: pip install 'slopenet[demo]' (CSV files do not)."
        ) from error
    return pyarrow


class ParquetReader:
    """The column names of a Parquet file at once, its numbers on demand.

    Raises
    ------
    TableError
        If the file is truncated or damaged, or its header is unusable.
    ImportError
        If pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        self._arrow = pyarrow()
        if not file.seekable():
            raise TableError(f"{path}: a Parquet file cannot be read from a pipe.")
        try:
            self._parquet = self._arrow.parquet.ParquetFile(file)
            names = self._parquet.schema_arrow.names
        except (self._arrow.ArrowException, OSError) as error:
            raise self._damaged(error) from None
        self.names = checked_header(path, names)

    def read(self, wanted: Sequence[str], may_miss: Collection[str] = ()) -> NDArray[np.float64]:
        """Return the wanted columns, shape (rows, columns).

        Parameters
        ----------
        wanted
            Names of columns, in the order wanted; the other columns may hold anything.
        may_miss
            Names of the columns where a null or NaN is allowed, and read as NaN.

        Raises
        ------
        TableError
            For a column that holds no numbers, a null, NaN or infinity where a number must be,
            damaged data, or no rows at all.
        """
        column_positions(self.path, self.names, wanted)
        try:
            table = self._parquet.read(columns=list(wanted))
        except (self._arrow.ArrowException, OSError) as error:
            raise self._damaged(error) from None
        if table.num_rows == 0:
            raise TableError(f"{self.path} has columns but no rows.")
        numbers = np.empty((table.num_rows, len(wanted)))
        for k, name in enumerate(wanted):
            numbers[:, k] = self._numbers(table.column(name), name)
            self._refuse_gaps(numbers[:, k], name, name in may_miss)
        return numbers

    def _numbers(self, column: Any, name: str) -> NDArray[np.float64]:
        types = self._arrow.types
        numeric = (
            types.is_integer,
            types.is_floating,
            types.is_decimal,
            types.is_boolean,
            types.is_null,
        )
        if not any(is_kind(column.type) for is_kind in numeric):
            raise TableError(
                f"{self.path}, column {shown(name)}: the column holds {column.type}, not numbers."
            )
        numbers: NDArray[np.float64] = column.cast("float64", safe=False).to_numpy()
        return numbers

    def _refuse_gaps(self, numbers: NDArray[np.float64], name: str, may_miss: bool) -> None:
        bad = np.isinf(numbers) if may_miss else ~np.isfinite(numbers)
        if not bad.any():
            return
        row = int(bad.argmax())
        where = f"{self.path}, row {row + 1}, column {shown(name)}"
        if np.isnan(numbers[row]):
            raise TableError(f"{where}: the value is missing; only slope columns may have gaps.")
        raise TableError(f"{where}: {numbers[row]} is not a finite number.")

    def _damaged(self, error: Exception) -> TableError:
        reason = " ".join(str(error).split())
        return TableError(
            f"{self.path} is truncated, or is no sound Parquet file ({reason[:120].rstrip('.')})."
        )

"""Read Parquet with pyarrow, under the same rules as CSV."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ._table import NO_WORDS, TableError, TextColumnError, checked_header, column_positions, shown

MAGIC = b"PAR1"
BLOCK_ROWS = 1 << 16


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
            "Parquet files need pyarrow: pip install 'slopenet[demo]' (CSV files do not)"
        ) from error
    return pyarrow


class ParquetReader:
    """A Parquet file whose column names are read at once, and whose numbers are read on demand.

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
            raise TableError(f"{path}: a Parquet file cannot be read from a pipe")
        try:
            self._parquet = self._arrow.parquet.ParquetFile(file)
            names = self._parquet.schema_arrow.names
        except (self._arrow.ArrowException, OSError) as error:
            raise self._damaged(error) from None
        self.names = checked_header(path, names)

    def read(
        self,
        wanted: Sequence[str],
        may_miss: Collection[str] = (),
        words: Mapping[str, dict[str, int]] = NO_WORDS,
    ) -> NDArray[np.float64]:
        """Return the wanted columns, shape (rows, columns).

        Parameters
        ----------
        wanted
            Column names, in the wanted order; other columns may have any contents.
        may_miss
            Names of the columns where a null or NaN is allowed, and read as NaN.
        words
            The number of each word, for each column of words; a new word gets the next number.

        Raises
        ------
        TableError
            For a column without numbers, a null, NaN or infinity where a number is required,
            damaged data, or no rows at all.
        """
        if self.rows == 0:
            raise TableError(f"{self.path} has columns but no rows")
        numbers, at = np.empty((self.rows, len(wanted))), 0
        for block in self.blocks(wanted, may_miss, words):
            numbers[at : at + len(block)] = block
            at += len(block)
        return numbers

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self._parquet.metadata.num_rows)

    def blocks(
        self,
        wanted: Sequence[str],
        may_miss: Collection[str] = (),
        words: Mapping[str, dict[str, int]] = NO_WORDS,
        *,
        first: int = 0,
        last: int | None = None,
        most: int = BLOCK_ROWS,
    ) -> Iterator[NDArray[np.float64]]:
        """Yield the rows `first` up to `last` in blocks of at most `most` rows; see `read`.

        Only one block and its pages are read and kept in memory at a time.
        """
        wanted = [self.names[at] for at in column_positions(self.path, self.names, wanted)]
        last = self.rows if last is None else last
        groups, at = self._groups(first, last)
        batches = self._parquet.iter_batches(most, row_groups=groups, columns=list(wanted))
        while at < last:
            try:
                batch = next(batches)
            except (self._arrow.ArrowException, OSError, StopIteration) as error:
                raise self._damaged(error) from None
            rows = batch.num_rows
            lo, hi = max(first - at, 0), min(last - at, rows)
            if lo < hi:
                yield self._numbers(batch.slice(lo, hi - lo), wanted, may_miss, words, at + lo)
            at += rows

    def _groups(self, first: int, last: int) -> tuple[list[int], int]:
        """Return the row groups that hold the rows `first` up to `last`, and their first row."""
        sizes = [
            self._parquet.metadata.row_group(i).num_rows
            for i in range(self._parquet.metadata.num_row_groups)
        ]
        ends = np.cumsum([0, *sizes])
        groups = [i for i in range(len(sizes)) if ends[i] < last and first < ends[i + 1]]
        return groups, int(ends[groups[0]]) if groups else last

    def _numbers(
        self,
        batch: Any,
        wanted: Sequence[str],
        may_miss: Collection[str],
        words: Mapping[str, dict[str, int]],
        before: int,
    ) -> NDArray[np.float64]:
        """Return the columns of a batch that starts after `before` rows of the file."""
        numbers = np.empty((batch.num_rows, len(wanted)))
        for k, name in enumerate(wanted):
            column = batch.column(name)
            coded = name in words
            numbers[:, k] = _codes(column, words[name]) if coded else self._column(column, name)
            self._refuse_gaps(numbers[:, k], name, name in may_miss, before)
        return numbers

    def _column(self, column: Any, name: str) -> NDArray[np.float64]:
        types = self._arrow.types
        numeric = (
            types.is_integer,
            types.is_floating,
            types.is_decimal,
            types.is_boolean,
            types.is_null,
        )
        if not any(is_kind(column.type) for is_kind in numeric):
            raise TextColumnError(
                f"{self.path}, column {shown(name)}: the column holds {column.type}, not numbers",
                name,
            )
        plain = column.cast("float64", safe=False)
        numbers: NDArray[np.float64] = plain.to_numpy(zero_copy_only=False)
        return numbers

    def _refuse_gaps(
        self, numbers: NDArray[np.float64], name: str, may_miss: bool, before: int
    ) -> None:
        bad = np.isinf(numbers) if may_miss else ~np.isfinite(numbers)
        if not bad.any():
            return
        row = int(bad.argmax())
        where = f"{self.path}, row {before + row + 1}, column {shown(name)}"
        if np.isnan(numbers[row]):
            raise TableError(f"{where}: the value is missing; only slope columns may have gaps")
        raise TableError(f"{where}: {numbers[row]} is not a finite number")

    def _damaged(self, error: Exception) -> TableError:
        reason = " ".join(str(error).split())
        return TableError(
            f"{self.path} is truncated or not a valid Parquet file ({reason[:120].rstrip('.')})"
        )


def _codes(column: Any, words: dict[str, int]) -> list[float]:
    """Return the number of each word of a column, NaN where it is missing."""
    found = ("" if word is None else str(word).strip() for word in column.to_pylist())
    return [words.setdefault(word, len(words)) if word else math.nan for word in found]

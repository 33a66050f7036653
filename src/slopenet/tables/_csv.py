"""Read CSV: one pass over the lines; every error names its line and column."""

import csv
import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ._table import TableError, checked_header, column_positions, shown

MISSING = frozenset(
    ["", "na", "n/a", "#n/a", "#na", "<na>", "nan", "+nan", "-nan", "null", "none", "-", "?", "."]
)
DELIMITERS = (",", ";", "\t")
CELLS_A_BLOCK = 1 << 18
NOT_TEXT = {
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
    b"PK\x03\x04": "is an Excel workbook or another zip archive; save it as CSV",
    b"\x1f\x8b": "is compressed by gzip; unpack it first",
}


class CsvReader:
    """A CSV file whose header is read at once, and whose numbers are read on demand.

    The separator is the comma, semicolon or tab, whichever is most frequent in the header. Numbers
    have a decimal point. Empty lines are skipped.

    Raises
    ------
    TableError
        If the file is not UTF-8 text (with or without a byte-order mark), is empty, or its header
        is unusable.
    """

    def __init__(self, file: BinaryIO, path: Path, start: bytes) -> None:
        self.path = path
        for signature, fault in NOT_TEXT.items():
            if start.startswith(signature):
                raise TableError(f"{path} {fault}")
        lines = _text_lines(file, path)
        header = next((line for line in lines if line.strip()), None)
        if header is None:
            raise TableError(f"{path} is empty")
        self._separator = max(DELIMITERS, key=header.count)
        self._reader = csv.reader(
            itertools.chain([header], lines),
            delimiter=self._separator,
            skipinitialspace=True,
            strict=True,
        )
        names = next(self._rows())
        self.names = checked_header(path, [name.strip() for name in names])

    def read(self, wanted: Sequence[str], may_miss: Collection[str] = ()) -> NDArray[np.float64]:
        """Return the wanted columns, shape (rows, columns); the file is read to its end.

        Parameters
        ----------
        wanted
            Column names, in the wanted order; other columns may have any contents.
        may_miss
            Names of the columns where a missing value is allowed, and read as NaN.

        Raises
        ------
        TableError
            For a row whose length differs from the header, a cell that is not a finite number, a
            missing value in another column, a broken quote, or no rows at all.
        """
        positions = column_positions(self.path, self.names, wanted)
        width = len(self.names)
        block_rows = max(1, CELLS_A_BLOCK // width)
        blocks, cells, lines = [], [], []
        for row in self._rows():
            if len(row) != width:
                if not row:
                    continue
                raise self._ragged(row)
            cells += [row[i] for i in positions]
            lines.append(self._reader.line_num)
            if len(lines) == block_rows:
                blocks.append(self._numbers(cells, lines, wanted, may_miss))
                cells, lines = [], []
        if lines:
            blocks.append(self._numbers(cells, lines, wanted, may_miss))
        if not blocks:
            raise TableError(f"{self.path} has a header but no rows")
        return np.concatenate(blocks)

    def _rows(self) -> Iterator[list[str]]:
        """Yield the rows; an error names the line where a broken row begins."""
        while True:
            line = self._reader.line_num + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise TableError(
                    f"{self.path}, line {line}: the row cannot be read, perhaps because a quotation"
                    f" mark is not closed ({error})"
                ) from None
            yield row

    def _ragged(self, row: list[str]) -> TableError:
        found, wanted = len(row), len(self.names)
        hint = ""
        if self._separator == "," and found > wanted:
            hint = "; a decimal comma must be written as a point"
        return TableError(
            f"{self.path}, line {self._reader.line_num}: the row has {found}"
            f" {'value' if found == 1 else 'values'} where the header names {wanted}"
            f" {'column' if wanted == 1 else 'columns'}{hint}"
        )

    def _numbers(
        self,
        cells: list[str],
        lines: list[int],
        wanted: Sequence[str],
        may_miss: Collection[str],
    ) -> NDArray[np.float64]:
        """Return the cells of some rows as numbers, shape (rows, columns)."""
        shape = (len(lines), len(wanted))
        try:
            numbers = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            pass
        else:
            if np.all(np.isfinite(numbers)) and "_" not in "".join(cells):
                return numbers.reshape(shape)
        places = itertools.product(lines, wanted)
        numbers = np.array(
            [
                self._number(cell, *place, may_miss)
                for cell, place in zip(cells, places, strict=True)
            ],
            np.float64,
        )
        return numbers.reshape(shape)

    def _number(self, cell: str, line: int, name: str, may_miss: Collection[str]) -> float:
        """Return one cell as a finite number, or NaN if it is missing and may be."""
        where = f"{self.path}, line {line}, column {shown(name)}"
        word = cell.strip()
        if word.lower() in MISSING:
            if name in may_miss:
                return math.nan
            found = f"is missing ({shown(word)})" if word else "is missing"
            raise TableError(f"{where}: the value {found}; only slope columns may have gaps")
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if math.isinf(number):
            raise TableError(f"{where}: {shown(word)} is not a finite float64 number")
        if math.isnan(number) or "_" in word:
            hint = "; write the decimal comma as a point" if _is_decimal_comma(word) else ""
            raise TableError(f"{where}: {shown(word)} is not a number{hint}")
        return number


def _text_lines(file: BinaryIO, path: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, with or without a byte-order mark."""
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise TableError(
                f"{path}, line {number}: this is not UTF-8 text; save the file as UTF-8"
            ) from None
        if "\0" in text:
            raise TableError(f"{path}, line {number}: the line holds a NUL character")
        yield text


def _is_decimal_comma(word: str) -> bool:
    try:
        float(word.replace(",", ".", 1))
    except ValueError:
        return False
    return "," in word

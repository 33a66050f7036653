"""Read rows of text as numbers; every error names its line and column."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._table import (
    NO_WORDS,
    Form,
    TableError,
    TextColumnError,
    checked_header,
    column_positions,
    shown,
)

MISSING = frozenset(
    ["", "na", "n/a", "#n/a", "#na", "<na>", "nan", "+nan", "-nan", "null", "none", "-", "?", "."]
)
CELLS_A_BLOCK = 1 << 18


class TextReader:
    """A table of text whose header is read at once, and whose numbers are read on demand.

    Parameters
    ----------
    path
        Its name in error messages.
    rows
        Each row with its number; the header comes first. A row of no cells is skipped.
    form
        How numbers are written.
    place
        The name of a row in error messages.
    hint
        The end of the error for a row with too many values.

    Raises
    ------
    TableError
        If there is no header, or it is unusable.
    """

    def __init__(
        self,
        path: Path,
        rows: Iterator[tuple[int, list[str]]],
        form: Form,
        *,
        place: str = "line",
        hint: str = "",
    ) -> None:
        self.path = path
        self._rows = rows
        self._place, self._hint = place, hint
        self._plain = None if form.decimal == "." else str.maketrans({",": ".", ".": "_"})
        self._first: int | None = None
        header = next(rows, (0, []))[1]
        self.names = checked_header(path, [" ".join(name.split()) for name in header])

    def read(
        self,
        wanted: Sequence[str],
        may_miss: Collection[str] = (),
        words: Mapping[str, dict[str, int]] = NO_WORDS,
    ) -> NDArray[np.float64]:
        """Return the wanted columns, shape (rows, columns); the file is read to its end.

        Parameters
        ----------
        wanted
            Column names, in the wanted order; other columns may have any contents.
        may_miss
            Names of the columns where a missing value is allowed, and read as NaN.
        words
            The number of each word, for each column of words; a new word gets the next number.

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
        for line, row in self._rows:
            if len(row) != width:
                if not row:
                    continue
                raise self._ragged(line, row)
            found = [row[i] for i in positions]
            cells += self._coded(line, wanted, found, words) if words else found
            lines.append(line)
            if len(lines) == block_rows:
                blocks.append(self._numbers(cells, lines, wanted, may_miss))
                cells, lines = [], []
        if lines:
            blocks.append(self._numbers(cells, lines, wanted, may_miss))
        if not blocks:
            raise TableError(f"{self.path} has a header but no rows")
        return np.concatenate(blocks)

    def _ragged(self, line: int, row: list[str]) -> TableError:
        found, wanted = len(row), len(self.names)
        return TableError(
            f"{self.path}, {self._place} {line}: the row has {found}"
            f" {'value' if found == 1 else 'values'} where the header names {wanted}"
            f" {'column' if wanted == 1 else 'columns'}{self._hint if found > wanted else ''}"
        )

    def _coded(
        self,
        line: int,
        wanted: Sequence[str],
        cells: list[str],
        words: Mapping[str, dict[str, int]],
    ) -> list[str]:
        """Return a row in which the number of each word stands for it."""
        for at, name in enumerate(wanted):
            if name in words:
                word = cells[at].strip()
                if not word:
                    raise TableError(f"{self._where(line, name)}: the word is missing")
                cells[at] = str(words[name].setdefault(word, len(words[name])))
        return cells

    def _numbers(
        self,
        cells: list[str],
        lines: list[int],
        wanted: Sequence[str],
        may_miss: Collection[str],
    ) -> NDArray[np.float64]:
        """Return the cells of some rows as numbers, shape (rows, columns)."""
        shape = (len(lines), len(wanted))
        self._first = lines[0] if self._first is None else self._first
        plain = [cell.translate(self._plain) for cell in cells] if self._plain else cells
        try:
            numbers = np.fromiter(map(float, plain), np.float64, len(cells))
        except ValueError:
            pass
        else:
            if np.all(np.isfinite(numbers)) and "_" not in "".join(plain):
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
        where, word = self._where(line, name), cell.strip()
        if word.lower() in MISSING:
            if name in may_miss:
                return math.nan
            found = f"is missing ({shown(word)})" if word else "is missing"
            raise TableError(f"{where}: the value {found}; only slope columns may have gaps")
        plain = word.translate(self._plain) if self._plain else word
        number = _float(plain)
        if math.isinf(number):
            raise TableError(f"{where}: {shown(word)} is not a finite float64 number")
        if math.isnan(number) or "_" in plain:
            fault = f"{where}: {shown(word)} is not a number"
            if "_" not in word and not math.isnan(_float(word.replace(",", ".", 1))):
                raise TableError(f"{fault}; --decimal {',' if ',' in word else '.'} reads it")
            raise TextColumnError(fault, name) if line == self._first else TableError(fault)
        return number

    def _where(self, line: int, name: str) -> str:
        return f"{self.path}, {self._place} {line}, column {shown(name)}"


def _float(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan

"""Read CSV: one pass over the lines of a file of UTF-8 text."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ._table import Form, TableError
from ._text import TextReader

DELIMITERS = (",", ";", "\t")
NOT_TEXT = {
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save it as .xlsx or CSV",
    b"\x1f\x8b": "is compressed by gzip; unpack it first",
}


def csv_reader(file: BinaryIO, path: Path, start: bytes, form: Form) -> TextReader:
    """Open a CSV file.

    The separator is the comma, semicolon or tab, whichever is most frequent in the header. Empty
    lines are skipped.

    Raises
    ------
    TableError
        If the file is not UTF-8 text (with or without a byte-order mark), is empty, or its header
        is unusable.
    """
    for signature, fault in NOT_TEXT.items():
        if start.startswith(signature):
            raise TableError(f"{path} {fault}")
    lines = _Lines(file, path, form)
    text = iter(lines)
    header = next((line for line in text if line.strip()), None)
    if header is not None and header.startswith("sep="):  # Excel's note on the separator
        header = next(text, None)
    if header is None:
        raise TableError(f"{path} is empty")
    separators = [mark for mark in DELIMITERS if mark in header and mark != form.decimal]
    separator = max(separators or DELIMITERS, key=header.count)
    hint = "; decimal commas need --decimal , and another separator, a semicolon or tab"
    rows = _rows(lines, itertools.chain([header], text), separator)
    return TextReader(path, rows, form, hint=hint if separator == "," else "")


class _Lines:
    """The lines of a file, without those to skip, and the number of the last one."""

    def __init__(self, file: BinaryIO, path: Path, form: Form) -> None:
        self._file, self._form, self.path = file, form, path
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._file, start=1):
            self.number = number
            if self.number <= self._form.skip_rows:
                continue
            try:
                text = line.decode("utf-8-sig" if self.number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise TableError(
                    f"{self.path}, line {self.number}: this is not UTF-8 text; save the file as"
                    " UTF-8"
                ) from None
            if "\0" in text:
                raise TableError(f"{self.path}, line {self.number}: the line holds a NUL character")
            if not (self._form.comment and text.lstrip().startswith(self._form.comment)):
                yield text


def _rows(lines: _Lines, text: Iterator[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their last lines; an error names the line where a broken row begins."""
    reader = csv.reader(text, delimiter=separator, skipinitialspace=True, strict=True)
    began = lines.number
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableError(
                f"{lines.path}, line {began}: the row cannot be read, perhaps because a quotation"
                f" mark is not closed ({error})"
            ) from None
        yield lines.number, row
        began = lines.number + 1

"""Read the first sheet of an Excel workbook with openpyxl, under the same rules as CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ._table import Form, TableError
from ._text import TextReader

MAGIC = b"PK\x03\x04"


def excel_reader(file: BinaryIO, path: Path, form: Form) -> TextReader:
    """Open a workbook; formulas count as their last results, and empty rows are skipped.

    Raises
    ------
    TableError
        If it is not a workbook, or its header is unusable.
    ImportError
        If openpyxl is not installed; the message says how to install it.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(
            f"{path} is an Excel workbook or another zip archive; save it as CSV, or install"
            " openpyxl: pip install 'slopenet[excel]'"
        ) from error
    content = file if file.seekable() else io.BytesIO(file.read())
    try:
        book = openpyxl.load_workbook(content, read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except Exception as error:  # openpyxl raises errors of its many parts
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise TableError(
            f"{path} is a zip archive, but not a valid Excel workbook ({reason})"
        ) from None
    return TextReader(path, _rows(sheet, path, form), form, place="row")


def _rows(sheet: Any, path: Path, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, all as wide as the first one."""
    width = 0
    try:
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            row = [_text(cell, form.decimal) for cell in cells]
            while row and not row[-1]:
                row.pop()
            comment = bool(form.comment and row and row[0].startswith(form.comment))
            if number <= form.skip_rows or comment or not row:
                continue
            width = width or len(row)
            yield number, row + [""] * (width - len(row))
    except (KeyError, ValueError, SyntaxError, EOFError, OSError) as error:
        raise TableError(f"{path} is damaged ({' '.join(str(error).split())[:120]})") from None


def _text(cell: Any, decimal: str) -> str:
    """Return a cell as in a CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).replace(".", decimal)
    return str(int(cell)) if isinstance(cell, bool) else str(cell)

"""Excel workbooks: usual sheets are read, and bad cells and files are named."""

import datetime as dt

import numpy as np
import pytest

from slopenet.tables import Form, TableError, read_columns, read_samples

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def workbook(tmp_path):
    def save(*rows):
        book, path = openpyxl.Workbook(), tmp_path / "data.xlsx"
        for row in rows:
            book.active.append(row)
        book.save(path)
        return path

    return save


def test_numbers_gaps_and_other_columns(workbook):
    path = workbook(
        ["T\n[K]", "p", "remark", "rho", "drho/dT", None],
        [700, 5.5, "a note", "16.5", -0.03],
        [],
        [710, True, dt.date(2024, 1, 1), 20],
    )
    samples = read_samples(path, ["T", "p"], ["rho"])
    assert samples.inputs == ("T [K]", "p")
    np.testing.assert_array_equal(samples.X, [[700, 5.5], [710, 1]])
    np.testing.assert_array_equal(samples.y, [[16.5], [20]])
    np.testing.assert_array_equal(samples.dydx, [[[-0.03, np.nan]], [[np.nan, np.nan]]])
    assert samples.unused == ("remark",)


def test_lines_above_the_header_comments_and_decimal_commas(workbook):
    path = workbook(["a title"], [], ["T", "rho"], ["# none"], ["1,5", 2], [3.25, "4,5"])
    form = Form(decimal=",", skip_rows=2, comment="#")
    np.testing.assert_array_equal(read_columns(path, ["T", "rho"], form), [[1.5, 2], [3.25, 4.5]])
    with pytest.raises(TableError, match=r"row 5, column 'T': '1,5' is not a number; --decimal ,"):
        read_columns(path, ["T", "rho"], Form(skip_rows=2, comment="#"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["T", "rho"], [1, "x"]], "row 2, column 'rho': 'x' is not a number"),
        ([["T", "rho"], [1, None]], "row 2, column 'rho': the value is missing"),
        ([["T", "rho"], [1, dt.date(2024, 1, 1)]], "'2024-01-01 00:00:00' is not a number"),
        ([["T", "rho"]], "has a header but no rows"),
        ([["T", "rho"], [1, 2, 3]], "row 2: the row has 3 values where the header names 2"),
        ([["T", "q"], [1, 2]], "has no column 'rho'"),
        ([], "the first line names no columns"),
    ],
)
def test_a_bad_sheet_is_named_by_its_place(workbook, rows, message):
    with pytest.raises(TableError, match=message):
        read_columns(workbook(*rows), ["T", "rho"])


def test_another_zip_archive_and_a_damaged_workbook_are_refused(workbook, save):
    message = "is a zip archive, but not a valid Excel workbook"
    with pytest.raises(TableError, match=message):
        read_columns(save(b"PK\x03\x04rest"), ["T"])
    whole = workbook(["T"], *([i] for i in range(500))).read_bytes()
    for cut in range(200, len(whole), 700):
        with pytest.raises(TableError, match=f"{message}|is damaged"):
            read_columns(save(whole[:cut]), ["T"])

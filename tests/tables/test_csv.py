"""CSV: usual forms are read, and a bad file or cell is named by its line and column."""

import os

import numpy as np
import pytest
from small_table import GOOD

from slopenet.tables import (
    TableError,
    open_table,
    read_columns,
    read_samples,
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte-order mark"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param(GOOD.replace(b",", b";"), id="semicolons"),
        pytest.param(GOOD.replace(b",", b"\t"), id="tabs"),
        pytest.param(GOOD.replace(b",", b" , "), id="spaces around"),
        pytest.param(GOOD + b"\n\n", id="empty lines at the end"),
        pytest.param(GOOD.replace(b"700", b'"700"'), id="quoted number"),
        pytest.param(GOOD.rstrip(), id="no line end at the end"),
        pytest.param(b"id,when," + GOOD.replace(b"\n7", b"\nx,2024-01-01,7"), id="other columns"),
        pytest.param(b"," + GOOD.replace(b"\n7", b"\n0,7"), id="index without a name"),
    ],
)
def test_usual_forms_of_csv_give_the_same_numbers(save, content):
    samples = read_samples(save(content), ["T", "p"], ["rho"])
    np.testing.assert_array_equal(samples.X, [[700, 5], [710, 6]])
    np.testing.assert_array_equal(samples.y, [[16.5], [20]])


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "-nan", "null", "None", "<NA>", "-", "?"])
def test_every_spelling_of_missing_is_a_missing_slope_but_never_a_value(save, word):
    row = f"700,5,{word},-1\n".encode()
    path = save(b"T,p,drho/dT,rho\n" + row)
    assert np.isnan(read_samples(path, ["T"], ["rho"]).dydx).all()
    path = save(b"T,p,rho,z\n1,2,3,4\n" + row)
    with pytest.raises(TableError, match=r"line 3, column 'rho': the value is missing"):
        read_samples(path, ["T"], ["rho"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n \n", "is empty", id="blank"),
        pytest.param(b"T,rho\n", "has a header but no rows", id="header only"),
        pytest.param(b",\n1,2\n", "the first line names no columns", id="no names"),
        pytest.param(b"T,rho,T\n1,2,3\n", "columns 1 and 3 are both named 'T'", id="duplicates"),
        pytest.param(
            b"T,rho\n1,2\n3\n", "line 3: the row has 1 value where the header names 2", id="short"
        ),
        pytest.param(b"T,rho\n1,2\n3,4,5\n", "line 3: the row has 3 values", id="long"),
        pytest.param(
            b"T,rho\n1,5,2,5\n",
            "decimal commas need --decimal , and another separator",
            id="decimal comma",
        ),
        pytest.param(
            b"T;rho\n1,5;2,5\n",
            "line 2, column 'T': '1,5' is not a number; --decimal , reads it",
            id="decimal comma between semicolons",
        ),
        pytest.param("T,rho\n1,2\n".encode("utf-16"), "is UTF-16 text", id="UTF-16"),
        pytest.param("T,rho\n1,2\n".encode("utf-16-le"), "line 1: .*NUL", id="UTF-16, no mark"),
        pytest.param(b"T,rho\n1,2\n3,\x004\n", "line 3: the line holds a NUL", id="NUL"),
        pytest.param(b"T,rho\n1,2\n\xb0,4\n", "line 3: this is not UTF-8 text", id="Latin-1"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook", id="xls"),
        pytest.param(b"\x1f\x8brest", "is compressed by gzip", id="gzip"),
        pytest.param(b'T,rho\n1,2\n"3,4\n5,6\n', "line 3: .*not closed", id="open quote"),
        pytest.param(b'"T,rho\n1,2\n', "line 1: .*not closed", id="open quote in the header"),
        pytest.param(b'T,rho\n1,2\n"3,4\n5,"6\n', "line 3: .*not closed", id="quote closed late"),
        pytest.param(
            b'T,rho\n"' + b"1,2\n" * 50_000, "line 2: .*not closed", id="open quote in a long file"
        ),
        pytest.param(b"T,rho\n1,2\n3,x\n", "line 3, column 'rho': 'x' is not a number", id="word"),
        pytest.param(b"T,rho\n1,2_0\n", "line 2, column 'rho': '2_0' is not a num", id="2_0"),
        pytest.param(b"T,rho\n1,inf\n", "line 2, column 'rho': 'inf' is not a fin", id="inf"),
        pytest.param(b"T,rho\n1,1e999\n", "line 2, column 'rho': '1e999' is not", id="overflow"),
        pytest.param(b"T,Rho\n1,2\n", r"no column 'rho' \(did you mean 'Rho'\?\)", id="case"),
        pytest.param(b"PAR1 but no more", "is truncated or not a valid Parquet", id="Parquet"),
    ],
)
def test_a_bad_file_ends_in_one_sentence_that_names_the_place(save, content, message):
    if content.startswith(b"PAR1"):
        pytest.importorskip("pyarrow")
    path = save(content)
    with pytest.raises(TableError, match=message) as caught:
        read_columns(path, ["T", "rho"])
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert not sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < len(str(path)) + 200


def test_a_bad_cell_far_down_is_named_by_its_own_line(save):
    rows = b"1,2\n" * 200_000
    with pytest.raises(TableError, match="line 200002, column 'rho'"):
        read_columns(save(b"T,rho\n" + rows + b"1,oops\n" + rows), ["T", "rho"])


def test_a_million_columns_are_read_and_a_wrong_name_among_them_is_refused(save):
    count = 1_000_000
    header = ",".join(f"c{i}" for i in range(count))
    path = save(f"{header}\n{'0,' * (count - 1)}7\n".encode())
    np.testing.assert_array_equal(read_columns(path, ["c999999", "c0"]), [[7, 0]])
    with pytest.raises(TableError, match=r"no column 'T'.* and 999988 more"):
        read_columns(path, ["T"])


def test_a_pipe_is_read_in_one_pass(tmp_path):
    """Names and numbers come from one opening: a second one would lose buffered bytes."""
    reader, writer = os.pipe()
    os.write(writer, GOOD)
    os.close(writer)
    with open_table(f"/dev/fd/{reader}") as table:
        assert table.names == ("T", "p", "rho", "drho/dT")
        np.testing.assert_array_equal(table.read(["p"]), [[5], [6]])
    os.close(reader)

"""Tables: what is read is right to the bit, and whatever is wrong is named in one sentence."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from slopenet.tables import (
    TableError,
    open_table,
    prediction_names,
    read_columns,
    read_samples,
    refuse_same_file,
    write_table,
)

GOOD = b"T,p,rho,drho/dT\n700,5,16.5,-0.03\n710,6,20,\n"


@pytest.fixture
def save(tmp_path):
    def save_bytes(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save_bytes


def test_columns_come_in_the_order_asked_for(save):
    numbers = read_columns(save(GOOD), ["rho", "T"])
    np.testing.assert_array_equal(numbers, [[16.5, 700], [20, 710]])


def test_slopes_are_found_by_their_names_and_gaps_are_nan(save):
    samples = read_samples(save(GOOD), ["T", "p"], ["rho"])
    assert samples.slopes == ("drho/dT",)
    np.testing.assert_array_equal(samples.dydx, [[[-0.03, np.nan]], [[np.nan, np.nan]]])
    np.testing.assert_array_equal(samples.y, [[16.5], [20]])


def test_each_slope_lands_at_its_output_and_input_whatever_the_column_order(save):
    path = save(b"dv/db,b,du/db,v,dv/da,a,u,du/da\n4,10,2,30,3,20,40,1\n")
    samples = read_samples(path, ["a", "b"], ["u", "v"])
    np.testing.assert_array_equal(samples.X, [[20, 10]])
    np.testing.assert_array_equal(samples.y, [[40, 30]])
    np.testing.assert_array_equal(samples.dydx, [[[1, 2], [3, 4]]])


def test_a_table_without_slopes_or_told_not_to_look_has_none(save):
    assert read_samples(save(GOOD), ["T"], ["p"]).dydx is None
    assert read_samples(save(GOOD), ["T"], ["rho"], slopes=False).dydx is None


def test_rows_of_samples_keep_values_and_slopes_together(save):
    second = read_samples(save(GOOD), ["T"], ["rho"]).rows(slice(1, 2))
    assert second.X == 710
    assert second.y == 20
    assert np.isnan(second.dydx).all()


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
            b"T,rho\n1,5,2,5\n", "a decimal comma must be written as a point", id="decimal comma"
        ),
        pytest.param(
            b"T;rho\n1,5;2,5\n",
            "line 2, column 'T': '1,5' is not a number; write the decimal comma as a point",
            id="decimal comma between semicolons",
        ),
        pytest.param("T,rho\n1,2\n".encode("utf-16"), "is UTF-16 text", id="UTF-16"),
        pytest.param("T,rho\n1,2\n".encode("utf-16-le"), "line 1: .*NUL", id="UTF-16, no mark"),
        pytest.param(b"T,rho\n1,2\n3,\x004\n", "line 3: the line holds a NUL", id="NUL"),
        pytest.param(b"T,rho\n1,2\n\xb0,4\n", "line 3: this is not UTF-8 text", id="Latin-1"),
        pytest.param(b"PK\x03\x04rest", "is an Excel workbook", id="zip"),
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
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < len(str(path)) + 200


def test_an_infinite_slope_is_no_missing_slope(save):
    with pytest.raises(TableError, match="line 2, column 'drho/dT': 'inf' is not a finite"):
        read_samples(save(b"T,rho,drho/dT\n1,2,inf\n"), ["T"], ["rho"])


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
    """Names and numbers come from one opening: a second one would lose what was buffered."""
    reader, writer = os.pipe()
    os.write(writer, GOOD)
    os.close(writer)
    with open_table(f"/dev/fd/{reader}") as table:
        assert table.names == ("T", "p", "rho", "drho/dT")
        np.testing.assert_array_equal(table.read(["p"]), [[5], [6]])
    os.close(reader)


NUMBERS = np.array([[0.1, 1e-308, -0.0], [5e-324, 1.7976931348623157e308, 1 / 3]])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_written_numbers_read_back_to_the_bit(tmp_path, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out.{suffix}"
    names = ["T", "a,b", "drho/dT"]
    write_table(path, names, [NUMBERS[:1], NUMBERS[1:]])
    assert read_columns(path, names).tobytes() == NUMBERS.tobytes()


def test_parquet_and_csv_of_the_same_table_give_the_same_samples(tmp_path, save):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "T": pyarrow.array([700, 710], pyarrow.int32()),
        "p": pyarrow.array([5.0, 6.0], pyarrow.float32()),
        "rho": pyarrow.array([16.5, 20.0]),
        "drho/dT": pyarrow.array([-0.03, None]),
        "remark": pyarrow.array(["a", "b"]),
    }
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    ours, other = (read_samples(p, ["T", "p"], ["rho"]) for p in (path, save(GOOD)))
    for a, b in zip(ours, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

    def save_columns(**columns):
        path = tmp_path / "data.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        return path

    return save_columns


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"T": [1.0, None]}, "row 2, column 'T': the value is missing"),
        ({"T": [None, None]}, "row 1, column 'T': the value is missing"),
        ({"T": [1.0, float("nan")]}, "row 2, column 'T': the value is missing"),
        ({"T": [float("inf"), 1.0]}, "row 1, column 'T': inf is not a finite"),
        ({"T": ["1", "2"]}, "column 'T': the column holds string, not numbers"),
        ({"T": [[1.0], [2.0]]}, "column 'T': the column holds list"),
        ({"t": [1.0]}, "no column 'T'"),
    ],
)
def test_bad_parquet_columns_are_named(parquet, columns, message):
    with pytest.raises(TableError, match=message):
        read_columns(parquet(**columns), ["T"])


def test_a_parquet_table_without_rows_is_refused(parquet):
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(TableError, match="has columns but no rows"):
        read_columns(parquet(T=pyarrow.array([], pyarrow.float64())), ["T"])


def test_parquet_cut_short_anywhere_is_a_table_error(parquet):
    path = parquet(T=np.arange(300.0), rho=np.arange(300.0))
    content = path.read_bytes()
    for length in range(4, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(TableError, match="is truncated"):
            read_columns(path, ["T"])


def test_damaged_parquet_data_is_a_table_error(parquet):
    path = parquet(T=np.random.default_rng(0).normal(size=300))
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(TableError, match="is truncated or not a valid Parquet"):
        read_columns(path, ["T"])


def test_without_pyarrow_parquet_says_what_to_install_and_csv_works(monkeypatch, save):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'slopenet\[demo\]'"):
        read_columns(save(b"PAR1....", "a.parquet"), ["T"])
    path = save(GOOD)
    with pytest.raises(ImportError, match=r"pip install 'slopenet\[demo\]'"):
        write_table(path.with_suffix(".parquet"), ["T"], [np.ones((1, 1))])
    assert not path.with_suffix(".parquet").exists()
    assert read_columns(path, ["T"]).shape == (2, 1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, OSError])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path, error, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out.{suffix}"
    path.write_bytes(b"precious")

    def blocks():
        yield np.ones((1000, 1))
        raise error

    with pytest.raises(error):
        write_table(path, ["T"], blocks())
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_interrupt_during_the_clean_up_leaves_nothing_behind(tmp_path, monkeypatch):
    path, unlink, calls = tmp_path / "out.csv", Path.unlink, []

    def interrupted_unlink(self, missing_ok=False):
        calls.append(self)
        if len(calls) == 1:
            raise KeyboardInterrupt
        unlink(self, missing_ok=missing_ok)

    def blocks():
        yield np.ones((1, 1))
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", interrupted_unlink)
    with pytest.raises(KeyboardInterrupt):
        write_table(path, ["T"], blocks())
    assert calls
    assert not list(tmp_path.iterdir())


def test_writing_keeps_a_link_a_link_and_the_mode_of_the_file(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_table(link, ["T"], [np.ones((1, 1))])
    assert link.is_symlink()
    assert target.read_bytes() == b"T\n1.0\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_oserror_and_a_device_is_written_to_not_replaced():
    with pytest.raises(OSError, match="No space left"):
        write_table("/dev/full", ["T"], [np.ones((100_000, 1))])
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_an_unknown_suffix_or_a_name_used_twice_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"written as \.csv or \.parquet, not \.xlsx"):
        write_table(tmp_path / "out.xlsx", ["T"], [np.ones((1, 1))])
    with pytest.raises(TableError, match="columns 1 and 2 are both named 'T'"):
        write_table(tmp_path / "out.csv", ["T", "T"], [np.ones((1, 2))])
    assert not list(tmp_path.iterdir())


def test_the_file_that_is_read_is_no_output_under_any_of_its_names(save, tmp_path):
    path = save(GOOD)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    for output in (path, str(path), link, tmp_path / "." / "data.csv"):
        with pytest.raises(TableError, match="is the input file"):
            refuse_same_file(output, path)
    refuse_same_file(tmp_path / "other.csv", path)


def test_predictions_are_named_like_the_table_they_were_learned_from():
    assert prediction_names(["T", "p"], ["rho", "h"]) == [
        *("T", "p", "rho", "h", "drho/dT", "drho/dp", "dh/dT", "dh/dp")
    ]
    assert prediction_names(["T"], ["rho"], slopes=False) == ["T", "rho"]

"""Parquet: the same rules as for CSV, and a damaged file is named."""

import sys

import numpy as np
import pytest
from small_table import GOOD

from slopenet.tables import (
    TableError,
    read_columns,
    read_samples,
    write_table,
)


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
    assert ours.unused == ("remark",)
    for a, b in zip(ours[:6], other[:6], strict=True):
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

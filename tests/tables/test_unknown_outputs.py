"""Empty cells of outputs are unknown values, if anything else is known in their rows."""

from pathlib import Path

import numpy as np
import pytest

from slopenet.tables import TableError, read_samples


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_an_empty_output_is_unknown_next_to_a_slope(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "x,y,dy/dx", "1,2,3", "4,,5", "6,7,")
    samples = read_samples(path, ["x"], ["y"])
    np.testing.assert_array_equal(samples.y[:, 0], [2, np.nan, 7])
    np.testing.assert_array_equal(samples.dydx_or_nan[:, 0, 0], [3, 5, np.nan])


def test_an_empty_output_is_unknown_next_to_another_output(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "x,u,v", "1,2,", "4,,5")
    np.testing.assert_array_equal(
        read_samples(path, ["x"], ["u", "v"]).y, [[2, np.nan], [np.nan, 5]]
    )


def test_unknown_outputs_of_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": [1.0, 2.0], "y": [None, 3.0], "dy/dx": [4.0, None]}), path)
    np.testing.assert_array_equal(read_samples(path, ["x"], ["y"]).y[:, 0], [np.nan, 3])


def test_a_row_without_anything_known_is_named(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "x,y,dy/dx", "1,2,3", "4,,")
    with pytest.raises(TableError, match=r"t\.csv, row 2 of the data: no output and no slope is"):
        read_samples(path, ["x"], ["y"])
    alone = table(tmp_path / "alone.csv", "x,y", "1,2", "4,")
    with pytest.raises(TableError, match=r"line 3, column 'y': the value is missing"):
        read_samples(alone, ["x"], ["y"])


def test_an_empty_input_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "x,y,dy/dx", "1,2,3", ",4,5")
    with pytest.raises(TableError, match=r"line 3, column 'x': the value is missing"):
        read_samples(path, ["x"], ["y"])

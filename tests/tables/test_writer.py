"""Tables are written to the bit, completely or not at all."""

import stat
from pathlib import Path

import numpy as np
import pytest
from small_table import GOOD

from slopenet.tables import (
    TableError,
    prediction_names,
    read_columns,
    refuse_same_file,
    write_table,
)

NUMBERS = np.array([[0.1, 1e-308, -0.0], [5e-324, 1.7976931348623157e308, 1 / 3]])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_written_numbers_read_back_to_the_bit(tmp_path, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out.{suffix}"
    names = ["T", "a,b", "drho/dT"]
    write_table(path, names, [NUMBERS[:1], NUMBERS[1:]])
    assert read_columns(path, names).tobytes() == NUMBERS.tobytes()


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


def test_the_file_that_is_read_is_not_an_output_under_any_of_its_names(save, tmp_path):
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

"""Data sets: predicted part by part, in bounded memory, and gone on with after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import slopenet as sn
from slopenet.cli import cli
from slopenet.tables import TableError, read_columns, runs, sources, write_parts, write_table

pytest.importorskip("pyarrow", reason="pyarrow is not installed")

NAMES = ["a", "b", "u", "v", "du/da", "du/db", "dv/da", "dv/db"]
FILES = {"x/one.parquet": 700, "x/two.pq": 0, "y.parquet": 1234, "z.parquet": 1}


@pytest.fixture
def network():
    names = {"input_names": ["a", "b"], "output_names": ["u", "v"]}
    return sn.Network.random((2, 5, 2), rng=0, **names)


@pytest.fixture
def model(network, tmp_path):
    network.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


@pytest.fixture
def data(tmp_path):
    """A folder of Parquet files with distinct rows, among other files that are not part of it."""
    folder = tmp_path / "data"
    (folder / "x").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, rows in FILES.items():
        write_table(folder / name, ["b", "a"], [rng.normal(size=(rows, 2))])
    (folder / "_metadata.parquet").write_text("not for us")
    (folder / ".hidden.parquet").write_text("not for us")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "0.parquet").write_text("half written")
    (folder / "notes.txt").write_text("not for us")
    return folder


def run(*args):
    return CliRunner().invoke(cli, ["predict", *map(str, args)])


def read(folder):
    """All rows of the parts, in order."""
    parts = sorted(folder.glob("part-*.parquet"))
    return np.concatenate([read_columns(part, NAMES) for part in parts])


def expected(network, data):
    X = np.concatenate(
        [read_columns(data / name, ["a", "b"]) for name, rows in FILES.items() if rows]
    )
    H, J = network.value_and_jacobian(X)
    return np.hstack([X, H, J.reshape(len(X), 4)])


def test_every_row_of_a_folder_is_predicted_once_in_order(network, model, data, tmp_path):
    out = tmp_path / "out"
    result = run(model, data, "-o", out, "--part-rows", 500)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{out} has 1935 rows of 8 columns in 6 files.\n"
    np.testing.assert_array_equal(read(out), expected(network, data))
    assert {path.name for path in out.iterdir()} == {
        "_manifest.json", *(f"part-{i:05}.parquet" for i in range(6))
    }  # fmt: skip


def test_other_readers_take_the_folder_as_one_data_set(network, model, data, tmp_path):
    from pyarrow import parquet

    run(model, data, "-o", tmp_path / "out", "--part-rows", 500)
    table = parquet.read_table(tmp_path / "out")
    assert table.column_names == NAMES
    rows = np.stack([column.to_numpy() for column in table.columns], axis=1)
    np.testing.assert_array_equal(rows, expected(network, data))


def test_one_file_is_written_in_parts_if_their_size_is_given(network, model, data, tmp_path):
    result = run(model, data / "y.parquet", "-o", tmp_path / "out", "--part-rows", 1000)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(read(tmp_path / "out"), expected(network, data)[700:1934])
    result = run(model, data / "y.parquet", "-o", tmp_path / "one.parquet", "--no-slopes")
    assert result.exit_code == 0, result.output
    found = read_columns(tmp_path / "one.parquet", NAMES[:4])
    np.testing.assert_array_equal(found, expected(network, data)[700:1934, :4])


def test_parts_cut_across_row_groups_and_blocks(tmp_path):
    """Of 10 rows in groups of 4, every run of rows equals the slice."""
    import pyarrow as pa
    from pyarrow import parquet

    numbers = np.arange(10.0)
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"x": numbers}), path, row_group_size=4)
    for rows in range(1, 12):
        for most in (1, 3, 100):
            pieces = runs(sources(path), rows)
            found = [np.concatenate(list(piece.blocks(["x"], most))).ravel() for piece in pieces]
            assert [len(part) for part in found] == [len(piece) for piece in pieces]
            assert all(len(part) == rows for part in found[:-1])
            np.testing.assert_array_equal(np.concatenate(found), numbers)


def test_files_come_in_the_order_of_the_numbers_in_their_names(tmp_path):
    for name in ("part.10", "part.9", "b/1", "part.9a", "part.100"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_table(tmp_path / f"{name}.parquet", ["a"], [np.zeros((1, 1))])
    found = [str(source.path.relative_to(tmp_path)) for source in sources(tmp_path)]
    parts = ["part.9.parquet", "part.9a.parquet", "part.10.parquet", "part.100.parquet"]
    assert found == ["b/1.parquet", *parts]


def test_a_bad_value_is_named_by_its_row_in_the_file(model, data, tmp_path):
    rows = np.zeros((3000, 2))
    rows[2500, 1] = np.nan
    write_table(data / "y.parquet", ["a", "b"], [rows])
    result = run(model, data, "-o", tmp_path / "out", "--part-rows", 1000)
    assert result.exit_code == 2
    assert "y.parquet, row 2501, column 'b': the value is missing" in result.stderr
    assert not list((tmp_path / "out").glob(".slopenet*"))


def test_whole_parts_are_kept_and_missing_or_truncated_parts_are_written(
    network, model, data, tmp_path
):
    out = tmp_path / "out"
    run(model, data, "-o", out, "--part-rows", 500)
    parts = sorted(out.glob("part-*"))
    before = [part.stat().st_mtime_ns for part in parts]
    parts[1].unlink()
    parts[3].write_bytes(parts[3].read_bytes()[:100])
    (out / ".slopenet-0123456789abcdef.tmp").write_text("left by a killed process")
    result = run(model, data, "-o", out, "--part-rows", 500)
    assert result.stdout.endswith("in 6 files, 4 of which were there.\n")
    same = [part.stat().st_mtime_ns == time for part, time in zip(parts, before, strict=True)]
    assert same == [True, False, True, False, True, True]
    np.testing.assert_array_equal(read(out), expected(network, data))
    assert len(list(out.iterdir())) == 7


def test_parts_of_another_run_are_refused(network, model, data, tmp_path):
    out = tmp_path / "out"
    run(model, data, "-o", out, "--part-rows", 500)
    before = read(out)
    other = tmp_path / "other.safetensors"
    sn.Network.random((2, 5, 2), rng=1, input_names=["a", "b"], output_names=["u", "v"]).save(other)
    cases = {
        "its model": [other, data, "--part-rows", 500],
        "its rows of a part": [model, data, "--part-rows", 501],
        "its columns": [model, data, "--part-rows", 500, "--no-slopes"],
        "its data": [model, data / "x", "--part-rows", 500],
    }
    for what, args in cases.items():
        result = run(*args, "-o", out)
        assert result.exit_code == 2
        assert f"holds parts of another run, which differs in {what};" in result.stderr
    os.utime(data / "z.parquet", (0, 0))
    assert "its data;" in run(model, data, "-o", out, "--part-rows", 500).stderr
    np.testing.assert_array_equal(read(out), before)


def test_nothing_is_removed_from_a_folder_that_is_refused(model, data, tmp_path):
    saving = tmp_path / ".slopenet-0123456789abcdef.tmp"
    saving.write_text("a file that another process is about to put in its place")
    assert run(model, data, "-o", tmp_path).exit_code == 2
    assert saving.exists()


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b"\xff", b'{"model": 1}'])
def test_a_file_that_is_not_a_manifest_is_refused(model, data, tmp_path, manifest):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "_manifest.json").write_bytes(manifest)
    result = run(model, data, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "is not a manifest of parts" in result.stderr


def test_a_place_that_will_not_do_is_refused_before_the_work(model, data, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "text.csv").write_text("a,b\n1,2\n")
    write_table(tmp_path / "c.parquet", ["a", "c"], [np.zeros((1, 2))])
    cases = [
        ("and no _manifest.json; parts go to a new", [model, data, "-o", tmp_path]),
        ("is in the input folder", [model, data, "-o", data]),
        ("is in the input folder", [model, data, "-o", data / "x" / "out"]),
        ("name one with -o", [model, data]),
        ("is a file; a data set is written to a folder", [model, data, "-o", data / "y.parquet"]),
        ("is the name of a table, not of a folder", [model, data, "-o", tmp_path / "x.csv"]),
        ("there is no folder", [model, data, "-o", tmp_path / "no" / "out"]),
        ("has no file that ends in .parquet or .pq", [model, empty, "-o", tmp_path / "o"]),
        ("is not a Parquet file", [model, tmp_path / "text.csv", "-o", empty, "--part-rows", 9]),
        ("has no column 'b'", [model, tmp_path / "c.parquet", "-o", empty, "--part-rows", 9]),
        ("has columns but no rows", [model, data / "x/two.pq", "-o", empty, "--part-rows", 9]),
    ]
    for message, args in cases:
        result = run(*args)
        assert (result.exit_code, result.stdout) == (2, ""), args
        assert message in result.stderr
    assert not list(empty.iterdir())
    assert not (tmp_path / "o").exists()


def test_a_file_that_changes_between_two_parts_is_refused(data):
    (piece,) = runs(sources(data / "z.parquet"), 10)
    os.utime(data / "z.parquet", (0, 0))
    with pytest.raises(TableError, match="has changed since its rows were counted"):
        list(piece.blocks(["a"], 10))


def test_two_processes_do_not_write_to_one_folder(tmp_path):
    pytest.importorskip("fcntl")

    def blocks(_):
        with pytest.raises(TableError, match="is being written to by another process"):
            list(write_parts(tmp_path / "out", ["a"], [1], {}, blocks))
        yield np.zeros((1, 1))

    assert list(write_parts(tmp_path / "out", ["a"], [1], {}, blocks)) == [(0, False)]
    assert list(write_parts(tmp_path / "out", ["a"], [1], {}, blocks)) == [(0, True)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no kill -9")
def test_a_killed_run_goes_on_without_losing_or_repeating_a_row(network, model, tmp_path):
    """10^5 rows; the process is killed, several times, as soon as it has written another part."""
    data, out = tmp_path / "rows.parquet", tmp_path / "out"
    X = np.random.default_rng(0).normal(size=(100_000, 2))
    write_table(data, ["a", "b"], [X])
    command = [sys.executable, "-m", "slopenet", "predict", model, data, "-o", out]
    command = [*map(str, command), "--part-rows", "2000"]
    for _ in range(3):
        there = len(list(out.glob("part-*")))
        process = subprocess.Popen(command)
        while process.poll() is None and len(list(out.glob("part-*"))) <= there:
            time.sleep(0.001)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert there < len(list(out.glob("part-*"))) < 50
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "has 100000 rows of 8 columns in 50 files, " in result.stdout
    H, J = network.value_and_jacobian(X)
    np.testing.assert_array_equal(read(out), np.hstack([X, H, J.reshape(len(X), 4)]))
    assert json.loads((out / "_manifest.json").read_text())["columns"] == NAMES
    assert len(list(Path(out).iterdir())) == 51

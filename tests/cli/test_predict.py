"""`slopenet predict` writes inputs, values and slopes of every row."""

import os
import re
import signal

import numpy as np
import pytest
from command_line import NAMES, run, start, surface

import slopenet as sn
from slopenet.tables import read_columns


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predict_writes_inputs_values_and_slopes_of_every_row(folder, tmp_path, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    output = tmp_path / f"out.{suffix}"
    result = run("predict", folder / "model.safetensors", folder / "data.csv", "-o", output)
    assert result.exit_code == 0
    assert result.stdout == f"Wrote 60 rows of 8 columns to {output}.\n"
    found, X = read_columns(output, NAMES), surface(60)[:, :2]
    H, J = sn.load(folder / "model.safetensors").value_and_jacobian(X)
    np.testing.assert_array_equal(found, np.hstack([X, H, J.reshape(60, 4)]))


def test_predict_needs_the_input_columns_only_and_can_leave_slopes_out(folder, tmp_path):
    data = tmp_path / "inputs.csv"
    data.write_text("b,remark,a\n0.5,hello,-0.5\n")
    result = run("predict", folder / "model.safetensors", data, "--no-slopes")
    header, row = result.stdout.splitlines()
    assert header == "a,b,u,v"
    network = sn.load(folder / "model.safetensors")
    assert [float(cell) for cell in row.split(",")[2:]] == network([[-0.5, 0.5]])[0].tolist()


def test_predict_in_many_blocks_gives_the_same_bytes(folder, monkeypatch):
    args = ("predict", folder / "model.safetensors", folder / "data.csv")
    whole = run(*args).stdout
    monkeypatch.setattr("slopenet.evaluate.errors.BLOCK_ENTRIES", 42)
    assert run(*args).stdout == whole
    assert len(whole.splitlines()) == 61


def test_a_model_without_names_takes_x1_x2_and_gives_y1(tmp_path):
    network = sn.Network.random((2, 3, 1), rng=0)
    model, data = tmp_path / "model.safetensors", tmp_path / "data.csv"
    network.save(model)
    data.write_text("x2,x1\n2,1\n")
    header, row = run("predict", model, data).stdout.splitlines()
    assert header == "x1,x2,y1,dy1/dx1,dy1/dx2"
    value, jacobian = network.value_and_jacobian(np.array([[1.0, 2.0]]))
    expected = [1, 2, value.item(), *jacobian.ravel()]
    assert [float(cell) for cell in row.split(",")] == expected


def far(folder, tmp_path):
    """The rows of the model's table, and three more that are outside."""
    text = (folder / "data.csv").read_text()
    extra = ["5,0", "-7,0.5", "0,9"]
    path = tmp_path / "far.csv"
    path.write_text(text + "".join(f"{row},0,0,0,0,0,0\n" for row in extra))
    return path


def test_rows_outside_the_training_data_are_counted_on_stderr(folder, tmp_path):
    model, data = folder / "model.safetensors", far(folder, tmp_path)
    inside = sn.load(model).inside(read_columns(data, NAMES[:2]))
    outside = 63 - int(inside.sum())
    result = run("predict", model, data)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 64
    first, a, b = result.stderr.splitlines()
    message = f"Warning: {outside} of 63 rows are outside the ranges of the training data:"
    assert first == message
    assert "values from -7 to 5, training data from -0." in a
    assert a.startswith("  a: ")
    assert b.startswith("  b: 1 row; ")
    assert "to 9, training data from -0." in b
    for silent in (["--outside", "ignore"], ["-q"]):
        quiet = run("predict", model, data, *silent)
        assert (quiet.stdout, quiet.stderr) == (result.stdout, "")


def test_rows_outside_can_be_refused_and_no_file_is_written(folder, tmp_path):
    model, data = folder / "model.safetensors", far(folder, tmp_path)
    output = tmp_path / "out.csv"
    result = run("predict", model, data, "--outside", "error", "-o", output)
    assert result.exit_code == 2
    pattern = r"rows are outside the ranges of the training data: a \d, b 1\.$"
    assert re.search(pattern, result.stderr)
    assert not output.exists()
    plain = tmp_path / "plain"
    sn.Network.random((2, 3, 1), rng=0, input_names=["a", "b"]).save(plain)
    assert run("predict", plain, data).stderr == ""
    result = run("predict", plain, data, "--outside", "error")
    assert result.exit_code == 2
    assert "does not know the ranges of its training data" in result.stderr


def test_an_ensemble_is_averaged_and_its_spread_may_be_added(folder, tmp_path):
    names = {"input_names": ["a", "b"], "output_names": ["u"]}
    together = sn.Ensemble([sn.Network.random((2, 3, 1), rng=seed, **names) for seed in (0, 1)])
    together.save(tmp_path / "all")
    output = tmp_path / "out.csv"
    result = run("predict", tmp_path / "all", folder / "data.csv", "--spread", "-o", output)
    assert result.exit_code == 0, result.output
    X = surface(60)[:, :2]
    columns = {"u": together(X), "u_spread": together.spread(X)}
    columns["du/db_spread"] = together.jacobian_spread(X)[:, :, 1]
    for name, expected in columns.items():
        np.testing.assert_array_equal(read_columns(output, [name]), expected)
    result = run("predict", folder / "model.safetensors", folder / "data.csv", "--spread")
    assert result.exit_code == 2
    assert "--spread needs an ensemble" in result.stderr
    result = run("explain", tmp_path / "all", "--at", "a=1,b=2")
    assert "is an ensemble of 2 networks" in result.stderr


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, "\nInterrupted.\n"), (signal.SIGTERM, 143, "")],
)
def test_a_signal_ends_the_command_without_a_traceback(folder, tmp_path, number, status, message):
    """The command waits for its rows from a pipe when the signal comes."""
    pipe, output = tmp_path / "pipe.csv", tmp_path / "out.csv"
    os.mkfifo(pipe)
    output.write_text("precious")
    process = start("predict", folder / "model.safetensors", pipe, "-o", output)
    with pipe.open("wb", buffering=0) as rows:
        rows.write(b"a,b\n1,2\n")
        process.send_signal(number)
        stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr) == (status, message)
    assert output.read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"pipe.csv", "out.csv"}


def test_rows_without_a_finite_value_are_named(tmp_path):
    model, data = tmp_path / "log.safetensors", tmp_path / "data.csv"
    sn.Network([[[1.0]], [[2.0]]], [[0.0], [1.0]], ["log", "identity"]).save(model)
    data.write_text("x1\n2\n-1\n3\n0\n")
    result = run("predict", model, data)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2] == "-1.0,nan,nan"
    said = "Warning: 2 rows have predictions that are NaN or infinite, as outside the domain of a"
    assert result.stderr == f"{said} logarithm: rows 2, 4\n"
    assert run("predict", model, data, "-q").stderr == ""
    assert run("predict", model, "--at", "x1=2").stderr == ""
    data.write_text("x1\n" + "-1\n" * 9)
    assert "rows 1, 2, 3, 4, 5 and others" in run("predict", model, data, "--no-slopes").stderr

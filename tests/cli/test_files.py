"""Files given to the commands: a wrong one is named, and no input is overwritten."""

import pytest
from command_line import FIT, refused, run

import slopenet as sn


def test_an_output_that_may_not_be_written_is_refused_before_the_work(folder, monkeypatch):
    monkeypatch.setattr(sn, "fit", lambda *args, **settings: pytest.fail("fitted in vain"))
    result = run("fit", folder / "data.csv", *FIT, "-o", "/proc/model.safetensors")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: /proc/model.safetensors: ")
    assert "Wrote" not in result.stdout


def test_files_in_the_wrong_order_are_refused_with_the_right_one(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    swapped = run("predict", data, model)
    assert swapped.exit_code == 2
    assert "the order is MODEL DATA" in swapped.stderr
    fitted = run("fit", model, *FIT, "-o", folder / "new.safetensors")
    assert "is a model, not a table" in fitted.stderr


def test_quiet_commands_print_nothing(folder, tmp_path):
    result = run("fit", folder / "data.csv", *FIT, "-q", "-o", tmp_path / "m.safetensors")
    assert (result.exit_code, result.output) == (0, "")
    model, data = folder / "model.safetensors", folder / "data.csv"
    result = run("predict", model, data, "-q", "-o", tmp_path / "p.csv")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize("command", ["predict", "errors", "explain", "check", "info"])
def test_a_file_that_is_not_a_model_is_refused(folder, command):
    data = folder / "data.csv"
    args = {"predict": [data], "errors": [data], "explain": ["--at", "a=1,b=2"]}.get(command, [])
    assert refused(run(command, data, *args), "data.csv")
    assert refused(run(command, folder / "absent", *args), "'absent|absent' does not exist")
    assert refused(run(command, folder, *args), "is a directory")


def test_bad_tables_are_refused_by_name_and_place(folder, tmp_path):
    data = tmp_path / "bad.csv"
    data.write_text("a,b,u,v\n1,2,3,4\n1,x,3,4\n")
    message = r"bad\.csv, line 3, column 'b': 'x' is not a number\.$"
    assert refused(run("fit", data, *FIT, "-o", tmp_path / "m"), message)
    assert refused(run("predict", folder / "model.safetensors", data), message)
    assert refused(run("check", folder / "model.safetensors", data), message)
    assert refused(run("explain", folder / "model.safetensors", data), message)


def test_an_output_that_is_an_input_is_refused_and_nothing_is_lost(folder, tmp_path):
    data, model = folder / "data.csv", folder / "model.safetensors"
    before = data.read_bytes(), model.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(data)
    assert refused(run("fit", data, *FIT, "-o", data), "is the input file")
    assert refused(run("predict", model, data, "-o", data), "is the input file")
    assert refused(run("predict", model, data, "-o", link), "is the input file")
    assert refused(run("predict", model, data, "-o", model), "is the input file")
    assert (data.read_bytes(), model.read_bytes()) == before


@pytest.mark.parametrize("command", ["fit", "convert"])
def test_a_file_that_is_not_a_model_is_not_replaced_by_one(folder, tmp_path, command):
    other = tmp_path / "measured.csv"
    other.write_text("a,b\n1,2\n")
    source = {"fit": [folder / "data.csv", *FIT, "-o"], "convert": [folder / "model.safetensors"]}
    result = run(command, *source[command], other)
    assert refused(result, "measured.csv exists and is not a model")
    assert other.read_text() == "a,b\n1,2\n"
    other.write_text("")
    assert run(command, *source[command], other).exit_code == 0  # an empty file, by mktemp
    assert run(command, *source[command], other).exit_code == 0  # a model
    assert sn.load(other).sizes == (2, 8, 2)


def test_an_output_that_cannot_be_written_is_refused_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sn, "fit", lambda *args, **settings: pytest.fail("fitted in vain"))
    nowhere = tmp_path / "no" / "folder"
    assert refused(run("fit", folder / "data.csv", *FIT, "-o", nowhere / "m"), "there is no folder")
    model, data = folder / "model.safetensors", folder / "data.csv"
    assert refused(run("predict", model, data, "-o", nowhere / "p.csv"), "there is no folder")
    assert refused(run("predict", model, data, "-o", tmp_path), "is a directory")
    assert refused(run("predict", model, data, "-o", tmp_path / "p.xlsx"), "not .xlsx")

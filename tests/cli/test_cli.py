"""The command line: every command does its work, every failure is one sentence and a status."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

import slopenet as sn
from _slopenet_command.cli import COMMANDS
from slopenet.cli import cli
from slopenet.tables import read_columns, write_table

NAMES = ["a", "b", "u", "v", "du/da", "du/db", "dv/da", "dv/db"]


def surface(rows, seed=0):
    """u = sin(a) + b^2, v = a b, with their slopes; columns as in NAMES."""
    a, b = np.random.default_rng(seed).uniform(-1, 1, (2, rows))
    return np.stack([a, b, np.sin(a) + b**2, a * b, np.cos(a), 2 * b, b, a], axis=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data.csv and a model fitted to it, model.safetensors."""
    path = tmp_path_factory.mktemp("cli")
    write_table(path / "data.csv", NAMES, [surface(60)])
    result = run("fit", path / "data.csv", *FIT, "-o", path / "model.safetensors")
    assert result.exit_code == 0, result.output
    return path


FULL = Path("/dev/full")
FIT = ("--inputs", "a,b", "--outputs", "u,v", "--hidden", "8", "--epochs", "200")


def run(*args):
    """Run a command in this process."""
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def start(*args, **options):
    """Start a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "slopenet", *map(str, args)],
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def refused(result, message):
    """Check for status 2, and a last line on stderr that has the message and is a sentence."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert re.search(message, result.stderr.splitlines()[-1]), result.stderr
    assert "Traceback" not in result.stderr
    return True


# What the commands do


def test_help_shows_every_command_with_an_example_that_parses():
    text = run("--help").stdout
    for name in ("fit", "predict", "explain", "check", "info", "demo"):
        assert re.search(rf"^  {name} .*\.$", text, re.MULTILINE), "a summary is cut off"
        help_text = run(name, "--help").stdout
        example = re.search(rf"^ +slopenet ({name}.*)$", help_text, re.MULTILINE)[1]
        words = example.split()[1:]
        command = cli.commands[name]
        parser = command.make_parser(command.make_context(name, ["--help"], resilient_parsing=True))
        parser.parse_args(words)


def test_version_is_that_of_the_package():
    from importlib.metadata import version

    assert run("--version").stdout == f"slopenet {version('slopenet')}\n"


def test_fit_learns_values_and_slopes_and_keeps_the_names(folder):
    network = sn.load(folder / "model.safetensors")
    assert network.sizes == (2, 8, 2)
    assert (network.input_names, network.output_names) == (("a", "b"), ("u", "v"))
    rows = surface(200, seed=1)
    H, J = network.value_and_jacobian(rows[:, :2])
    assert np.sqrt(np.mean((H - rows[:, 2:4]) ** 2)) < 0.05
    assert np.sqrt(np.mean((J.reshape(-1, 4) - rows[:, 4:]) ** 2)) < 0.15


def test_fit_says_why_it_stopped_how_well_it_did_and_what_it_wrote(folder, tmp_path):
    output = tmp_path / "model.safetensors"
    result = run("fit", folder / "data.csv", *FIT, "-o", output)
    assert "54 rows learned from" in result.stdout
    assert "6 other rows" in result.stdout
    for name in NAMES[2:]:
        assert re.search(rf"│ {name} +│ +\d+\.\d\d\d% │ +\d", result.stdout)
    assert f"Wrote {output}." in result.stdout


def test_fit_takes_its_options_from_a_toml_file_too(folder, tmp_path):
    config, model = tmp_path / "fit.toml", tmp_path / "model.safetensors"
    lines = ['inputs = ["a", "b"]', 'outputs = ["u"]', "hidden = [5, 4]", 'method = "lbfgs"']
    config.write_text("\n".join([*lines, "epochs = 7", "l2 = 1e-4", f'output = "{model}"']))
    result = run("fit", folder / "data.csv", "--config", config, "--epochs", 9)
    assert result.exit_code == 0, result.output
    assert sn.load(model).sizes == (2, 5, 4, 1)
    assert "L-BFGS (as asked)" in result.stdout
    assert "all 9 epochs were used" in result.stdout  # the command line comes before the file
    config.write_text('metod = "lm"')
    told = run("fit", folder / "data.csv", "--config", config)
    assert refused(told, "'metod', which is not an option")
    config.write_text("epochs = ")
    assert refused(run("fit", folder / "data.csv", "--config", config), "is not a TOML file")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_fit_that_is_stopped_leaves_the_best_model_and_goes_on(folder, tmp_path, number, status):
    model, log = tmp_path / "model.safetensors", tmp_path / "log"
    options = ("--inputs", "a,b", "--outputs", "u,v", "--method", "lbfgs", "--validation", 0)
    options += ("--hidden", "8", "--checkpoint", tmp_path / "ckpt", "--log", log, "-o", model)
    process = start("fit", folder / "data.csv", *options, "--epochs", 1_000_000, "--l2", 0)
    while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") > 3):
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == status, errors
    assert "has the best network so far" in errors
    assert sn.load(model).sizes == (2, 8, 2)
    assert sn.io.checkpoint.read(tmp_path / "ckpt")[1]["starts"][0]["epoch"] > 0


def test_fit_counts_the_slopes_it_has(folder, tmp_path):
    table = tmp_path / "gaps.csv"
    rows = surface(60)
    rows[:7, 4] = np.nan
    write_table(table, NAMES, [rows])
    result = run("fit", table, *FIT, "-o", tmp_path / "m.safetensors")
    assert f"{table} has 233 of its 240 slopes." in result.stdout


@pytest.mark.parametrize("wrong", ["du/dA", "d(u)/da", "du_da", "dU/da"])
def test_a_column_nearly_named_like_a_slope_is_not_ignored(tmp_path, wrong):
    table = tmp_path / "typo.csv"
    write_table(table, [*NAMES[:4], wrong, *NAMES[5:]], [surface(60)])
    result = run("fit", table, *FIT, "-o", tmp_path / "m.safetensors")
    assert result.exit_code == 2
    assert f"column '{wrong}' looks like a slope" in result.stderr
    assert "did you mean 'du/da'?" in result.stderr
    told = run("fit", table, *FIT, "--slopes", "none", "-o", tmp_path / "m.safetensors")
    assert told.exit_code == 0


def test_a_validation_part_without_a_row_is_refused(folder, tmp_path):
    result = run(
        "fit", folder / "data.csv", *FIT, "--validation", "0.001", "-o", tmp_path / "m.safetensors"
    )
    assert result.exit_code == 2
    assert "holds out 0 of 60 rows" in result.stderr


def test_an_output_that_may_not_be_written_is_refused_before_the_work(folder, monkeypatch):
    monkeypatch.setattr(sn, "fit", lambda *args, **settings: pytest.fail("fitted in vain"))
    result = run("fit", folder / "data.csv", *FIT, "-o", "/proc/model.safetensors")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: /proc/model.safetensors: ")
    assert "Wrote" not in result.stdout


def test_files_in_the_wrong_order_are_told_apart(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    swapped = run("predict", data, model)
    assert swapped.exit_code == 2
    assert "the order is MODEL DATA" in swapped.stderr
    fitted = run("fit", model, *FIT, "-o", folder / "new.safetensors")
    assert "is a model, not a table" in fitted.stderr


def test_explain_prints_all_of_it_when_asked(tmp_path):
    model = tmp_path / "wide.safetensors"
    sn.Network.random((2, 70, 1), rng=0).save(model)
    page = ("explain", model, "--at", "x1=1,x2=2")
    assert "--full prints them all" in run(*page).stdout
    assert "..." not in run(*page, "--full").stdout


def test_the_same_seed_gives_the_same_file_and_another_seed_another(folder, tmp_path):
    contents = []
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        path = tmp_path / f"{name}.safetensors"
        assert run("fit", folder / "data.csv", *FIT, "--seed", seed, "-o", path).exit_code == 0
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_slopes_none_learns_from_values_alone(folder, tmp_path):
    """The same model comes out as from a table that has no slope columns at all."""
    values = tmp_path / "values.csv"
    write_table(values, NAMES[:4], [surface(60)[:, :4]])
    paths = tmp_path / "told.safetensors", tmp_path / "absent.safetensors"
    run("fit", folder / "data.csv", *FIT, "--slopes", "none", "-o", paths[0])
    run("fit", values, *FIT, "-o", paths[1])
    told, absent = (path.read_bytes() for path in paths)
    assert told == absent != (folder / "model.safetensors").read_bytes()


def test_quiet_commands_print_nothing(folder, tmp_path):
    result = run("fit", folder / "data.csv", *FIT, "-q", "-o", tmp_path / "m.safetensors")
    assert (result.exit_code, result.output) == (0, "")
    model, data = folder / "model.safetensors", folder / "data.csv"
    result = run("predict", model, data, "-q", "-o", tmp_path / "p.csv")
    assert (result.exit_code, result.output) == (0, "")


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


def test_explain_prints_the_derivation_of_the_row_that_is_asked_for(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    network, rows = sn.load(model), surface(60)
    x, y = rows[6, :2], rows[6, 2:4]
    assert run("explain", model, data, "--row", 7).stdout == f"{network.derivation(x, y)}\n"
    at = f"b={x[1]!r},a={x[0]!r}".replace("np.float64(", "").replace(")", "")
    assert run("explain", model, "--at", at).stdout == f"{network.derivation(x)}\n"
    result = run("explain", model, "--at", at, "--target", "v=2,u=1")
    assert result.stdout == f"{network.derivation(x, np.array([1.0, 2.0]))}\n"


def test_check_gives_the_verdict_and_compares_with_data_that_has_the_answers(folder, tmp_path):
    model = folder / "model.safetensors"
    alone = run("check", model)
    assert alone.exit_code == 0
    assert "relative RMS error" not in alone.stdout
    compared = run("check", model, folder / "data.csv")
    assert compared.exit_code == 0
    assert "60 rows" in compared.stdout
    assert re.search(r"│ dv/db +│ +\d+\.\d\d\d%", compared.stdout)
    (tmp_path / "inputs.csv").write_text("a,b\n0,0\n")
    assert run("check", model, tmp_path / "inputs.csv").exit_code == 0


def test_check_exits_with_1_when_a_derivative_is_wrong(folder, monkeypatch):
    class Verdict:
        passed = False

        def __str__(self):
            return "The Jacobian is wrong."

    monkeypatch.setattr(sn, "check_derivatives", lambda network, X: Verdict())
    result = run("check", folder / "model.safetensors")
    assert (result.exit_code, result.stdout) == (1, "The Jacobian is wrong.\n")


def test_check_without_data_tests_where_the_network_is_not_flat(folder, monkeypatch):
    seen = []
    verdict = type("Verdict", (), {"passed": True})()
    monkeypatch.setattr(sn, "check_derivatives", lambda network, X: seen.append(X) or verdict)
    network = sn.load(folder / "model.safetensors")
    far = sn.Network(
        [network.weights[0] * 1e-3, network.weights[1]],
        [network.biases[0] - network.weights[0] @ [700.0, -300.0], network.biases[1]],
        network.activations,
    )
    far.save(folder / "far.safetensors")
    run("check", folder / "far.safetensors")
    z = seen[0] @ far.weights[0].T + far.biases[0]
    assert np.median(np.abs(z)) < 3


def test_info_shows_layers_names_and_size(folder):
    text = run("info", folder / "model.safetensors").stdout
    assert "2-8-2 network, float64" in text
    assert "inputs   a, b\n" in text
    assert re.search(r"│ +2 │ +8 │ tanh +│ +24 │", text)
    assert "42 parameters in" in text


def test_info_without_a_model_says_what_runs():
    result = run("info")
    assert result.exit_code == 0, result.output
    said = [re.split("  +| (?=[^ ]+$)", line) for line in result.stdout.splitlines()]
    assert [row[0] for row in said] == ["slopenet", "instruction set", "threads", "Python", "NumPy"]
    assert [row[-1] for row in said] == [
        sn.__version__,
        sn.instruction_set(),
        str(sn.get_num_threads()),
        sys.version.split()[0],
        np.__version__,
    ]


def test_demo_passes_its_folder_on(tmp_path, monkeypatch):
    folders = []
    monkeypatch.setattr("slopenet.demo.run", lambda folder, console: folders.append(folder))
    assert run("demo", "--output-dir", tmp_path / "here").exit_code == 0
    assert run("demo").exit_code == 0
    assert [str(folder) for folder in folders] == [str(tmp_path / "here"), "demo-output"]


# Wrong usage


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hiden", "8"], "No such option '?--hiden'?.*--hidden"),
        (["--learning-rate", "nan"], "'--learning-rate': 'nan' is not a finite number"),
        (["--learning-rate", "-1"], "'--learning-rate': it must be greater than 0, not -1"),
        (["--learning-rate", "fast"], "'--learning-rate': 'fast' is not a number"),
        (["--l2", "-1e-9"], "'--l2': it must be at least 0"),
        (["--l2", "inf"], "'--l2': 'inf' is not a finite"),
        (["--validation", "1"], "'--validation': it is a part of the rows and must be below 1"),
        (["--validation", "-0.1"], "'--validation': it must be at least 0"),
        (["--epochs", "0"], "'--epochs': 0 is not in the range"),
        (["--seed", "-1"], "'--seed': -1 is not in the range"),
        (["--hidden", "1000000000"], "'--hidden': a layer has 1 to 65536 units, not 1000000000"),
        (["--hidden", "8,0"], "'--hidden': a layer has 1 to 65536 units, not 0"),
        (["--hidden", "8,x"], "'--hidden': '8,x' is not a list of whole numbers"),
        (["--hidden", "60000,60000"], r"2-60000-60000-2 network has 3,600,360,002 parameters"),
        (["--inputs", "a,a"], "'--inputs': 'a,a' has the same name twice"),
        (["--inputs", "a,"], "'--inputs': 'a,' is not a list of column names"),
        (["--inputs", '"a'], "'--inputs': .* quotation mark left open"),
        (["--inputs", "a,u"], "u cannot be both input and output"),
        (["--inputs", "a,q"], "has no column 'q'"),
        (["--method", "magic"], "'--method': 'magic' is not one of"),
        (["--activation", "tanhh"], "tanhh"),
        (["--activation", "leaky_relu:x"], "'--activation': 'x' is not a number"),
    ],
)
def test_fit_refuses_settings_that_make_no_sense(folder, tmp_path, options, message):
    output = tmp_path / "model.safetensors"
    assert refused(run("fit", folder / "data.csv", *FIT, "-o", output, *options), message)
    assert not output.exists()


def test_a_mistyped_command_suggests_the_right_one():
    assert refused(run("predct"), "No such command 'predct'")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--row", "3"], "give either DATA"),
        ([], "give either DATA"),
        (["DATA", "--at", "a=1,b=2"], "give either DATA"),
        (["DATA", "--row", "61"], "has 60 rows; there is no row 61"),
        (["DATA", "--row", "0"], "0 is not in the range"),
        (["--at", "a=1"], "--at needs a=...,b=..., not a"),
        (["--at", "a=1,b=2,c=3"], "--at needs a=...,b=..., not a,b,c"),
        (["--at", "a=1,b"], "'--at': 'b' is not of the form name=number"),
        (["--at", "a=1,a=2"], "'--at': 'a' is given twice"),
        (["--at", "a=1,b=nan"], "'--at': 'nan' is not a finite number"),
        (["--at", "a=1,b=2", "--target", "u=1"], "--target needs u=...,v=..., not u"),
    ],
)
def test_explain_refuses_rows_that_are_not_there_and_points_that_do_not_fit(folder, args, message):
    args = [folder / "data.csv" if arg == "DATA" else arg for arg in args]
    assert refused(run("explain", folder / "model.safetensors", *args), message)


@pytest.mark.parametrize("command", ["predict", "explain", "check", "info"])
def test_what_is_no_model_is_refused(folder, command):
    data = folder / "data.csv"
    args = {"predict": [data], "explain": ["--at", "a=1,b=2"]}.get(command, [])
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


def test_an_output_that_cannot_be_written_is_refused_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sn, "fit", lambda *args, **settings: pytest.fail("fitted in vain"))
    nowhere = tmp_path / "no" / "folder"
    assert refused(run("fit", folder / "data.csv", *FIT, "-o", nowhere / "m"), "there is no folder")
    model, data = folder / "model.safetensors", folder / "data.csv"
    assert refused(run("predict", model, data, "-o", nowhere / "p.csv"), "there is no folder")
    assert refused(run("predict", model, data, "-o", tmp_path), "is a directory")
    assert refused(run("predict", model, data, "-o", tmp_path / "p.xlsx"), "not .xlsx")


# Failures on the way


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (OSError(28, "No space left on device", "m"), 1, "Error: m: No space left on device."),
        (MemoryError(), 1, "Error: there is not enough memory for this."),
        (ImportError("install it"), 1, "Error: install it"),
        (FloatingPointError("the cost is NaN"), 1, "Error: the cost is NaN"),
        (ValueError("X is\nwrong"), 2, "Error: X is wrong"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_each_kind_of_failure_has_its_status_and_one_sentence(
    folder, tmp_path, monkeypatch, error, status, sentence
):
    def fit(*args, **settings):
        raise error

    monkeypatch.setattr(sn, "fit", fit)
    result = run("fit", folder / "data.csv", *FIT, "-o", tmp_path / "m")
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr.strip() == sentence
    assert not list(tmp_path.iterdir())


def test_a_defect_of_ours_keeps_its_traceback(folder, monkeypatch):
    def load(path):
        raise AttributeError("a bug")

    monkeypatch.setattr(sn, "load", load)
    assert isinstance(run("info", folder / "model.safetensors").exception, AttributeError)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_sentence(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    with FULL.open("w") as full:
        for args in (["--help"], ["info", model], ["predict", model, data]):
            process = start(*args, stdout=full)
            assert process.communicate()[1] == "Error: No space left on device.\n"
            assert process.returncode == 1
    result = run("predict", model, data, "-o", "/dev/full")
    assert (result.exit_code, result.stderr) == (1, "Error: No space left on device.\n")


def test_a_closed_stdout_ends_the_command_in_silence(folder):
    model, data = folder / "model.safetensors", folder / "data.csv"
    for args in (["--help"], ["info", model], ["predict", model, data]):
        reader, writer = os.pipe()
        os.close(reader)
        process = start(*args, stdout=writer)
        os.close(writer)
        assert process.communicate()[1] == ""
        assert process.returncode == 0


@pytest.mark.parametrize("loading", ["click", "slopenet"])
def test_ctrl_c_while_the_program_loads_ends_it_without_a_traceback(loading):
    code = (
        "import sys, _slopenet_command\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {loading!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "sys.argv = ['slopenet', 'info']\n"
        "_slopenet_command.main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr.lstrip()) == (130, "Interrupted.\n")


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


@pytest.mark.parametrize("wanted", [["--help"], ["--version"], ["fti"]])
def test_help_and_wrong_usage_are_answered_without_numpy(wanted):
    code = (
        "import atexit, sys, _slopenet_command\n"
        f"sys.argv = ['slopenet', *{wanted}]\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "_slopenet_command.main()\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    loaded = set(process.stderr.splitlines()[-1].split())
    assert "click" in loaded
    assert not {"numpy", "scipy", "slopenet", "rich"} & loaded
    assert process.returncode == (2 if wanted == ["fti"] else 0)


def test_a_command_is_loaded_without_the_heavy_packages():
    code = (
        "import sys, slopenet.cli._predict\n"
        "heavy = {'matplotlib', 'pyarrow', 'pandas', 'torch', 'jax', 'scipy'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_the_list_of_commands_says_what_each_says_itself():
    context = click.Context(cli)
    for name, text in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command.name == name
        assert command.get_short_help_str(200) == text

"""`slopenet fit` learns from a table, reports the fit, and resumes after a signal."""

import os
import re
import signal
import time

import numpy as np
import pytest
from command_line import FIT, NAMES, refused, run, start, surface

import slopenet as sn
from slopenet.io import checkpoint
from slopenet.tables import write_table


def test_fit_learns_values_and_slopes_and_keeps_the_names(folder):
    network = sn.load(folder / "model.safetensors")
    assert network.sizes == (2, 8, 2)
    assert (network.input_names, network.output_names) == (("a", "b"), ("u", "v"))
    rows = surface(200, seed=1)
    H, J = network.value_and_jacobian(rows[:, :2])
    assert np.sqrt(np.mean((H - rows[:, 2:4]) ** 2)) < 0.05
    assert np.sqrt(np.mean((J.reshape(-1, 4) - rows[:, 4:]) ** 2)) < 0.15


def test_fit_prints_its_reason_to_stop_its_errors_and_its_file(folder, tmp_path):
    output = tmp_path / "model.safetensors"
    result = run("fit", folder / "data.csv", *FIT, "-o", output)
    assert "rows left out" in result.stdout
    assert "all 60 rows" in result.stdout
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
    result = run("fit", folder / "data.csv", "--config", config)
    assert refused(result, "'metod', which is not an option")
    config.write_text("epochs = ")
    assert refused(run("fit", folder / "data.csv", "--config", config), "is not a TOML file")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_fit_that_is_stopped_leaves_the_best_model_and_resumes(folder, tmp_path, number, status):
    model, log = tmp_path / "model.safetensors", tmp_path / "log"
    options = ("--inputs", "a,b", "--outputs", "u,v", "--method", "lbfgs")
    options += ("--hidden", "8", "--checkpoint", tmp_path / "ckpt", "--log", log, "-o", model)
    process = start("fit", folder / "data.csv", *options, "--epochs", 1_000_000, "--l2", 0)
    while process.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") > 3):
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == status, errors
    assert "has the best network so far" in errors
    assert sn.load(model).sizes == (2, 8, 2)
    assert checkpoint.read(tmp_path / "ckpt")[1]["starts"][0]["epoch"] > 0


def test_fit_counts_the_slopes_it_has(folder, tmp_path):
    table = tmp_path / "gaps.csv"
    rows = surface(60)
    rows[:7, 4] = np.nan
    write_table(table, NAMES, [rows])
    result = run("fit", table, *FIT, "-o", tmp_path / "m.safetensors")
    listed = ", ".join(NAMES[4:])
    assert f"Slopes in {table}: {listed}; 7 of their values are missing." in result.stdout


def test_a_validation_part_without_a_row_is_refused(folder, tmp_path):
    result = run(
        "fit", folder / "data.csv", *FIT, "--validation", "0.001", "-o", tmp_path / "m.safetensors"
    )
    assert result.exit_code == 2
    assert "must hold out at least one of 60 rows" in result.stderr


def test_the_same_seed_gives_the_same_file_and_another_seed_another(folder, tmp_path):
    contents = []
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        path = tmp_path / f"{name}.safetensors"
        assert run("fit", folder / "data.csv", *FIT, "--seed", seed, "-o", path).exit_code == 0
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_the_command_and_the_function_give_the_same_network(folder, tmp_path):
    """The same data, seed and defaults: no rows are held out by one of them alone."""
    rows, model = surface(60), tmp_path / "m.safetensors"
    X, y, dydx = rows[:, :2], rows[:, 2:4], rows[:, 4:].reshape(-1, 2, 2)
    names = {"input_names": ["a", "b"], "output_names": ["u", "v"]}
    for method in ("lm", "lbfgs"):
        options = {"hidden": 4, "method": method, "epochs": 20}
        given = [text for name, value in options.items() for text in (f"--{name}", value)]
        result = run(
            *("fit", folder / "data.csv", "--inputs", "a,b", "--outputs", "u,v", "-o", model),
            *("--seed", 3, *given),
        )
        assert result.exit_code == 0, result.output
        assert sn.load(model) == sn.fit(X, y, dydx, rng=3, **names, **options).network


def test_a_table_of_five_rows_is_fitted(tmp_path):
    table = tmp_path / "five.csv"
    write_table(table, NAMES, [surface(5)])
    result = run("fit", table, *FIT, "-o", tmp_path / "m.safetensors")
    assert result.exit_code == 0, result.output
    assert "all 5 rows" in result.stdout


def test_cross_validation_prints_errors_of_rows_that_were_left_out(folder, tmp_path):
    model = tmp_path / "m.safetensors"
    result = run("fit", folder / "data.csv", *FIT, "--cv", 3, "-o", model)
    assert result.exit_code == 0, result.output
    table = result.stdout.partition("errors of 3-fold cross-validation")[2]
    found = dict(re.findall(r"│ (\S+) +│ +[\d.e-]+ │ +([\d.]+)% │ +[\d.]+% │", table))
    assert list(found) == NAMES[2:]
    X, y, dydx = surface(60)[:, :2], surface(60)[:, 2:4], surface(60)[:, 4:].reshape(-1, 2, 2)
    missed = np.empty(60)
    for part in np.array_split(np.random.default_rng(0).permutation(60), 3):
        rest = np.setdiff1d(np.arange(60), part)
        net = sn.fit(X[rest], y[rest], dydx[rest], hidden=8, epochs=200, rng=0).network
        missed[part] = net(X[part])[:, 0] - y[part, 0]
    expected = 100 * np.sqrt(np.mean(missed**2)) / y[:, 0].std()
    assert float(found["u"]) == pytest.approx(expected, abs=6e-4)
    alone = run("fit", folder / "data.csv", *FIT, "-o", tmp_path / "alone.safetensors")
    assert alone.exit_code == 0
    assert model.read_bytes() == (tmp_path / "alone.safetensors").read_bytes()


def test_an_ensemble_is_one_file_that_predicts_its_mean_and_spread(folder, tmp_path):
    model, new = tmp_path / "m.safetensors", tmp_path / "new.csv"
    result = run("fit", folder / "data.csv", *FIT, "--ensemble", 3, "-o", model)
    assert result.exit_code == 0, result.output
    ensemble = sn.load(model)
    assert len(ensemble) == 3
    new.write_text("a,b\n0.5,0.25\n")
    header, row = run("predict", model, new, "--spread").stdout.splitlines()
    found = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    X = np.array([[0.5, 0.25]])
    assert [found["u"], found["u_spread"]] == [ensemble(X)[0, 0], ensemble.spread(X)[0, 0]]
    result = run("fit", folder / "data.csv", *FIT, "--ensemble", 3, "--restarts", 2, "-o", model)
    assert refused(result, "restarts and ensemble must not both be given")


def test_slopes_none_learns_from_values_alone(folder, tmp_path):
    """The same model comes out as from a table that has no slope columns at all."""
    values = tmp_path / "values.csv"
    write_table(values, NAMES[:4], [surface(60)[:, :4]])
    paths = tmp_path / "ignored.safetensors", tmp_path / "absent.safetensors"
    run("fit", folder / "data.csv", *FIT, "--slopes", "none", "-o", paths[0])
    run("fit", values, *FIT, "-o", paths[1])
    ignored, absent = (path.read_bytes() for path in paths)
    assert ignored == absent != (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hiden", "8"], "No such option '?--hiden'?.*--hidden"),
        (["--learning-rate", "nan"], "'--learning-rate': 'nan' is not a finite number"),
        (["--learning-rate", "-1"], "'--learning-rate': it must be greater than 0, not -1"),
        (["--learning-rate", "fast"], "'--learning-rate': 'fast' is not a number"),
        (["--l2", "-1e-9"], "'--l2': it must be at least 0"),
        (["--l2", "inf"], "'--l2': 'inf' is not a finite"),
        (["--validation", "1"], "'--validation': it must be less than 1"),
        (["--validation", "-0.1"], "'--validation': it must be greater than 0"),
        (["--cv", "61"], "--cv 61 needs 61 rows; there are 60"),
        (["--categories", "q"], "--categories has q, not one of --inputs"),
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
        (["--monotone", "a"], "'--monotone': 'a' is not of the form input=... or output:input=..."),
        (["--monotone", "a=up"], "'--monotone': 'up' is not a number"),
        (["--monotone", "q=1"], "input in monotone must be one of a, b"),
        (["--slope-bounds", "a=3"], "'--slope-bounds': '3' is not of the form low:high"),
        (["--slope-bounds", "a=x:3"], "'--slope-bounds': 'x' is not a number"),
    ],
)
def test_fit_refuses_settings_that_make_no_sense(folder, tmp_path, options, message):
    output = tmp_path / "model.safetensors"
    assert refused(run("fit", folder / "data.csv", *FIT, "-o", output, *options), message)
    assert not output.exists()


def test_constraints_are_options_and_tables_of_a_toml_file(folder, tmp_path):
    """The function and the command give the same network, whichever way they are asked."""
    by_option, by_file, config = (
        tmp_path / n for n in ("a.safetensors", "b.safetensors", "f.toml")
    )
    fit = ["fit", folder / "data.csv", "--inputs", "a,b", "--outputs", "u", "--hidden", "5"]
    fit += ["--slopes", "none", "--restarts", "1", "--epochs", "40"]
    more = ["--monotone", "u:a=1", "--slope-bounds", "b=-1:0.5", "--convex", "b"]
    result = run(*fit, *more, "-o", by_option)
    assert "Shape (du/da >= 0, du/db >= -1, du/db <= 0.5, u convex in b)" in result.stdout
    config.write_text(
        'convex = ["b"]\n[monotone.u]\na = 1\n[slope_bounds]\nb = [-1, 0.5]\n', encoding="utf-8"
    )
    run(*fit, "--config", config, "-o", by_file)
    assert by_file.read_bytes() == by_option.read_bytes()
    J = sn.load(by_file).jacobian(surface(100, seed=3)[:, :2])[:, 0]
    assert J[:, 0].min() >= 0
    assert -1 <= J[:, 1].min() <= J[:, 1].max() <= 0.5

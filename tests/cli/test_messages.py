"""Messages of the commands are whole and harmless, and fit the terminal, in any encoding."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from command_line import FIT, NAMES, run, start, surface

import slopenet as sn
from _slopenet_command import terminal
from slopenet.tables import write_table

ESCAPE, HEBREW, LONG = "T\x1b[31m\x07", "טמפרטורה", "x" * 200
TURNED = "a\u202eb"


def lines_of(*args, **environment):
    process = subprocess.run(
        [sys.executable, "-c", "import _slopenet_command as c; c.main()", *map(str, args)],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.decode("ascii", "replace"), process.stderr.decode("ascii")


def test_a_warning_is_one_plain_line(tmp_path):
    """Slopes of the wrong sign."""
    rows = surface(60)
    rows[:, 4:] *= -1
    write_table(tmp_path / "data.csv", NAMES, [rows])
    process = start("fit", tmp_path / "data.csv", *FIT, "-q", "-o", tmp_path / "m.safetensors")
    first, *more = process.communicate()[1].splitlines()
    assert process.returncode == 0
    assert first.startswith("Warning: the slopes du/da, du/db, dv/da, dv/db look of the wrong")
    assert first.endswith("sign.")
    assert all(line.startswith("Warning: ") for line in more)


def test_a_bad_number_of_threads_is_one_plain_line(folder):
    out, err = lines_of("info", folder / "model.safetensors", SLOPENET_NUM_THREADS="many")
    assert "2-8-2 network" in out
    assert err.startswith("Warning: SLOPENET_NUM_THREADS must be a whole number of at least 1, got")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
@pytest.mark.parametrize("command", ["check", "explain", "info", "fit"])
def test_every_encoding_will_do(folder, tmp_path, environment, command):
    model, data = folder / "model.safetensors", folder / "data.csv"
    more = {
        "check": [data],
        "explain": [data],
        "info": [],
        "fit": [*FIT, "--method", "lbfgs", "-o", tmp_path / "m.safetensors"],
    }[command]
    out, err = lines_of(command, data if command == "fit" else model, *more, **environment)
    assert err == ""
    wanted = {"check": "gradient in theta", "explain": "sigma'(z[2])", "info": "| tanh "}
    assert wanted.get(command, "all 60 rows") in out


def test_letters_that_an_encoding_lacks_are_spelled():
    text = "σ'(z) ≤ Σ ∂ρ/∂Ω, é ² … ‖x‖ 漢"
    terminal.prepare()
    spelled = text.encode("ascii", "slopenet.spelled").decode()
    assert spelled == "sigma'(z) <= sum  drho/dOmega, e 2 ... ||x|| \\u6f22"


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A folder with a table and a model whose names are long, turned, or hold escapes."""
    path = tmp_path_factory.mktemp("names")
    a, b, c = np.random.default_rng(0).uniform(-1, 1, (3, 30))
    names = [ESCAPE, HEBREW, TURNED, LONG]
    columns = np.stack([a, b, c, a + b * c], axis=1)
    write_table(path / "data.csv", names, [columns])
    net = sn.fit(
        *(columns[:, :3], columns[:, 3]),
        hidden=2, epochs=3, restarts=1, rng=0,
        input_names=names[:3], output_names=names[3:],
    ).network  # fmt: skip
    net.save(path / "m.safetensors")
    return path


@pytest.mark.parametrize("command", ["fit", "check", "info", "explain", "predict"])
def test_names_are_whole_and_harmless(named, tmp_path, command):
    model, data = named / "m.safetensors", named / "data.csv"
    fit = ["--inputs", f"{ESCAPE},{HEBREW}", "--outputs", LONG, "--hidden", 2, "--epochs", 3]
    args = {
        "fit": [data, *fit, "-o", tmp_path / "m"],
        "check": [model, data],
        "info": [model],
        "explain": [model, data],
        "predict": [model, named / "absent.csv"],
    }
    (named / "absent.csv").write_text("q\n1\n")
    result = run(command, *args[command])
    assert result.exit_code == (2 if command == "predict" else 0), result.output
    for harmful in ("\x1b", "\x07", "\u202e"):
        assert harmful not in result.output
    if command in {"info", "explain"}:
        assert all(name in result.stdout for name in ("T\\x1b[31m\\x07", HEBREW, "a\\u202eb"))
        assert re.search(r"x{15}(\.\.\.|x{169})x{16}", result.stdout.replace("\n", ""))
    if command in {"fit", "check"}:
        assert all(len(line) <= 80 for line in result.stdout.splitlines() if "│" in line)
        assert f"│ {'x' * 15}...{'x' * 16} │" in result.stdout


def test_lines_break_between_words_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    text = f"  a sentence of several words and {LONG} and-a-name more words"
    folded = terminal.folded(text)
    assert folded.split() == text.split()
    assert all(len(line) <= 30 for line in folded.split("\n") if LONG not in line)
    assert all(line.startswith("  ") for line in folded.split("\n"))
    assert terminal.folded("short\n  lines\n") == "short\n  lines\n"


def test_lines_are_whole_where_they_are_not_for_a_terminal():
    assert terminal.folded("a " * 200) == "a " * 200

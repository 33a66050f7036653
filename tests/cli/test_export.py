"""`slopenet export` writes the derivatives asked for, reports the difference, and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from networks import random_network
from networks_with_error_bars import fitted

from slopenet.cli import cli


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.safetensors"
    random_network((2, 4, 1), "tanh").save(path)
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, args)])


def test_the_derivatives_that_are_asked_for(model: Path, tmp_path: Path) -> None:
    done = run(model, tmp_path / "net.py", "--derivatives", "value, hessian", "--dtype", "float32")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "net.py").read_text()
    assert ("def hessian(" in text, "def jacobian(" in text, "float32" in text) == (
        True,
        False,
        True,
    )
    first, *rest = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path / 'net.py'}: agrees with the network, run by NumPy")
    assert [line.split()[0] for line in rest] == ["value", "hessian"]
    assert run(model, tmp_path / "net.py", "-q").stdout == ""


def test_c_gets_its_header_and_prefix(model: Path, tmp_path: Path) -> None:
    assert run(model, tmp_path / "net.c", "--prefix", "steam", "--casadi").exit_code == 0
    assert "steam_jacobian(" in (tmp_path / "net.h").read_text()
    assert "jac_steam(" in (tmp_path / "net.c").read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["net.txt"], "path must end in one of .c, .onnx, .f90, .py, .fmu, got '.txt'"),
        (["net.c", "--derivatives", "slope"], "each of derivatives must be one of value"),
        (["net.c", "--prefix", "1"], "prefix must be letters"),
        (["nowhere/net.c"], "there is no folder"),
        (["net.safetensors"], "is the input file"),
        (["net.c", "--dtype", "float16"], "'float16' is not one of"),
    ],
)
def test_a_wrong_export_command_is_one_sentence(model: Path, args: list[str], message: str) -> None:
    done = run(model, model.parent / args[0], *args[1:])
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]


def test_a_failing_compiler_is_one_sentence(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "false")
    done = run(model, tmp_path / "net.c")
    assert (done.exit_code, done.stderr.startswith("Error: false failed")) == (1, True)
    assert not (tmp_path / "net.h").exists()


def test_a_file_that_does_not_agree_has_status_1(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "\n\ndef value(X):\n    return 2 * forward(X)[1]\n"
    monkeypatch.setattr("slopenet.exporters._python._FUNCTIONS", {"value": wrong})
    done = run(model, tmp_path / "net.py", "--derivatives", "value", "-q")
    assert (done.exit_code, "DOES NOT AGREE" in done.stdout) == (1, True)


def test_error_bars_are_added_where_there_are_some(model: Path, tmp_path: Path) -> None:
    refused = run(model, tmp_path / "net.py", "--std")
    assert refused.exit_code == 2
    assert "this network has no posterior" in refused.stderr
    fitted("full").save(model)
    done = run(model, tmp_path / "net.py", "--std")
    assert done.exit_code == 0, done.output
    lines = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert lines == ["value", "jacobian", "std", "jacobian_std"]

"""A row of `TARGETS` is all that an exporter needs besides its module."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from networks import random_network

from slopenet.cli import _export as command
from slopenet.cli import cli
from slopenet.exporters import TARGETS, Target
from slopenet.exporters._task import OUTPUTS, Task, Written


def write_text(task: Task, *, prefix: str = "") -> Written:
    """A toy exporter: the weights of a single identity layer as text, and H(x) computed from it."""
    (W,), (b,) = task.chain.W, task.chain.b
    text = "\n".join([prefix, repr(W.tolist()), repr(b.tolist())])
    _, rows, offsets = text.split("\n")
    y = task.inputs["x"] @ np.array(eval(rows)).T + np.array(eval(offsets))
    return Written({".txt": text.encode()}, {"y": y}, "the test")


TOY = Target("Text", write_text, derivatives=("value",), options=("prefix",), dtypes=("float64",))
NET = random_network((2, 3), "identity")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, ".txt", TOY)


@pytest.mark.usefixtures("toy")
def test_a_new_exporter_is_called_by_export(tmp_path: Path) -> None:
    done = NET.export(tmp_path / "net.txt", derivatives=["value"], prefix="# mine")
    assert done.passed
    assert (list(done.differences), done.run_by) == (["value"], "the test")
    assert (tmp_path / "net.txt").read_text().startswith("# mine\n[[")


@pytest.mark.usefixtures("toy")
def test_a_new_exporter_is_called_by_the_command_line(tmp_path: Path) -> None:
    model = tmp_path / "net.safetensors"
    NET.save(model)
    arguments = ["export", str(model), str(tmp_path / "net.txt"), "--derivatives", "value"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert "agrees with the network, run by the test" in done.output
    assert ".txt (Text)" in command.summary()
    assert "; .txt has value" in command.derivatives_help()


@pytest.mark.usefixtures("toy")
def test_limits_of_a_new_exporter_are_read_from_its_row(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    with pytest.raises(ValueError, match=r"Text files have value, not 'jvp'; \.c, \.py and \.fmu"):
        NET.export(path, derivatives=["jvp"])
    with pytest.raises(ValueError, match=r"casadi is an option of \.c files, not of \.txt files"):
        NET.export(path, derivatives=["value"], casadi=True)
    with pytest.raises(ValueError, match=r"Text files are of float64, not float32; export with"):
        NET.export(path, derivatives=["value"], dtype="float32")
    with pytest.raises(ValueError, match=r"path must end in one of .*\.txt, got '\.csv'"):
        NET.export(tmp_path / "net.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("toy")
def test_a_wrong_new_exporter_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(task: Task) -> Written:
        written = write_text(task)
        return Written(written.files, {"y": 2 * written.outputs["y"]}, "the test")

    monkeypatch.setitem(TARGETS, ".txt", Target("Text", wrong))
    assert not NET.export(tmp_path / "net.txt", derivatives=["value"]).passed


def test_help_of_the_command_names_every_target() -> None:
    text = re.sub(r"\s+", " ", CliRunner().invoke(cli, ["export", "--help"]).output)
    for suffix, target in TARGETS.items():
        assert f"{suffix} ({target.title})" in text
    few = "value, jacobian, hessian"
    more = "value, jacobian, jvp, vjp"
    assert f"Of {', '.join(OUTPUTS)}; .onnx has {few}; .f90 has {few}; .fmu has {more}." in text
    assert "Prefix of all symbols in .c, .f90 and .fmu files" in text
    assert "Version of FMI of .fmu files" in text

"""The program: help, exit statuses, full disks, closed pipes and signals."""

import os
import re
import subprocess
import sys

import click
import pytest
from command_line import FIT, FULL, refused, run, start

import slopenet as sn
from _slopenet_command.cli import COMMANDS
from slopenet.cli import cli


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


def test_demo_passes_its_folder_on(tmp_path, monkeypatch):
    folders = []
    monkeypatch.setattr("slopenet.demo.run", lambda folder, console: folders.append(folder))
    assert run("demo", "--output-dir", tmp_path / "here").exit_code == 0
    assert run("demo").exit_code == 0
    assert [str(folder) for folder in folders] == [str(tmp_path / "here"), "demo-output"]


def test_a_mistyped_command_suggests_the_right_one():
    assert refused(run("predct"), "No such command 'predct'")


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (OSError(28, "No space left on device", "m"), 1, "Error: m: No space left on device."),
        (MemoryError(), 1, "Error: there is not enough memory for this."),
        (ImportError("install it"), 1, "Error: install it."),
        (FloatingPointError("the cost is NaN"), 1, "Error: the cost is NaN."),
        (ValueError("X is\nwrong"), 2, "Error: X is wrong."),
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

"""A bar on a terminal and nowhere else; a log that survives the death of its process."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import slopenet as sn
from slopenet.progress import JsonLines, Progress, bar
from slopenet.training.monitor import State


def entries(path: Path) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, epochs: range) -> None:
    with JsonLines(path) as log:
        for epoch in epochs:
            log(State(epoch, 100, 1 / epoch, None))


def test_a_bar_is_drawn_on_a_terminal_only_and_not_when_quiet(capfd) -> None:
    assert bar().disable
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True)
    for quiet in (True, False):
        assert screen.getvalue() == ""
        with Progress(quiet=quiet, console=terminal) as progress:
            assert not progress(State(5, 7, 0.25, 0.5))
    assert "Fitting, cost 2.500e-01, validation 5.000e-01" in screen.getvalue()
    assert "5/7" in screen.getvalue()
    with Progress() as progress:
        progress(State(1, 7, 0.25, None))
    assert capfd.readouterr() == ("", "")


def test_a_bar_shows_errors_in_percent_those_of_rows_held_out_if_there_are_any():
    errors = {"values": 0.123, "slopes": 0.0045}
    held_out = {f"validation_{name}": 2 * error for name, error in errors.items()}
    for known, words in (
        (errors, "Fitting, error: values 12 %, slopes 0.45 %"),
        (errors | held_out, "Fitting, held-out error: values 25 %, slopes 0.9 %"),
        ({"values": 1.04}, "Fitting, error: values 1e+02 %"),
    ):
        screen = io.StringIO()
        with Progress(console=Console(file=screen, force_terminal=True, width=120)) as progress:
            progress(State(5, 7, 0.25, 0.5, errors=known))
        assert words in screen.getvalue()


def test_a_line_per_epoch_with_all_digits_and_null_for_nan(tmp_path) -> None:
    with JsonLines(tmp_path / "log") as log:
        log(State(1, 9, 0.1 + 0.2, 1 / 3))
        log(State(2, 9, np.float64("nan"), np.inf))
        log(State(3, 9, 1e-300, None))
        # as soon as the epoch has ended
        lines = entries(tmp_path / "log")
    seconds = [line.pop("seconds") for line in lines]
    assert {line.pop("start") for line in lines} == {0}
    assert lines == [
        {"epoch": 1, "cost": 0.1 + 0.2, "validation": 1 / 3},
        {"epoch": 2, "cost": None, "validation": None},
        {"epoch": 3, "cost": 1e-300, "validation": None},
    ]
    assert 0 <= seconds[0] <= seconds[1] <= seconds[2]


def test_fit_calls_it_with_every_epoch(tmp_path) -> None:
    X = np.linspace(0, 1, 20)[:, None]
    with JsonLines(tmp_path / "log") as log:
        history = sn.fit(
            X, X**2, hidden=(3,), epochs=20, restarts=1, validation=0.2, rng=0, callback=log
        ).history
    lines = entries(tmp_path / "log")
    for name in ("epoch", "cost", "validation", "values", "validation_values"):
        assert [line[name] for line in lines] == history[name]


def test_a_resumed_run_keeps_the_earlier_lines_and_doubles_none(tmp_path) -> None:
    path = tmp_path / "log"
    write(path, range(1, 6))
    before = entries(path)
    write(path, range(4, 8))
    after = entries(path)
    assert [line["epoch"] for line in after] == [1, 2, 3, 4, 5, 6, 7]
    assert after[:3] == before[:3]
    seconds = [line["seconds"] for line in after]
    assert seconds == sorted(seconds)
    write(path, range(1, 3))
    assert [line["epoch"] for line in entries(path)] == [1, 2]


@pytest.mark.parametrize("left", [1, 5, 12, 40])
def test_a_line_that_was_cut_off_is_replaced(tmp_path, left: int) -> None:
    path = tmp_path / "log"
    write(path, range(1, 4))
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:2]) + whole[2][:left])
    write(path, range(3, 6))
    assert [line["epoch"] for line in entries(path)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "no newline",
        "[1, 2]\n",
        '{"epoch": 1}\n',
        '{"epoch": 1, "cost": 1.0, "validation": null, "seconds": 1.0}\nmine\n',
        "\n",
    ],
)
def test_a_file_that_is_not_a_log_is_refused_and_left_as_it_is(tmp_path, text: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(
        ValueError, match=r"data.csv must be a log of epochs, got a line \d that is not an epoch"
    ):
        JsonLines(path)
    assert path.read_text() == text


def test_a_folder_that_is_not_there_is_told_before_the_work(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        JsonLines(tmp_path / "none" / "log")


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_killed_process_leaves_whole_lines(tmp_path) -> None:
    path = tmp_path / "log"
    code = (
        "import itertools, sys\n"
        "from slopenet.progress import JsonLines\n"
        "from slopenet.training.monitor import State\n"
        "log = JsonLines(sys.argv[1])\n"
        "for epoch in itertools.count(1): log(State(epoch, 9, 1 / epoch, None))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, path]) as process:
        deadline = time.monotonic() + 60
        while not (path.exists() and path.stat().st_size > 10_000):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    last = path.read_bytes().count(b"\n")
    write(path, range(last + 1, last + 3))
    assert [line["epoch"] for line in entries(path)] == list(range(1, last + 3))

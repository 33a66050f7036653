"""Training that finds its ridge, goes on from a checkpoint, and ends in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waves import wave

import slopenet as sn
from slopenet.io import checkpoint

NOT_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam", "sgd"])
def test_a_run_that_goes_on_ends_with_the_same_bytes(method: str, tmp_path: Path) -> None:
    X, y, T = wave(64)
    settings: dict[str, Any] = {
        "hidden": (6,), "method": method, "epochs": 40, "restarts": 2, "validation": 0.2, "rng": 3,
    }  # fmt: skip
    whole = sn.fit(X, y, T, **settings)
    path = tmp_path / "run.ckpt"
    # one start ends early, the other is not begun
    with pytest.raises(sn.Interrupted) as caught:
        sn.fit(
            X, y, T, checkpoint=path, checkpoint_seconds=0, callback=_interrupt_at(17), **settings
        )
    assert isinstance(caught.value.fit.network, sn.Network)
    resumed = sn.fit(X, y, T, checkpoint=path, **settings)
    assert resumed.network == whole.network
    assert resumed.history == whole.history
    assert resumed.reason == whole.reason
    again = sn.fit(X, y, T, checkpoint=path, **settings)  # nothing is left to be done
    assert again.network == whole.network


def _interrupt_at(epoch: int) -> Any:
    def callback(state: Any) -> None:
        if state.epoch == epoch:
            raise KeyboardInterrupt

    return callback


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    X, y, T = wave(20)
    path = tmp_path / "run.ckpt"
    sn.fit(X, y, hidden=(3,), epochs=3, checkpoint=path, rng=0)
    with pytest.raises(
        sn.CheckpointError,
        match=r"must be a checkpoint of this run, got one with other data, method",
    ):
        sn.fit(X, y, T, hidden=(3,), epochs=4, checkpoint=path, rng=0)
    raw = path.read_bytes()
    for damaged in (raw[:-1], raw[:100], b"", raw[:50] + b"x" + raw[51:], raw[:-5] + b"12345"):
        path.write_bytes(damaged)
        with pytest.raises(sn.CheckpointError, match=r"run\.ckpt"):
            sn.fit(X, y, hidden=(3,), epochs=3, checkpoint=path, rng=0)


RUN = """
import sys, numpy as np, slopenet as sn
rng = np.random.default_rng(0)
X = rng.normal(size=(64, 3)); y = np.sin(X).sum(axis=1)
settings = dict(hidden=(6,), method=sys.argv[2], epochs=int(sys.argv[3]), rng=1)
print("begun", flush=True)
result = sn.fit(X, y, checkpoint=sys.argv[1], checkpoint_seconds=0, **settings)
sys.stdout.write(repr([w.tolist() for w in result.network.weights]))
"""


def _run(path: Path, method: str, epochs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(path), method, str(epochs)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


@NOT_WINDOWS
@pytest.mark.parametrize("method", ["lm", "lbfgs", "adam", "sgd"])
def test_a_killed_run_ends_with_the_same_bytes(method: str, tmp_path: Path) -> None:
    """Killed at random moments, again and again; every checkpoint on the way loads.

    SLOPENET_KILLS says how often, 3 unless set: for each run that lasts to its end, another begins.
    """
    epochs, path = 300, tmp_path / "run.ckpt"
    whole, _ = _run(tmp_path / "whole.ckpt", method, epochs).communicate()
    assert whole.startswith("[[")
    rng = np.random.default_rng(0)
    for _ in range(int(os.environ.get("SLOPENET_KILLS", "3"))):
        process = _run(path, method, epochs)
        time.sleep(rng.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        found, _ = process.communicate()
        checkpoint.read(path) if path.exists() else None
        if process.returncode == 0:
            assert found == whole
            path.unlink()
    assert _run(path, method, epochs).communicate()[0] == whole


@NOT_WINDOWS
def test_sigterm_keeps_a_checkpoint_and_the_best_network(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    process = _run(path, "lbfgs", 1_000_000)
    while process.poll() is None and not path.exists():
        time.sleep(0.01)
    process.terminate()
    process.communicate()
    assert process.returncode != 0
    assert checkpoint.read(path)[1]["starts"][0]["epoch"] > 0


def test_the_same_seed_gives_the_same_bits_whatever_the_threads() -> None:
    X, y, T = wave(50)
    before, found = sn.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            sn.set_num_threads(threads)
            found.append(sn.fit(X, y, T, hidden=(8, 8), epochs=30, rng=5).network)
    finally:
        sn.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_progress_and_log(tmp_path: Path) -> None:
    X, y, _ = wave(20)
    log = tmp_path / "fit.jsonl"
    sn.fit(X, y, hidden=(3,), epochs=5, restarts=1, log=log, progress=True, rng=0)
    assert len(log.read_text().splitlines()) == 5

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

import slopenet as sn

NOT_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def wave(n: int, noise: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] * X[:, 2] + noise * rng.normal(size=n)
    T = np.column_stack([np.cos(X[:, 0]), 0.5 * X[:, 2], 0.5 * X[:, 1]])
    return X, y, T


def missed(net: Any) -> float:
    X, y, _ = wave(1000, seed=9)
    return float(np.sqrt(np.mean((net(X)[:, 0] - y) ** 2)) / y.std())


@pytest.mark.parametrize("seed", range(3))
def test_the_evidence_learns_the_function_and_not_the_noise(seed: int) -> None:
    X, y, _ = wave(120, noise=0.3, seed=seed)
    found = sn.fit(X, y, hidden=(20, 20), rng=seed)
    assert missed(found.network) < 0.4
    by_heart = sn.fit(X, y, hidden=(20, 20), l2=1e-6, rng=seed)
    assert missed(by_heart.network) > 1.5 * missed(found.network)
    assert "by the evidence" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_nothing_but_noise_is_learned_as_little_but_a_constant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(200, 3)), rng.normal(size=200)
    found = sn.fit(X, y, hidden=(10,), rng=seed)
    assert found.network(X).std() < 0.6 * y.std()
    assert "no more than a constant" in found.reason


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("noisy", ["values", "slopes"])
@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_what_is_noisy_weighs_less(noisy: str, seed: int) -> None:
    X, y, T = wave(100, noise=0.3 * (noisy == "values"), seed=seed)
    T = T + 0.3 * (noisy == "slopes") * np.random.default_rng(seed + 100).normal(size=T.shape)
    settings: Any = {"hidden": (12, 12), "restarts": 1, "rng": seed}
    found = sn.fit(X, y, T, **settings)
    fair = sn.fit(X, y, T, slope_weight=1, **settings)
    assert missed(found.network) < 0.8 * missed(fair.network)
    sentence = "Slopes weigh " + ("10" if noisy == "values" else "0.")
    assert sentence in found.reason
    assert "their share, by the evidence" in found.reason
    assert "Slopes weigh" not in fair.reason


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.filterwarnings("ignore::slopenet.SlopeWarning")
def test_slopes_of_mostly_noise_hardly_count(seed: int) -> None:
    X, y, T = wave(100, seed=seed)
    T = T + np.random.default_rng(seed + 100).normal(size=T.shape)
    settings: Any = {"hidden": (12, 12), "restarts": 1, "rng": seed}
    found = sn.fit(X, y, T, **settings)
    fair = sn.fit(X, y, T, slope_weight=1, **settings)
    assert missed(found.network) < 0.5 * missed(fair.network)
    assert "Slopes weigh 0.0" in found.reason


def test_nine_points_with_slopes_of_rosenbrock() -> None:
    axis = np.linspace(-np.pi, np.pi, 3)
    X = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

    def f(X: np.ndarray) -> np.ndarray:
        return (1 - X[:, 0]) ** 2 + 100 * (X[:, 1] - X[:, 0] ** 2) ** 2

    curve = 200 * (X[:, 1] - X[:, 0] ** 2)
    T = np.column_stack([-2 * (1 - X[:, 0]) - 2 * X[:, 0] * curve, curve])
    fine = np.linspace(-np.pi, np.pi, 100)
    unseen = np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    for seed in range(2):
        net = sn.fit(X, f(X), T, hidden=(12, 12), rng=seed).network
        error = net(unseen)[:, 0] - f(unseen)
        assert 1 - (error**2).sum() / ((f(unseen) - f(unseen).mean()) ** 2).sum() > 0.98


def test_slopes_along_the_axes_are_slopes() -> None:
    X, y, T = wave(40)
    settings: dict[str, Any] = {"hidden": (8,), "method": "lbfgs", "epochs": 10, "rng": 0}
    axes = sn.fit(X, y, directions=np.eye(3), along=T, **settings).network
    full = sn.fit(X, y, T, **settings).network
    np.testing.assert_allclose(axes(X), full(X), rtol=1e-5, atol=1e-6)


def test_one_slope_a_row_along_a_direction_of_its_own() -> None:
    X, y, T = wave(60)
    v = np.random.default_rng(1).normal(size=X.shape)
    with_slopes = sn.fit(X, y, directions=v, along=(v * T).sum(axis=1), hidden=(20,), rng=0)
    assert "values and slopes" in with_slopes.reason
    assert missed(with_slopes.network) < missed(sn.fit(X, y, hidden=(20,), rng=0).network)


def test_weights_of_single_slopes_as_missing_ones() -> None:
    """A weight of 0 is a missing slope, whatever stands there."""
    X, y, T = wave(30)
    settings: dict[str, Any] = {"hidden": (6,), "method": "lbfgs", "epochs": 40, "rng": 0}
    weight = np.ones((30, 1, 3))
    weight[::2, :, 1] = 0
    gap = T.copy()
    gap[::2, 1] = np.nan
    weighed = sn.fit(X, y, gap, slope_weight=weight, **settings).network
    np.testing.assert_array_equal(weighed(X), sn.fit(X, y, gap, **settings).network(X))


def test_an_ensemble_agrees_where_it_was_trained() -> None:
    X, y, T = wave(60)
    result = sn.fit(X, y, T, hidden=(12,), ensemble=3, rng=0)
    assert len(result.ensemble) == 3
    assert result.ensemble.networks[0] == result.network
    far = X + 30
    assert result.ensemble.spread(far).mean() > 10 * result.ensemble.spread(X).mean()
    np.testing.assert_allclose(
        result.ensemble.jacobian(X), np.mean([net.jacobian(X) for net in result.ensemble], axis=0)
    )
    assert result.ensemble.jacobian_spread(X).shape == (60, 1, 3)
    with pytest.raises(ValueError, match="restarts and ensemble"):
        sn.fit(X, y, ensemble=2, restarts=2)


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
    with pytest.raises(sn.CheckpointError, match=r"is of another run, with other data, method"):
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
        sn.io.checkpoint.read(path) if path.exists() else None
        if process.returncode == 0:
            assert found == whole
            path.unlink()
    assert _run(path, method, epochs).communicate()[0] == whole


@NOT_WINDOWS
def test_sigterm_keeps_a_checkpoint_and_the_best_network(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    process = _run(path, "lbfgs", 1_000_000)
    time.sleep(0.3)
    process.terminate()
    process.communicate()
    assert process.returncode != 0
    assert sn.io.checkpoint.read(path)[1]["starts"][0]["epoch"] > 0


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

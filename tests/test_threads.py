"""The thread limit: one number for the process, from the environment or set later."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

import slopenet as sn


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = sn.get_num_threads()
    yield
    sn.set_num_threads(before)


def test_limit_is_set_and_reset() -> None:
    sn.set_num_threads(1)
    assert sn.get_num_threads() == 1
    sn.set_num_threads(None)
    assert sn.get_num_threads() >= 1


def test_less_than_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        sn.set_num_threads(0)


@pytest.mark.parametrize(("text", "code"), [("3", 0), ("zero", 1), ("0", 1)])
def test_environment_sets_the_limit_or_is_refused(text: str, code: int) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import slopenet; print(slopenet.get_num_threads())"],
        env={**os.environ, "SLOPENET_NUM_THREADS": text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code
    assert ("3" in result.stdout) if code == 0 else ("SLOPENET_NUM_THREADS=" in result.stderr)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_computes_the_same() -> None:
    code = (
        "import os, numpy as np, slopenet as sn\n"
        "net = sn.Network.random((8, 64, 64, 1), rng=0)\n"
        "X = np.random.default_rng(0).normal(size=(20_000, 8))\n"
        "want = net.jacobian(X)\n"
        "if os.fork() == 0:\n    os._exit(0 if np.array_equal(net.jacobian(X), want) else 1)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.stdout.strip() == "0", result.stderr


@pytest.mark.parametrize(
    "call",
    [
        "net = sn.Network.random((20, 512, 512, 20), rng=0); net.jacobian(np.zeros((60_000, 20)))",
        "net = sn.Network.random((50, 2000, 2000, 1), rng=0);"
        " sn.backprop(net, np.zeros((20_000, 50)), np.zeros(20_000))",
        "net = sn.Network.random((2, 30, 1), rng=0);"
        " sn.sgd(net, np.zeros((9, 2)), np.zeros(9), steps=10**9, record_every=10**8)",
    ],
    ids=["jacobian", "backprop", "sgd"],
)
def test_ctrl_c_stops_a_long_call(call: str) -> None:
    code = (
        "import numpy as np, slopenet as sn, threading, os, signal\n"
        "threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        f"try:\n    {call}\nexcept KeyboardInterrupt:\n    print('stopped')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.stdout.strip() == "stopped", result.stderr

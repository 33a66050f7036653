"""Calls in threads other than the main one: the process may end meanwhile, and they take no GIL."""

import os
import subprocess
import sys

import pytest

CALLS = {
    "values": "net(X)",
    "jacobian": "net.jacobian(X)",
    "hessian": "net.hessian(X[:9000])",
    "backprop": "sn.backprop(net, X, y)",
    "higham": "sn.sgd(net, X[:100], y[:100], steps=10**7)",
    "adam": "sn.fit(X[:9000], y[:9000], method='adam', restarts=1, epochs=10**6)",
    "lbfgs": "sn.fit(X[:9000], y[:9000], method='lbfgs', restarts=1, epochs=10**6)",
    "lm": "sn.fit(X[:900], y[:900], method='lm', hidden=9, restarts=1, epochs=10**6)",
}


def python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_process_ends_in_silence_while_daemon_threads_compute(call: str) -> None:
    """Ten children end at ten points of the call; a child costs no import."""
    code = (
        "import os, sys, threading, time\n"
        "import numpy as np, slopenet as sn\n"
        "net = sn.Network.random((8, 64, 64, 4), rng=0)\n"
        "X = np.random.default_rng(0).normal(size=(200_000, 8))\n"
        "y = np.sin(X[:, :4])\n"
        "def work():\n"
        f"    while True: {call}\n"
        "codes = []\n"
        "for i in range(10):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        for _ in range(2): threading.Thread(target=work, daemon=True).start()\n"
        "        time.sleep(0.05 + 0.02 * i)\n"
        "        sys.exit()\n"
        "    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "print(*codes)\n"
    )
    result = python(code)
    assert (result.stdout, result.stderr) == ("0 0 0 0 0 0 0 0 0 0\n", "")


def test_a_call_outside_the_main_thread_waits_for_no_gil() -> None:
    """The main thread keeps the GIL from the first result to the last."""
    code = (
        "import sys, threading, time\n"
        "import numpy as np, slopenet as sn\n"
        "net = sn.Network.random((8, 64, 64, 1), rng=0)\n"
        "X, out = np.ones((200_000, 8)), np.full((200_000, 1), np.nan)\n"
        "other = threading.Thread(target=lambda: net.laplacian(X, out=out, threads=1))\n"
        "other.start()\n"
        "while np.isnan(out[0, 0]): time.sleep(0.001)\n"
        "sys.setswitchinterval(1000)\n"
        "end = time.monotonic() + 30\n"
        "while np.isnan(out[-1, 0]) and time.monotonic() < end: pass\n"
        "sys.setswitchinterval(0.001)\n"
        "print(not np.isnan(out[-1, 0]))\n"
        "other.join()\n"
    )
    result = python(code)
    assert (result.stdout, result.stderr) == ("True\n", "")

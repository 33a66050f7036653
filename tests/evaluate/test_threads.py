"""The limit of threads, of a call and of the process; fork, Ctrl-C and the GIL."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn


def python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )


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


@pytest.mark.parametrize("text", ["3", "zero", "0", "-1", "1.5", "9" * 5000])
def test_environment_sets_the_limit_and_a_bad_one_is_a_warning(text: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import slopenet; print(slopenet.get_num_threads())"],
        env={**os.environ, "SLOPENET_NUM_THREADS": text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    if text == "3":
        assert (result.stdout, result.stderr) == ("3\n", "")
    else:
        assert result.stdout == f"{len(os.sched_getaffinity(0))}\n"
        assert "SLOPENET_NUM_THREADS must be a whole number of at least 1, got" in result.stderr


def everything(net: sn.Network, X: np.ndarray, threads: int | None = None) -> list[bytes]:
    results = [
        *net.value_jacobian_hessian(X, threads=threads),
        net.laplacian(X, threads=threads),
        net.hvp(X, np.ones(8), threads=threads),
        net.weighted_hessian(X, np.ones(1), threads=threads),
    ]
    return [result.tobytes() for result in results]


def case() -> tuple[sn.Network, np.ndarray]:
    """Large enough for every thread that is allowed."""
    net = random_network((8, 64, 64, 1))
    return net, points(3000, net)


def test_a_calls_own_limit_leaves_the_process_its_own() -> None:
    net, X = case()
    sn.set_num_threads(2)
    for threads in (1, 2, 3, None):
        assert everything(net, X, threads) == everything(net, X, 1)
        assert sn.get_num_threads() == 2


def threads_of(call: str) -> int:
    """The most operating-system threads that a fresh process has while it computes."""
    code = (
        "import os, threading, time\n"
        "import numpy as np, slopenet as sn\n"
        "most, done = [0], threading.Event()\n"
        "def watch():\n"
        "    while not done.is_set():\n"
        "        most[0] = max(most[0], len(os.listdir('/proc/self/task')))\n"
        "        time.sleep(0.001)\n"
        "net = sn.Network.random((8, 64, 64, 1), rng=0)\n"
        "X = np.zeros((50_000, 8))\n"
        "watcher = threading.Thread(target=watch)\n"
        "watcher.start()\n"
        "time.sleep(0.05)\n"
        "before, most[0] = most[0], 0\n"
        f"{call}\n"
        "done.set()\n"
        "watcher.join()\n"
        "print(most[0] - before + 1)\n"
    )
    result = python(code)
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no list of threads here")
@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("net.laplacian(X, threads=1)", 1),
        ("net.laplacian(X, threads=3)", 3),
        ("sn.set_num_threads(1); net.laplacian(X)", 1),
        ("sn.set_num_threads(3); net.laplacian(X)", 3),
        ("sn.set_num_threads(3); net.laplacian(X, threads=2)", 2),
        ("sn.set_num_threads(3); [net.laplacian(X[:10]) for _ in range(1000)]", 1),
    ],
)
def test_as_many_threads_run_as_are_allowed_and_worth_it(call: str, wanted: int) -> None:
    assert threads_of(call) == wanted


def test_threadpoolctl_sees_the_core_limits_it_and_restores() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def seen() -> list[int]:
        info = threadpoolctl.threadpool_info()
        return [pool["num_threads"] for pool in info if pool["user_api"] == "slopenet"]

    sn.set_num_threads(3)
    assert seen() == [3]
    for options in ({}, {"user_api": "slopenet"}):
        with threadpoolctl.threadpool_limits(limits=1, **options):
            assert sn.get_num_threads() == 1
            assert seen() == [1]
        assert sn.get_num_threads() == 3
    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        assert sn.get_num_threads() == 3


def test_several_python_threads_at_once_get_the_same_bits() -> None:
    """Also where the core is packed at the first use by all of them."""
    net, X = case()
    wanted = everything(net, X)
    fresh = sn.Network(net.weights, net.biases, net.activations)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(everything, fresh, X, 1 + i % 3) for i in range(12)]
    assert all(job.result() == wanted for job in jobs)


def test_workers_of_joblib_get_the_same_bits() -> None:
    joblib = pytest.importorskip("joblib")
    net, X = case()
    results = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(net.value_jacobian_laplacian)(X) for _ in range(4)
    )
    for parts in results:
        for got, wanted in zip(parts, net.value_jacobian_laplacian(X), strict=True):
            assert got.tobytes() == wanted.tobytes()
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "while another thread computes"])
def test_a_forked_child_computes_the_same(busy: bool) -> None:
    code = (
        "import os, threading, time, warnings\n"
        "import numpy as np, slopenet as sn\n"
        "warnings.simplefilter('ignore')\n"
        "net = sn.Network.random((8, 64, 64, 1), rng=0)\n"
        "X = np.random.default_rng(0).normal(size=(20_000, 8))\n"
        "def results(): return net.value_jacobian_laplacian(X, threads=2)\n"
        "want, stop = results(), threading.Event()\n"
        "def work():\n"
        "    while not stop.is_set(): results()\n"
        f"others = [threading.Thread(target=work) for _ in range({int(busy)})]\n"
        "for other in others: other.start()\n"
        "codes = []\n"
        "for _ in range(5):\n"
        "    time.sleep(0.01)\n"
        "    if os.fork() == 0:\n"
        "        same = all(a.tobytes() == b.tobytes() for a, b in zip(results(), want))\n"
        "        os._exit(0 if same else 1)\n"
        "    codes.append(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "stop.set()\n"
        "for other in others: other.join()\n"
        "print(codes)\n"
    )
    result = python(code)
    assert result.stdout.strip() == "[0, 0, 0, 0, 0]", result.stderr


def test_other_python_threads_go_on_during_a_long_call() -> None:
    """They count between its start and its end, and would not if the GIL were held."""
    net, X = case()
    X = np.tile(X, (30, 1))
    inside, counts = threading.Event(), [0]

    def count() -> None:
        inside.wait()
        while inside.is_set():
            counts[0] += 1
            time.sleep(0)

    other = threading.Thread(target=count)
    other.start()
    inside.set()
    before = counts[0]
    net.laplacian(X, threads=1)
    passed = counts[0] - before
    inside.clear()
    other.join()
    # a held GIL lets the other thread in at most twice, at the call's two ends
    assert passed > 50


@pytest.mark.parametrize(
    "call",
    [
        "net = sn.Network.random((20, 512, 512, 20), rng=0); net.jacobian(np.zeros((60_000, 20)))",
        "net = sn.Network.random((20, 512, 512, 20), rng=0); net.hessian(np.zeros((20_000, 20)))",
        "net = sn.Network.random((784, 1024, 1024, 10), rng=0); net.hessian(np.zeros((8, 784)))",
        "net = sn.Network.random((9, 2048, 2048, 1), rng=0); net.laplacian(np.zeros((50_000, 9)))",
        "net = sn.Network.random((50, 2000, 2000, 1), rng=0);"
        " sn.backprop(net, np.zeros((20_000, 50)), np.zeros(20_000))",
        "net = sn.Network.random((2, 30, 1), rng=0);"
        " sn.sgd(net, np.zeros((9, 2)), np.zeros(9), steps=10**9, record_every=10**8)",
        "X = np.linspace(-1, 1, 4_000_000).reshape(-1, 2);"
        " sn.fit(X, np.sin(X), hidden=30, method='adam', batch_size=16)",
    ],
    ids=["jacobian", "hessian", "one_tile", "laplacian", "backprop", "sgd", "adam"],
)
def test_ctrl_c_stops_a_long_call(call: str) -> None:
    code = (
        "import numpy as np, slopenet as sn, threading, os, signal, time\n"
        "at = []\n"
        "def interrupt():\n"
        "    at.append(time.monotonic())\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Timer(1.0, interrupt).start()\n"
        f"try:\n    {call}\nexcept KeyboardInterrupt:\n    print(time.monotonic() - at[0])\n"
    )
    result = python(code)
    assert result.stdout, result.stderr
    if "sgd" not in call:  # whose order of samples NumPy draws, without looking for Ctrl-C
        assert float(result.stdout) < 3  # seconds, however busy the machine

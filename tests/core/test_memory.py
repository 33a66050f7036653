"""A call takes a few tiles of memory for any number of rows, and leaves the processor as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn

STATUS = Path("/proc/self/status")
PEAK = """
import re, sys
import numpy as np
import slopenet as sn

def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024

name, along, output = sys.argv[1:]
net = sn.Network.random((8, 64, 64, 1), output=output, rng=0)
X = np.random.default_rng(0).normal(size=(200_000, 8))
vector = {"": (), "x": (np.ones_like(X),), "H": (np.ones((200_000, 1)),)}[along]
method = getattr(net, name)
row = method(X[0], *(v[0] for v in vector))
rows = row if isinstance(row, tuple) else (row,)
outs = [np.zeros((200_000, *part.shape)) for part in rows]
for out in outs:
    out[...] = 1  # so that every page is there

def call(n):
    out = tuple(out[:n] for out in outs)
    method(X[:n], *(v[:n] for v in vector), out=out if len(out) > 1 else out[0], threads=2)

call(10_000)
before = peak()
call(200_000)
print(peak() - before)
"""


def has_peak() -> bool:
    return STATUS.exists() and "VmHWM" in STATUS.read_text()


@pytest.mark.skipif(not has_peak(), reason="this system does not report peak memory")
@pytest.mark.parametrize(
    ("name", "along", "output"),
    [
        ("jacobian", "", "identity"),
        ("hessian", "", "identity"),
        ("hvp", "x", "identity"),
        ("weighted_hessian", "H", "identity"),
        ("laplacian", "", "identity"),
        ("value_jacobian_laplacian", "", "identity"),
        ("weighted_hessian", "H", "softmax"),
        ("laplacian", "", "softmax"),
    ],
)
def test_twenty_times_the_rows_take_no_memory_but_input_and_output(
    name: str, along: str, output: str
) -> None:
    """Where the rows of one activation of the hidden layers alone would be 97 MiB more."""
    result = subprocess.run(
        [sys.executable, "-c", PEAK, name, along, output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 4 * 2**20


def denormals() -> bytes:
    """Arithmetic with numbers below the normal range, in float64 and float32; kept as bytes."""
    results = []
    for dtype, tiny in ((np.float64, 5e-324), (np.float32, 1e-45)):
        small = np.full(64, tiny, dtype)
        least = np.full(64, np.finfo(dtype).tiny)
        results += [
            small * dtype(1),
            least / dtype(2),
            least * dtype(0.7),
            small + small,
            small - least,
        ]
    assert all(result.all() for result in results)
    return b"".join(result.tobytes() for result in results)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_denormal_numbers_work_as_before_after_every_call(dtype: Any) -> None:
    before = denormals()
    net = random_network((8, 64, 64, 2), dtype=dtype)
    X, v, u = points(3000, net), np.ones(8), np.ones(2)
    for threads in (1, 2):
        net.value_jacobian_hessian(X, threads=threads)
        net.value_jacobian_laplacian(X, threads=threads)
        net.hvp(X, v, threads=threads)
        net.weighted_hessian(X, u, threads=threads)
        net.vjp(X, u, threads=threads)
        net.jvp(X, v, threads=threads)
        assert denormals() == before
    sn.backprop(net, X, np.zeros((3000, 2)), np.zeros((3000, 2, 8)))
    assert denormals() == before


def test_no_floating_point_error_is_left_for_numpy_to_find() -> None:
    """An overflow in the core raises no FloatingPointError, here or in NumPy's next operation."""
    net = sn.Network([[[1e200]], [[1e200]]], [[0.0], [0.0]], "identity")
    with np.errstate(all="raise"):
        net.jacobian([[1e200]])
        assert (np.ones(3) * 2.0 == 2).all()

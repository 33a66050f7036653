"""The command `python -m benchmarks.exported`: exported networks compared with slopenet itself.

C is called from C, one row at a time, as its users do; onnxruntime from Python, with one thread and
all rows at once. All results are compared before the timing starts.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import click
import numpy as np
from rich.console import Console
from rich.table import Table

import slopenet as sn
from benchmarks.agreement import check
from benchmarks.cases import QUANTITIES, Case, Problem
from benchmarks.clock import Timing, Way, interleave
from benchmarks.contenders import torch
from benchmarks.contenders.contender import Call
from benchmarks.machine import describe
from slopenet.exporters import FunctionName

CASES = (
    Case("jacobian", (2, 2, 3, 2), None),
    Case("jacobian", (8, 64, 64, 1), None),
    Case("jacobian", (8, 64, 64, 1), None, "float32"),
    Case("jacobian", (8, 64, 64, 1), 10_000),
    Case("jacobian", (20, 128, 128, 128, 10), 1_000),
    Case("jacobian", (64, 128, 8, 128, 64), 500),
    Case("hessian", (8, 64, 64, 1), None),
    Case("hessian", (8, 64, 64, 4), 500),
)
FLAGS = {"-O2": ("-O2",), "-O3 -march=native": ("-O3", "-march=native")}
# A single point is too short to time through ctypes, so C repeats it within one call.
REPEATS = 1000

_LOOP = """
#include "net.c"
void loop(int n, int stride, const net_real *x, net_real *y, net_real *J, {H}net_real *w)
{{
    const int n_J = NET_N_OUT * NET_N_IN;
    int i;
    for (i = 0; i < n; ++i) {{
        const int j = i * stride;
        net_{function}(x + j * NET_N_IN, y + j * NET_N_OUT, J + j * n_J, {more}w);
    }}
}}
"""


def c_calls(net: sn.Network, problem: Problem, quantity: str, folder: Path) -> dict[str, Call]:
    """A loop over the rows in C, for each set of flags; a single point runs `REPEATS` times."""
    second = quantity == "hessian"
    net.export(folder / "net.c", derivatives=[cast("FunctionName", quantity)])
    more = "H + j * n_J * NET_N_IN, " if second else ""
    text = _LOOP.format(function=quantity, more=more, H="net_real *H, " if second else "")
    (folder / "loop.c").write_text(text)
    calls = {}
    for flags, given in FLAGS.items():
        library = folder / f"{'_'.join(given)}.so"
        command = shlex.split(os.environ.get("CC", "cc"))
        command += [*given, "-shared", "-fPIC", "-o", str(library), str(folder / "loop.c"), "-lm"]
        subprocess.run(command, check=True)
        calls[flags] = _loop(ctypes.CDLL(str(library)), net, problem, second)
    return calls


def _loop(library: Any, net: sn.Network, problem: Problem, second: bool) -> Call:
    X = np.atleast_2d(problem.X)
    rows, n_1, n_L = len(X), net.sizes[0], net.sizes[-1]
    lead = () if problem.single else (rows,)
    y, J, H = (
        np.empty((*lead, *shape), net.dtype)
        for shape in ((n_L,), (n_L, n_1), (n_L, n_1, n_1) if second else (0,))
    )
    w = np.empty(1_000_000, net.dtype)
    arrays = [X, y, J, *([H] if second else []), w]
    times, stride = (REPEATS, 0) if problem.single else (rows, 1)

    def call() -> tuple[Any, ...]:
        library.loop(times, stride, *(ctypes.c_void_p(array.ctypes.data) for array in arrays))
        return (H,) if second else (y, J)

    return call


def onnx_call(net: sn.Network, problem: Problem, quantity: str, folder: Path) -> Call:
    """A session of onnxruntime with one thread."""
    import onnxruntime

    names = ["hessian"] if quantity == "hessian" else ["y", "jacobian"]
    wanted: list[FunctionName] = ["hessian"] if quantity == "hessian" else ["value", "jacobian"]
    net.export(folder / "net.onnx", derivatives=wanted)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        (folder / "net.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    given = {"x": np.atleast_2d(problem.X)}
    if problem.single:
        return lambda: tuple(result[0] for result in session.run(names, given))
    return lambda: tuple(session.run(names, given))


def own_call(net: sn.Network, problem: Problem, quantity: str) -> Call:
    """Slopenet itself with `out=`, with one thread like the others."""
    X = problem.X
    if quantity == "hessian":
        out = net.hessian(X)
        return lambda: (net.hessian(X, out=out, threads=1),)
    both = net.value_and_jacobian(X)
    return lambda: net.value_and_jacobian(X, out=both, threads=1)


def measure(case: Case, folder: Path, rounds: int) -> dict[Way, float]:
    """Seconds per call of every installed contender; for single points in C, per point."""
    problem = Problem.of(case)
    hidden: list[sn.ActivationName] = ["tanh"] * (len(problem.weights) - 1)
    net = sn.Network(problem.weights, problem.biases, [*hidden, "identity"])
    calls: dict[Way, Call] = {("slopenet", "out="): own_call(net, problem, case.quantity)}
    for flags, call in c_calls(net, problem, case.quantity, folder).items():
        calls["C", flags] = call
    calls["onnxruntime", ""] = onnx_call(net, problem, case.quantity, folder)
    if torch.CONTENDER.version:
        import torch as package

        package.set_num_threads(1)
        for mode, call in torch.CONTENDER.quantities[case.quantity](problem).items():
            calls["PyTorch", mode] = call
    check(calls, QUANTITIES[case.quantity].tolerance[case.dtype])
    timings = interleave(calls, rounds, 0.0)
    return {way: _seconds(way, timing, problem.single) for way, timing in timings.items()}


def _seconds(way: Way, timing: Timing, single: bool) -> float:
    return timing.median / (REPEATS if way[0] == "C" and single else 1)


def _best(found: dict[Way, float], name: str) -> float:
    return min((taken for way, taken in found.items() if way[0] == name), default=float("nan"))


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-4 else f"{seconds * 1e3:.2f} ms"


@click.command()
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1))
@click.option("--quick", is_flag=True, help="The first case, one round: does it all run?")
def main(rounds: int, quick: bool) -> None:
    """Time exported C and ONNX, slopenet and torch.func, in turns, on the same arrays."""
    console = Console()
    console.width = max(console.width, 120)
    for key, value in describe([torch.CONTENDER]).items():
        console.print(f"{key}: {value}", highlight=False)
    peers = ("onnxruntime", "torch.func")
    table = Table("one thread each", "slopenet", *(f"C {flags}" for flags in FLAGS), *peers)
    for case in CASES[:1] if quick else CASES:
        with TemporaryDirectory() as folder:
            found = measure(case, Path(folder), 1 if quick else rounds)
        cells = [found["slopenet", "out="], *(found["C", flags] for flags in FLAGS)]
        cells += [_best(found, "onnxruntime"), _best(found, "PyTorch")]
        table.add_row(case.label, *map(_shown, cells))
    console.print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.exported")

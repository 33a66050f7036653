"""Networks that end in softmax or log-softmax as C and Python files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import EVERYTHING, compilers, errors, inputs, library, results

import slopenet as sn

COMPILERS = compilers()
HEADS = pytest.mark.parametrize("head", ["softmax", "log_softmax"])
SIZES = pytest.mark.parametrize("sizes", [(3, 9, 5), (6, 7, 2), (2, 8), (1, 5, 4, 3)], ids=str)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")
@DTYPES
@SIZES
@HEADS
def test_c_files_give_the_results_of_the_network(
    head: Any, sizes: tuple[int, ...], dtype: Any, tmp_path: Path
) -> None:
    net = sn.Network.random(sizes, output=head, rng=0, dtype=dtype)
    path = tmp_path / "net.c"
    assert net.export(path, derivatives=EVERYTHING).passed
    X = inputs(200, net)
    command = next(iter(COMPILERS.values()))
    got = results(library(path, command, "-std=c99", "-O2"), "net", net, X)
    assert max(errors(net, X, got).values()) < 1


@DTYPES
@SIZES
@HEADS
def test_python_files_give_the_results_of_the_network(
    head: Any, sizes: tuple[int, ...], dtype: Any, tmp_path: Path
) -> None:
    net = sn.Network.random(sizes, output=head, rng=0, dtype=dtype)
    assert net.export(tmp_path / "net.py", derivatives=EVERYTHING).passed
    module: dict[str, Any] = {}
    exec(compile((tmp_path / "net.py").read_text(), "net", "exec"), module)
    X = inputs(200, net)
    got = {"y": module["value"](X), "J": module["jacobian"](X), "H": module["hessian"](X)}
    assert all(array.dtype == dtype for array in got.values())
    assert max(errors(net, X, got).values()) < 1


@HEADS
@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.parametrize("suffix", [".c", ".py"])
def test_each_function_can_be_written_alone(
    head: Any, name: sn.FunctionName, suffix: str, tmp_path: Path
) -> None:
    net = sn.Network.random((3, 4, 3), output=head, rng=0)
    export = net.export(tmp_path / f"net{suffix}", derivatives=[name])
    assert export.passed, export

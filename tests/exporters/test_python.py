"""Python files run without slopenet and give the network's results."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import EVERYTHING, LIMIT, errors, inputs, mixed_network
from networks import network_of_runs, points, random_network

import slopenet as sn


def loaded(path: Path) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), module)
    return module


@pytest.mark.parametrize("seed", range(20))
def test_networks_of_all_activations_keep_the_promise(tmp_path: Path, seed: int) -> None:
    net = mixed_network(seed, np.float32 if seed % 5 == 4 else np.float64)
    assert net.export(tmp_path / "net.py", derivatives=EVERYTHING).passed
    module, X = loaded(tmp_path / "net.py"), inputs(1000, net)
    with np.errstate(over="ignore"):
        got = {"y": module["value"](X), "J": module["jacobian"](X), "H": module["hessian"](X)}
    assert all(array.dtype == net.dtype for array in got.values())
    assert max(errors(net, X, got).values()) < LIMIT[net.dtype.name]


def test_products_take_one_direction_or_one_a_row(tmp_path: Path) -> None:
    net = random_network((4, 7, 3), "silu")
    net.export(tmp_path / "net.py", derivatives=("jvp", "vjp"))
    module, X = loaded(tmp_path / "net.py"), points(6, net)
    v, u = X[0], np.arange(3.0)
    np.testing.assert_allclose(module["jvp"](X, v), net.jvp(X, v), rtol=1e-12)
    np.testing.assert_allclose(module["jvp"](X, X), net.jvp(X, X), rtol=1e-12)
    np.testing.assert_allclose(module["vjp"](X, u), net.vjp(X, u), rtol=1e-12)


def test_it_runs_where_there_is_no_slopenet(tmp_path: Path) -> None:
    net = random_network((2, 3, 1), "gelu")
    net.export(tmp_path / "net.py")
    code = (
        f"import sys; sys.modules['slopenet'] = None; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import net; print(net.value([[0.5, -1.0]])[0, 0])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert abs(float(said.stdout) - net([0.5, -1.0])[0]) < 1e-15


def test_only_derivatives_asked_for_are_written(tmp_path: Path) -> None:
    net = random_network((2, 3, 1), "tanh")
    net.export(tmp_path / "net.py", derivatives=["value"])
    tree = ast.parse((tmp_path / "net.py").read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert names == ["array", "tanh", "points", "forward", "value"]


def test_names_of_columns_cannot_end_the_docstring(tmp_path: Path) -> None:
    names = ['a"""', "b\\", "c\nimport os"]
    net = sn.Network.random((3, 2), rng=0, input_names=names, output_names=["é", '"""'])
    net.export(tmp_path / "net.py")
    assert loaded(tmp_path / "net.py")["value"](np.zeros((1, 3))).shape == (1, 2)


@pytest.mark.parametrize("seed", range(8))
def test_networks_of_runs_keep_the_promise(tmp_path: Path, seed: int) -> None:
    net = network_of_runs(seed, dtype=np.float32 if seed % 4 == 3 else np.float64)
    assert net.export(tmp_path / "net.py", derivatives=EVERYTHING).passed
    module, X = loaded(tmp_path / "net.py"), inputs(300, net)
    with np.errstate(over="ignore"):
        got = {"y": module["value"](X), "J": module["jacobian"](X), "H": module["hessian"](X)}
    assert all(array.dtype == net.dtype for array in got.values())
    assert max(errors(net, X, got).values()) < 1

"""`slopenet convert` writes a source of `load` as a model, reports the difference, and refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from networks import points, random_network

import slopenet as sn
from slopenet.cli import cli


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "net.safetensors"
    random_network((2, 4, 1), "tanh").save(path)
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, ["convert", *map(str, args)])


def test_a_model_gets_names_and_another_dtype(source: Path, tmp_path: Path) -> None:
    model = tmp_path / "named.safetensors"
    done = run(source, model, "--inputs", "T,p", "--outputs", "rho", "--dtype", "float32")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{source}: {sn.load(model)!r}\n"
    net, own = sn.load(model), sn.load(source)
    assert (net.input_names, net.output_names, net.dtype) == (("T", "p"), ("rho",), np.float32)
    assert np.array_equal(net.weights[0], own.weights[0].astype(np.float32))
    assert run(model, source, "-q").stdout == ""
    assert sn.load(source) == net


def test_an_onnx_file_with_its_comparison(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net, graph, model = sn.load(source), tmp_path / "net.onnx", tmp_path / "model.safetensors"
    net.export(graph, derivatives=["value"])
    done = run(graph, model)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{graph}: the graph: Network(2-4-1, tanh, tanh; ")
    assert "the values of both differ by at most" in done.stdout
    X = points(20, net)
    assert np.allclose(sn.load(model).jacobian(X), net.jacobian(X), rtol=1e-13, atol=1e-13)


def test_a_graph_with_derivatives_is_refused_by_name(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    sn.load(source).export(tmp_path / "net.onnx")
    done = run(tmp_path / "net.onnx", tmp_path / "model.safetensors")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "the graph: it has 2 outputs ('y', 'jacobian'), and one is wanted" in done.stderr
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["net.pt", "m.safetensors"], "a pickle may run code, so it is not opened here"),
        (["net.txt", "m.safetensors"], "is not a model file"),
        (["net.safetensors", "net.safetensors"], "is the input file"),
        (["net.safetensors", "nowhere/m.safetensors"], "there is no folder"),
        (["net.safetensors", "m.safetensors", "--inputs", "a"], "input_names must be 2 names"),
        (["nothing.onnx", "m.safetensors"], "does not exist"),
    ],
)
def test_a_wrong_convert_command_is_one_sentence(
    source: Path, args: list[str], message: str
) -> None:
    folder = source.parent
    (folder / "net.pt").write_bytes(b"\x80\x02}q\x00.")
    (folder / "net.txt").write_text("T,p,rho\n1,2,3\n")
    done = run(folder / args[0], folder / args[1], *args[2:])
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]
    assert not (folder / "m.safetensors").exists()

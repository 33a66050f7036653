"""`slopenet convert` writes a source of `load` as a model, reports the difference, and refuses."""

from __future__ import annotations

import contextlib
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
    assert "outputs= takes some of 'y', 'jacobian'" in " ".join(done.stderr.split())
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


JSON = (
    '{"input_scaling": {"mean": [1, 2], "std": 2.0}, '
    '"output_scaling": {"low": 0, "high": 5, "to": [-1, 1]}}'
)
TOML = """
[input_scaling]
mean = [1, 2]
std = 2.0
[output_scaling]
low = 0
high = 5
to = [-1, 1]
"""


@pytest.mark.parametrize(("name", "text"), [("s.json", JSON), ("s.toml", TOML)])
def test_a_scaling_in_a_file(source: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    model = tmp_path / "raw.safetensors"
    done = run(source, model, "--scaling", tmp_path / name, "--inputs", "T,p")
    assert done.exit_code == 0, done.output
    net, own = sn.load(model), sn.load(source)
    assert net.input_names == ("T", "p")
    X = points(20, own)
    wanted = (own((X - [1, 2]) / 2) + 1) / 2 * 5
    assert np.allclose(net(X), wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.json", "", "is not a JSON file"),
        ("s.json", "\xff", "is not a JSON file"),
        ("s.json", "[" * 100_000, "is not a JSON file"),
        ("s.json", "[1]", "must have input_scaling or output_scaling"),
        ("s.json", "{}", "must have input_scaling or output_scaling"),
        ("s.json", '{"input": {}}', "has 'input'; input_scaling and output_scaling are read"),
        ("s.json", '{"input_scaling": [1, 2]}', "must have a table as input_scaling"),
        ("s.json", '{"input_scaling": {"mean": NaN, "std": 1}}', "has NaN, which is not a finite"),
        ("s.json", '{"input_scaling": {"mean": 1e999, "std": 1}}', "must have numbers as mean"),
        ("s.json", '{"input_scaling": {"mean": "1", "std": 1}}', "must have numbers as mean"),
        ("s.json", '{"input_scaling": {"mean": true, "std": 1}}', "must have numbers as mean"),
        ("s.json", '{"input_scaling": {"mean": [[1]], "std": 1}}', "must have numbers as mean"),
        ("s.json", '{"input_scaling": {"mean": 1, "mean": 2}}', "has a name twice"),
        ("s.json", '{"input_scaling": {"mean": 1' + "0" * 400 + ', "std": 1}}', "must have num"),
        ("s.json", '{"input_scaling": {"mean": 1' + "0" * 9999 + ', "std": 1}}', "is not a JSON"),
        ("s.json", '{"input_scaling": {"mean": 1, "sd": 1}}', "must have one of these in input"),
        ("s.json", '{"input_scaling": {"mean": [1, 2, 3], "std": 1}}', "must have one number"),
        ("s.json", '{"input_scaling": {"matrix": [[1, 2], [3]], "offset": 1}}', "matrix of input"),
        ("s.json", '{"input_scaling": {"mean": 1}}', "must have one of these in input_scaling"),
        ("s.json", '{"output_scaling": {"mean": 1, "std": 0}}', "std of output_scaling must"),
        ("s.toml", "input_scaling = 1 = 2", "is not a TOML file"),
        ("s.toml", "[input_scaling]\nmean = inf\nstd = 1", "must have numbers as mean"),
        ("s.toml", "[input_scaling]\nmean = 1979-05-27\nstd = 1", "must have numbers as mean"),
        ("s.toml", "a = " + "[" * 100_000, "is not a TOML file"),
    ],
)  # fmt: skip
def test_a_hostile_scaling_is_one_sentence(
    source: Path, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    model = tmp_path / "m.safetensors"
    done = run(source, model, "--scaling", tmp_path / name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
    assert not model.exists()


def test_bytes_of_a_scaling_that_are_changed_never_end_in_a_traceback(tmp_path: Path) -> None:
    from slopenet.cli._scaling import read_scaling

    rng = np.random.default_rng(0)
    net = random_network((2, 4, 1), "tanh")
    for name, text in (("s.json", JSON), ("s.toml", TOML)):
        for _ in range(1000):
            raw = bytearray(text.encode())
            for at in rng.integers(len(raw), size=rng.integers(1, 4)):
                raw[at] = rng.integers(256)
            (tmp_path / name).write_bytes(raw)
            with contextlib.suppress(ValueError):
                net.scaled(**read_scaling(tmp_path / name))

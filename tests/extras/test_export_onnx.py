"""ONNX files give the network's results, in onnxruntime and in onnx's own evaluator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import LIMIT, errors, inputs, mixed_network
from networks import SHAPES, network_of_runs, points, random_network

import slopenet as sn

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
ALL = ("value", "jacobian", "hessian")


def session(path: Path) -> Any:
    return onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(20))
def test_networks_of_all_activations_keep_the_promise(
    tmp_path: Path, seed: int, dtype: Any
) -> None:
    net = mixed_network(seed, dtype)
    path = tmp_path / "net.onnx"
    assert net.export(path, derivatives=ALL).passed
    X = inputs(1000, net)
    got = dict(zip("yJH", session(path).run(["y", "jacobian", "hessian"], {"x": X}), strict=True))
    assert all(array.dtype == dtype for array in got.values())
    assert max(errors(net, X, got).values()) < LIMIT[net.dtype.name]


@pytest.mark.parametrize("sizes", [*SHAPES, (30, 64, 4, 64, 4, 64, 30)], ids=str)
def test_any_number_of_rows_in_every_order_of_the_plan(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    net = random_network(sizes, "tanh", output="identity")
    net.export(tmp_path / "net.onnx")
    run = session(tmp_path / "net.onnx").run
    for n in (1, 2, 7):
        X = points(n, net)
        H, J = run(["y", "jacobian"], {"x": X})
        np.testing.assert_allclose(H, net(X), rtol=0, atol=1e-13 * np.abs(H).max())
        np.testing.assert_allclose(J, net.jacobian(X), rtol=0, atol=1e-13 * np.abs(J).max())


def test_the_derivatives_of_a_linear_network_stand_for_every_row(tmp_path: Path) -> None:
    net = random_network((3, 4, 2), "identity")
    net.export(tmp_path / "net.onnx", derivatives=ALL)
    X = points(5, net)
    _, J, hessian = session(tmp_path / "net.onnx").run(None, {"x": X})
    np.testing.assert_allclose(J, net.jacobian(X), rtol=1e-13)
    np.testing.assert_array_equal(hessian, np.zeros((5, 2, 3, 3)))


def test_the_hessian_is_symmetric_to_the_bit(tmp_path: Path) -> None:
    net = random_network((6, 17, 9, 3), "silu")
    net.export(tmp_path / "net.onnx", derivatives=["hessian"])
    (hessian,) = session(tmp_path / "net.onnx").run(None, {"x": points(9, net)})
    np.testing.assert_array_equal(hessian, hessian.swapaxes(-1, -2))


def test_weights_are_shared_and_the_file_barely_grows(tmp_path: Path) -> None:
    net = sn.Network.random((8, 200, 200, 4), rng=0)
    size = {}
    for derivatives in (("value",), ALL):
        net.export(tmp_path / "net.onnx", derivatives=derivatives)
        size[derivatives] = (tmp_path / "net.onnx").stat().st_size
    assert size[ALL] < size["value",] + 8_000
    assert size[ALL] < 8 * net.n_parameters + 10_000


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "softplus", "exp", "log"])
def test_values_alone_are_plain_layers(tmp_path: Path, activation: str) -> None:
    """Gemm and one operator per activation, the attributes in full, every node named."""
    net = random_network((3, 5, 4, 1), activation, output="identity", dtype=np.float32)
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    graph = onnx.load(tmp_path / "net.onnx").graph
    operator = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softplus": "Softplus"}
    operator |= {"exp": "Exp", "log": "Log"}
    hidden = ["Gemm", operator[activation]]
    assert [node.op_type for node in graph.node] == [*hidden, *hidden, "Gemm"]
    assert all(node.name for node in graph.node)
    gemm = {attribute.name for attribute in graph.node[0].attribute}
    assert gemm == {"alpha", "beta", "transA", "transB"}


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_omlt_reads_values_alone(tmp_path: Path, activation: str) -> None:
    omlt = pytest.importorskip("omlt.io", reason="OMLT is not installed")
    net = random_network((3, 5, 4, 2), activation, output="identity")
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    read = list(omlt.load_onnx_neural_network(onnx.load(tmp_path / "net.onnx")).layers)
    assert [layer.activation for layer in read] == ["linear", activation, activation, "linear"]
    x = a = points(1, net)[0]
    for layer in read[1:]:
        a = layer.eval_single_layer(a)
    assert np.allclose(a, net(x), rtol=1e-13, atol=1e-13)


def test_a_slope_that_no_attribute_holds_is_composed(tmp_path: Path) -> None:
    """Attributes are float32; in float64 0.2 is none of them, 0.25 is."""
    for slope, operator in ((0.2, "Where"), (0.25, "LeakyRelu")):
        net = random_network((2, 3), ("leaky_relu", slope))
        assert net.export(tmp_path / "net.onnx", derivatives=["value"]).difference < 1e-15
        found = {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
        assert operator in found


def test_names_of_columns_are_kept(tmp_path: Path) -> None:
    net = sn.Network.random((2, 1), rng=0, input_names=["T", "p"], output_names=["ρ"])
    net.export(tmp_path / "net.onnx")
    found = {p.key: p.value for p in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert found["input_names"] == '["T", "p"]'


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    net = random_network((3, 5, 2), "mish")
    for name in ("a", "b"):
        net.export(tmp_path / f"{name}.onnx", derivatives=ALL)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_products_with_vectors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ONNX files have value, jacobian, hessian, not 'jvp'"):
        random_network((2, 1)).export(tmp_path / "net.onnx", derivatives=["jvp"])


def test_without_onnxruntime_onnx_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = random_network((3, 5, 2), "gelu").export(tmp_path / "net.onnx", derivatives=ALL)
    assert done.passed
    assert done.run_by == "onnx's reference evaluator"


def test_without_onnx_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx.checker", None)
    with pytest.raises(ImportError, match=r"pip install 'slopenet\[onnx\]'"):
        random_network((2, 1)).export(tmp_path / "net.onnx")


@pytest.mark.parametrize("derivatives", [ALL, ("value",)], ids=str)
@pytest.mark.parametrize("seed", range(8))
def test_networks_of_runs_keep_the_promise(
    tmp_path: Path, seed: int, derivatives: tuple[Any, ...]
) -> None:
    net = network_of_runs(seed, dtype=np.float32 if seed % 4 == 3 else np.float64)
    path = tmp_path / "net.onnx"
    assert net.export(path, derivatives=derivatives).passed
    X = inputs(300, net)
    got = dict(zip("yJH", session(path).run(None, {"x": X}), strict=False))
    assert all(array.dtype == net.dtype for array in got.values())
    wanted = dict(zip("yJH", net.value_jacobian_hessian(X), strict=True))
    assert max(errors(net, X, wanted | got).values()) < 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sizes", [(3, 9, 5), (6, 7, 2), (2, 8)], ids=str)
@pytest.mark.parametrize("head", ["softmax", "log_softmax"])
def test_networks_with_a_softmax(
    tmp_path: Path, head: Any, sizes: tuple[int, ...], dtype: Any
) -> None:
    net = sn.Network.random(sizes, output=head, rng=0, dtype=dtype)
    for derivatives in (ALL, ("value",), ("hessian",)):
        assert net.export(tmp_path / "net.onnx", derivatives=derivatives).passed
    net.export(tmp_path / "net.onnx", derivatives=ALL)
    X = inputs(200, net)
    got = dict(zip("yJH", session(tmp_path / "net.onnx").run(None, {"x": X}), strict=True))
    assert max(errors(net, X, got).values()) < 1


OPERATORS = {
    "selu": ["Selu"], "mish": ["Mish"], "gelu": ["Gelu"], "gelu_tanh": ["Gelu"],
    "softplus": ["Softplus"], "softsign": ["Softsign"], "elu": ["Elu"],
    "silu": ["Sigmoid", "Mul"],
}  # fmt: skip


@pytest.mark.parametrize("activation", OPERATORS)
def test_values_alone_in_float32_have_the_operators_that_others_know(
    tmp_path: Path, activation: str
) -> None:
    net = random_network((3, 5, 2), activation, output="identity", dtype=np.float32)
    path = tmp_path / "net.onnx"
    assert net.export(path, derivatives=["value"]).passed
    model = onnx.load(path)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds == ["Gemm", *OPERATORS[activation], "Gemm"]
    version = {"Mish": 18, "Gelu": 20}.get(kinds[1], 17)
    assert model.opset_import[0].version == version
    assert sn.load(path) == net
    X = inputs(200, net)
    (y,) = session(path).run(None, {"x": X})
    assert np.abs(y - net(X)).max() <= 1e-5 * np.abs(y).max()


def test_silu_is_two_operators_in_float64(tmp_path: Path) -> None:
    net = random_network((3, 5, 2), "silu", output="silu")
    net.export(tmp_path / "net.onnx", derivatives=["value"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node]
    assert kinds == ["Gemm", "Sigmoid", "Mul", "Gemm", "Sigmoid", "Mul"]
    assert sn.load(tmp_path / "net.onnx") == net

"""ONNX graphs: every spelling comes in, and nothing else does, from hostile files either."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
reference = pytest.importorskip("onnx.reference", reason="onnx is not installed")
TensorProto, helper, numpy_helper = onnx.TensorProto, onnx.helper, onnx.numpy_helper

RNG = np.random.default_rng(0)
W, V = RNG.normal(size=(5, 3)), RNG.normal(size=(2, 5))
B, C = RNG.normal(size=5), RNG.normal(size=2)
ROW = RNG.uniform(1, 2, 5)
KINDS = {np.float64: TensorProto.DOUBLE, np.float32: TensorProto.FLOAT}

Spelling = Callable[["Graph", str], str]


class Graph:
    """A graph that grows node by node; numbers become constants of its dtype."""

    def __init__(self, dtype: Any = np.float64, shape: Any = ("N", 3)) -> None:
        self.dtype, self.shape = dtype, shape
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}

    def __call__(self, op: str, *inputs: Any, domain: str = "", **attributes: Any) -> str:
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [name], domain=domain, **attributes))
        return name

    def constant(self, x: Any) -> str:
        name = f"w{len(self.weights)}"
        x = np.asarray(x)
        kind = x.dtype if x.dtype.kind in "ib" else self.dtype
        self.weights[name] = numpy_helper.from_array(np.asarray(x, kind), name)
        return name

    def model(self, output: str, *, opset: int = 20) -> Any:
        kind = KINDS[self.dtype]
        graph = helper.make_graph(
            self.nodes,
            "test",
            [helper.make_tensor_value_info("x", kind, self.shape)],
            [helper.make_tensor_value_info(output, kind, None)],
            list(self.weights.values()),
        )
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def between(spelling: Spelling, dtype: Any = np.float64) -> Any:
    """A layer, what is spelled, and a layer."""
    g = Graph(dtype)
    z = g("Gemm", "x", W, B, transB=1)
    return g.model(g("Add", g("MatMul", spelling(g, z), V.T), C))


def silu(g: Graph, z: str) -> str:
    return g("Mul", g("Sigmoid", z), z)


def gelu(g: Graph, z: str) -> str:
    return g("Mul", g("Mul", z, 0.5), g("Add", 1.0, g("Erf", g("Mul", z, 0.5**0.5))))


def gelu_tanh(g: Graph, z: str) -> str:
    cubic = g("Add", z, g("Mul", 0.044715, g("Pow", z, 3.0)))
    inner = g("Mul", cubic, np.sqrt(2 / np.pi))
    return g("Mul", 0.5, g("Mul", z, g("Add", 1.0, g("Tanh", inner))))


def mish(g: Graph, z: str) -> str:
    return g("Mul", z, g("Tanh", g("Softplus", z)))


def softplus(g: Graph, z: str) -> str:
    return g("Log", g("Add", g("Exp", z), 1.0))


def softplus_of_torch(g: Graph, z: str) -> str:
    scaled = g("Mul", z, 0.5)
    return g("Where", g("Greater", scaled, 20.0), z, g("Div", g("Softplus", scaled), 0.5))


def sigmoid(g: Graph, z: str) -> str:
    return g("Reciprocal", g("Add", g("Exp", g("Neg", z)), 1.0))


def gaussian(g: Graph, z: str) -> str:
    return g("Exp", g("Neg", g("Mul", z, z)))


def quick_gelu(g: Graph, z: str) -> str:
    return g("Mul", z, g("Sigmoid", g("Mul", z, 1.702)))


SPELLINGS: dict[str, tuple[Spelling, list[Any]]] = {
    "silu": (silu, ["silu"]),
    "gelu": (gelu, ["gelu"]),
    "gelu_tanh": (gelu_tanh, ["gelu_tanh"]),
    "mish": (mish, ["mish"]),
    "softplus": (softplus, ["softplus"]),
    "softplus of torch": (softplus_of_torch, [("softplus", 0.5)]),
    "sigmoid": (sigmoid, ["sigmoid"]),
    "gaussian": (gaussian, ["gaussian"]),
    "quick gelu": (quick_gelu, ["silu"]),
    "softsign": (lambda g, z: g("Div", z, g("Add", 1.0, g("Abs", z))), ["softsign"]),
    "relu": (lambda g, z: g("Max", z, 0.0), ["relu"]),
    "clip": (lambda g, z: g("Clip", z, 0.0), ["relu"]),
    "leaky": (lambda g, z: g("Max", z, g("Mul", z, 0.25)), [("leaky_relu", 0.25)]),
    "tanh of sigmoid": (
        lambda g, z: g("Sub", g("Mul", g("Sigmoid", g("Mul", z, 2.0)), 2.0), 1.0),
        ["tanh"],
    ),
    "LeakyRelu": (lambda g, z: g("LeakyRelu", z, alpha=0.2), [("leaky_relu", 0.2)]),
    "PRelu": (lambda g, z: g("PRelu", z, [0.25]), [("leaky_relu", 0.25)]),
    "Elu": (lambda g, z: g("Elu", z, alpha=1.5), [("elu", 1.5)]),
    "Selu": (lambda g, z: g("Selu", z), ["selu"]),
    "Selu of its own": (lambda g, z: g("Selu", z, alpha=1.5, gamma=2.0), [("elu", 1.5)]),
    "Celu": (lambda g, z: g("Celu", z, alpha=2.0), ["elu"]),
    "Sin": (lambda g, z: g("Sin", z), ["sin"]),
    "two": (lambda g, z: silu(g, g("Tanh", g("Sub", 1.0, z))), ["tanh", "silu"]),
    "scaled": (lambda g, z: g("Div", mish(g, g("Add", z, 0.5)), 4.0), ["mish"]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_of_an_activation(name: str, dtype: Any) -> None:
    spelling, activations = SPELLINGS[name]
    model = between(spelling, dtype)
    said: list[Any] = []
    net = sn.from_onnx(model, report=said.append)
    assert list(net.activations) == [*activations, "identity"]
    assert net.dtype == dtype
    X = RNG.normal(size=(30, 3)).astype(dtype)
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    # erf, elu, selu and leaky_relu are float32 in onnx.reference, or have float32 parameters
    limit = (
        1e-6 if dtype == np.float32 or name.startswith(("gelu", "Selu", "Celu", "Le")) else 1e-12
    )
    assert np.abs(net(X) - wanted).max() <= limit * np.abs(wanted).max()


AFFINE: dict[str, Spelling] = {
    "batch normalisation": lambda g, z: g("BatchNormalization", z, ROW, B, B, ROW, epsilon=2**-10),
    "a row": lambda g, z: g("Div", g("Sub", z, B), ROW),
    "a matrix of one row": lambda g, z: g("Add", g("Mul", ROW[None], z), B[None]),
    "from a row": lambda g, z: g("Sub", B, z),
    "folded constants": lambda g, z: g("Div", z, g("Max", g("Sqrt", ROW), 1e-7)),
    "nothing": lambda g, z: g("Dropout", g("Flatten", g("Identity", g("Cast", z, to=11)))),
    "reshaped": lambda g, z: g("Reshape", z, np.array([-1, 5])),
    "Gemm of all": lambda g, z: g("Gemm", z, RNG.normal(size=(5, 5)), B, alpha=0.5, beta=2.0),
    "a node of constants": lambda g, z: g("Add", z, g("Transpose", g("Unsqueeze", B, [1]))),
    "constant node": lambda g, z: g(
        "Add", z, g("Constant", value=numpy_helper.from_array(np.array([0.5])))
    ),
}


@pytest.mark.parametrize("name", AFFINE)
def test_every_affine_map_folds(name: str) -> None:
    model = between(lambda g, z: g("Tanh", AFFINE[name](g, z)))
    net = sn.from_onnx(model)
    assert net.sizes == (3, 5, 2)
    X = RNG.normal(size=(30, 3))
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    assert np.allclose(net(X), wanted, rtol=1e-12, atol=1e-12)


def test_a_row_of_factors_that_was_moved_into_an_activation() -> None:
    """tf2onnx makes z (sigmoid(z) ∘ γ) of silu and the batch normalisation behind it."""
    for order in (0, 1):

        def spelling(g: Graph, z: str, order: int = order) -> str:
            parts = [z, g("Mul", g("Sigmoid", z), ROW)]
            return g("Add", g("Mul", parts[order], parts[1 - order]), B)

        model = between(spelling)
        net = sn.from_onnx(model)
        assert net.activations == ("silu", "identity")
        X = RNG.normal(size=(30, 3))
        wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
        assert np.allclose(net(X), wanted, rtol=1e-12, atol=1e-12)


def test_a_scaler_of_scikit_learn_and_a_column_that_loses_its_axis() -> None:
    g = Graph(np.float32)
    x = g("Scaler", "x", domain="ai.onnx.ml", offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 4.0])
    y = g("MatMul", g("Tanh", g("MatMul", x, W.T)), V.T[:, :1])
    model = g.model(g("Mul", g("Squeeze", y, [1]), 2.0))
    net = sn.from_onnx(model, dtype="float64")
    X = RNG.normal(size=(9, 3)).astype(np.float32)
    wanted = reference.ReferenceEvaluator(model).run(None, {"x": X})[0]
    assert np.allclose(net(X)[:, 0], wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("spelling", "sentence"),
    [
        (lambda g, z: g("Softmax", z), r"node 't1' \(Softmax\): slopenet has no Softmax"),
        (lambda g, z: g("Clip", z, 0.0, 6.0), r"\(Clip\): slopenet has no Clip"),
        (lambda g, z: g("Min", g("Relu", z), 1e6), r"\(Min\): Min here belongs to no activation"),
        (lambda g, z: g("Exp", z), r"\(Exp\): Exp here belongs to no activation"),
        (lambda g, z: g("Erf", z), "Erf here belongs to no"),
        (lambda g, z: g("Mul", z, z), "Mul here belongs to no"),
        (lambda g, z: g("Add", z, g("Tanh", g("MatMul", z, np.eye(5)))), "two branches meet"),
        (lambda g, z: g("Mul", g("Sigmoid", g("Mul", z, ROW)), z), "two branches meet"),
        (lambda g, z: g("Div", ROW, z), "Div with constants of each column is no affine map"),
        (lambda g, z: g("Max", z, ROW), "Max with constants of each column"),
        (lambda g, z: g("PRelu", z, ROW), "PRelu with constants of each column"),
        (lambda g, z: g("Add", z, RNG.normal(size=(4, 5))), r"shape \(4, 5\) is no row"),
        (lambda g, z: g("Add", z, np.ones(4)), "for 4 numbers, and 5 come in"),
        (lambda g, z: g("MatMul", z, np.eye(4)), "it takes 4 numbers, and 5 come in"),
        (lambda g, z: g("Gemm", z, np.eye(5), transA=1), "the transposed batch"),
        (lambda g, z: g("MatMul", np.eye(5), z), "first input is a constant"),
        (lambda g, z: g("Reshape", z, np.array([5, -1])), r"the shape \(5, -1\)"),
        (lambda g, z: g("Transpose", z), "slopenet has no Transpose"),
        (lambda g, z: g("Cast", z, to=7), "casts to no real numbers"),
        (lambda g, z: g("Flatten", z, axis=0), "flattens the samples"),
        (lambda g, z: g("Dropout", z, 0.5, np.array(True)), "training mode"),
        (
            lambda g, z: g("BatchNormalization", z, ROW, B, B, ROW, training_mode=1),
            "training mode",
        ),
        (lambda g, z: g("Gelu", z, domain="com.microsoft"), "the domain 'com.microsoft'"),
        (lambda g, z: g("Add", z, g("ConstantOfShape", np.array([10**12]))), "ConstantOfShape of"),
        (lambda g, z: g("Add", z, g("Add", ROW, np.ones((9, 1)))), "constants that grow"),
        (lambda g, z: g("Div", z, np.zeros(5)), "no affine map"),
    ],
)
def test_what_is_no_chain_of_layers_is_refused_by_node(spelling: Spelling, sentence: str) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_onnx(between(spelling))


def test_graphs_of_another_form_are_refused() -> None:
    model = between(mish)
    model.graph.output.append(helper.make_tensor_value_info("t0", TensorProto.DOUBLE, None))
    with pytest.raises(sn.UnsupportedNetworkError, match="it has 2 outputs"):
        sn.from_onnx(model)
    for shape, sentence in (((3,), "has 1 axes"), (("N", 1, 3), "has 3 axes")):
        g = Graph(shape=shape)
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            sn.from_onnx(g.model(g("MatMul", "x", W.T)))
    g = Graph(shape=("N", 4))
    with pytest.raises(sn.UnsupportedNetworkError, match="takes 3 numbers, and 4 come in"):
        sn.from_onnx(g.model(g("MatMul", "x", W.T)))
    g = Graph()
    g("Tanh", "x")
    with pytest.raises(sn.UnsupportedNetworkError, match="does not depend on its input"):
        sn.from_onnx(g.model(g("Identity", B)))


def test_a_fixed_batch_and_nodes_that_nobody_needs() -> None:
    g = Graph(shape=(4, 3))
    g("NoSuchOperation", "x")
    net = sn.from_onnx(g.model(g("Tanh", g("MatMul", "x", W.T))))
    assert net.activations == ("tanh",)


def test_names_that_our_own_export_keeps(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "net.onnx"
    net = sn.Network.random((2, 3, 1), rng=0, input_names=["T", "p"], output_names=["ρ"])
    net.export(path, derivatives=["value"])
    assert sn.load(path) == net
    assert sn.load(path, input_names=["a", "b"]).input_names == ("a", "b")
    for text in ("[1, 2]", '["T"]', '["T", "T"]', "{}", "[", "[" * 100_000, "3", '"Tp"'):
        model = onnx.load(path)
        next(p for p in model.metadata_props if p.key == "input_names").value = text
        assert sn.from_onnx(model).input_names is None


def hostile(change: Callable[[Any], None]) -> Any:
    model = between(mish)
    change(model)
    return model


def first(model: Any) -> Any:
    return model.graph.initializer[0]


def external(model: Any, **place: str) -> None:
    tensor = first(model)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in place.items():
        tensor.external_data.add(key=key, value=value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: first(m).dims.__setitem__(0, 10**12), "which are no array of the shape"),
        (lambda m: first(m).dims.__setitem__(0, -5), "has the shape"),
        (lambda m: first(m).dims.extend([2**40, 2**40]), "no array of the shape"),
        (lambda m: first(m).dims.extend([1] * 20), "has the shape"),
        (lambda m: setattr(first(m), "raw_data", b"\0" * 7), "7 bytes"),
        (lambda m: setattr(first(m), "data_type", 8), "data type 8"),
        (lambda m: m.graph.node[0].input.append("nobody"), "nothing makes 'nobody'"),
        (lambda m: m.graph.node[0].input.__setitem__(0, "t2"), "comes before what it needs"),
        (lambda m: m.graph.node.append(m.graph.node[0]), "is made twice"),
        (lambda m: m.graph.initializer.append(first(m)), "two weights have one name"),
        (lambda m: m.graph.node.extend([m.graph.node[0]] * 10_000), "nodes; 10000 are read"),
        (lambda m: external(m, location="weights"), "pass the path of the model"),
    ],
)
def test_damage_is_told(change: Callable[[Any], None], sentence: str) -> None:
    with pytest.raises(sn.ModelFileError, match=sentence):
        sn.from_onnx(hostile(change))


def test_weights_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "models"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(W.tobytes())
    (inside / "weights").write_bytes(W.tobytes())
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "folder").symlink_to(tmp_path)
    path = inside / "net.onnx"
    for location, sentence in (
        ("../secret", "outside the model's folder"),
        (str(tmp_path / "secret"), "outside the model's folder"),
        ("link", "behind a link"),
        ("folder/secret", "behind a link"),
        ("nowhere", "No such file"),
        ("", "outside the model's folder"),
        (".", "outside the model's folder|no regular file"),
        ("we\0ights", "lies nowhere"),
    ):
        model = hostile(lambda m, location=location: external(m, location=location))
        path.write_bytes(model.SerializeToString())
        with pytest.raises(sn.ModelFileError, match=sentence):
            sn.from_onnx(path)
    for place, sentence in (
        ({"offset": "8"}, "needs 120 bytes at 8"),
        ({"offset": "-8"}, "needs 120 bytes at -8"),
        ({"offset": "x"}, "lies nowhere"),
        ({"length": "10000000000000"}, "120 are needed"),
    ):
        model = hostile(lambda m, place=place: external(m, location="weights", **place))
        path.write_bytes(model.SerializeToString())
        with pytest.raises(sn.ModelFileError, match=sentence):
            sn.from_onnx(path)
    model = hostile(lambda m: external(m, location="weights"))
    path.write_bytes(model.SerializeToString())
    assert sn.from_onnx(path) == sn.from_onnx(between(mish))


def mutants(raw: bytes) -> Any:
    """Truncations, flipped bits, other bytes, and pieces put twice or left out."""
    rng = np.random.default_rng(0)
    yield from (raw[:n] for n in range(0, len(raw), 3))
    for position in range(len(raw)):
        for bit in rng.choice(8, 3, replace=False):
            yield raw[:position] + bytes([raw[position] ^ (1 << int(bit))]) + raw[position + 1 :]
    for _ in range(5000):
        changed = bytearray(raw)
        for position in rng.integers(len(raw), size=rng.integers(1, 9)):
            changed[position] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
        yield bytes(changed)
    for _ in range(2000):
        a, b = sorted(rng.integers(len(raw), size=2))
        yield raw[:b] + raw[a:]
        yield raw[:a] + raw[b:]


def test_mutants_end_in_a_network_or_in_a_documented_error(tmp_path: Path) -> None:
    g = Graph(np.float32)
    z = g("Gemm", g("Sub", "x", B[:3]), W, B, transB=1)
    raw = g.model(g("MatMul", mish(g, z), V.T)).SerializeToString()
    path = tmp_path / "net.onnx"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried, ends = 0, {"network": 0, "ModelFileError": 0, "UnsupportedNetworkError": 0}
    for mutant in mutants(raw):
        path.write_bytes(mutant)
        tried += 1
        try:
            sn.load(path)
            ends["network"] += 1
        except (sn.ModelFileError, sn.UnsupportedNetworkError) as error:
            ends[type(error).__name__] += 1
    assert tried >= 10_000
    assert min(ends.values()) > 100
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024  # KiB


def test_without_onnx_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['onnx'] = None; import slopenet\n"
        "try: slopenet.from_onnx('x.onnx')\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "from_onnx needs onnx: pip install 'slopenet[onnx]'.\n"

"""Damaged and hostile ONNX files end in a documented error; no other file is read."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_graphs import (
    B,
    Graph,
    TensorProto,
    V,
    W,
    between,
    mish,
)

import slopenet as sn


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
        (lambda m: first(m).dims.__setitem__(0, 10**12), "which are not an array of the shape"),
        (lambda m: first(m).dims.__setitem__(0, -5), "has the shape"),
        (lambda m: first(m).dims.extend([2**40, 2**40]), "not an array of the shape"),
        (lambda m: first(m).dims.extend([1] * 20), "has the shape"),
        (lambda m: setattr(first(m), "raw_data", b"\0" * 7), "7 bytes"),
        (lambda m: setattr(first(m), "data_type", 8), "data type 8"),
        (lambda m: m.graph.node[0].input.append("nobody"), "nothing makes 'nobody'"),
        (lambda m: m.graph.node[0].input.__setitem__(0, "t2"), "comes before its inputs"),
        (lambda m: m.graph.node.append(m.graph.node[0]), "is made twice"),
        (lambda m: m.graph.initializer.append(first(m)), "two weights have one name"),
        (lambda m: m.graph.node.extend([m.graph.node[0]] * 10_000), "nodes; 10000 are read"),
        (lambda m: external(m, location="weights"), "pass the path of the model"),
    ],
)
def test_damaged_onnx_files_are_refused_with_the_reason(
    change: Callable[[Any], None], sentence: str
) -> None:
    with pytest.raises(sn.ModelFileError, match=sentence):
        sn.from_onnx(hostile(change))


def test_external_weights_outside_the_folder_are_not_read(tmp_path: Path) -> None:
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
        ("link", "reached by a link"),
        ("folder/secret", "reached by a link"),
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


def test_mutants_of_onnx_files_end_in_a_network_or_in_a_documented_error(tmp_path: Path) -> None:
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


def batch() -> Any:
    g = Graph(shape=(10**8, 3))
    return g.model(g("MatMul", "x", W.T))


def wide_rows() -> Any:
    """A hundred rows of a wide layer, for every one of many nodes."""
    g = Graph()
    z = g("Gemm", "x", np.ones((20_000, 3)), transB=1)
    row = g.constant(np.ones(20_000))
    for _ in range(2000):
        z = g("Add", z, row)
    return g.model(z)


def one_matrix(between: Callable[[Graph, str], str]) -> Any:
    """A matrix that 250 layers share."""
    g = Graph()
    z = g("MatMul", "x", np.ones((3, 400)))
    matrix = g.constant(np.eye(400))
    for _ in range(250):
        z = g("Tanh", g("MatMul", z, between(g, matrix)))
    return g.model(z)


def casts() -> Any:
    return one_matrix(lambda g, matrix: g("Cast", g("Cast", matrix, to=1), to=11))


def identities() -> Any:
    """Activations one after the other: a layer with W = I between any two of them."""
    g = Graph()
    z = g("MatMul", "x", np.ones((3, 1500)))
    for _ in range(100):
        z = g("Tanh", z)
    return g.model(z)


@pytest.mark.parametrize(
    "build", [batch, wide_rows, lambda: one_matrix(lambda g, m: m), casts, identities]
)
def test_a_small_onnx_file_takes_little_memory(tmp_path: Path, build: Any) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(build().SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(sn.ModelFileError, match=r"would take more than \d+ MiB of memory"):
        sn.load(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 160 * 1024 + 16 * path.stat().st_size / 1024  # KiB


def test_too_little_memory_is_an_error_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("slopenet.importers._options.network_of", full)
    with pytest.raises(sn.ModelFileError, match="needs more memory than there is"):
        sn.from_onnx(between(mish))


@pytest.mark.parametrize("n", [98, 3000])
def test_a_chain_of_scalars_takes_linear_time(n: int) -> None:
    g = Graph()
    z = g("Tanh", g("MatMul", "x", W.T))
    scale, shift = 1.0, 0.0
    for i in range(n):
        k, c = (-1.001, 0.0) if i % 2 else (1.0, 0.5)
        z = g("Mul", z, k) if i % 2 else g("Add", z, c)
        scale, shift = k * scale, k * shift + c
    start = time.perf_counter()
    net = sn.from_onnx(g.model(z))
    assert time.perf_counter() - start < 20
    X = np.ones((1, 3))
    wanted = scale * np.tanh(X @ W.T) + shift
    assert net.activations == ("tanh", "identity")
    assert np.allclose(net(X), wanted, rtol=1e-11)
    assert len(net.sizes) == 3


def test_activations_between_scalars_take_little_time() -> None:
    g = Graph()
    z = g("MatMul", "x", W.T)
    for _ in range(45):
        z = g("Tanh", g("Add", g("Mul", z, 1.5), 0.1))
    start = time.perf_counter()
    assert sn.from_onnx(g.model(z)).activations == ("tanh",) * 45
    assert time.perf_counter() - start < 10

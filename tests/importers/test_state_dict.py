"""Weights by name become layers in the order of their numbers."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import random_network

import slopenet as sn


def named(net: sn.Network, prefix: str = "net.{}") -> dict[str, Any]:
    """Names as torch gives them: every second number, an activation between two layers."""
    tensors = {}
    for i, (W, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        tensors |= {f"{prefix.format(2 * i)}.{k}": x for k, x in (("weight", W), ("bias", b))}
    return tensors


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_same_network_comes_back(dtype: type) -> None:
    net = random_network((3, 7, 5, 2), "silu", output="identity", dtype=dtype)
    assert sn.from_state_dict(named(net), "silu") == net


def test_ten_comes_after_two_whatever_the_order_of_the_names() -> None:
    net = random_network((2,) + (3,) * 12 + (1,), "tanh", output="sigmoid")
    shuffled = dict(sorted(named(net, "{}").items()))
    assert sn.from_state_dict(shuffled, "tanh", "sigmoid") == net


def test_names_without_numbers_keep_their_order() -> None:
    net = random_network((2, 4, 3), ("elu", 0.5), output="identity")
    (W, V), (b, c) = net.weights, net.biases
    tensors = {"inner.weight": W, "inner.bias": b, "a.out.kernel": V.T, "a.out.bias": c}
    assert sn.from_state_dict(tensors, ("elu", 0.5)) == net


def in_parts(parts: dict[str, tuple[tuple[int, int], ...]]) -> dict[str, Any]:
    """Weights of layers (n_in, n_out) with a prefix each, every second number as torch has it."""
    rng = np.random.default_rng(0)
    return {
        f"{part}.{2 * i}.{kind}": rng.normal(size=shape)
        for part, sizes in parts.items()
        for i, (n, m) in enumerate(sizes)
        for kind, shape in (("weight", (m, n)), ("bias", (m,)))
    }


@pytest.mark.parametrize("read", [sn.from_state_dict, sn.from_jax])
def test_parts_with_names_keep_their_order(read: Any) -> None:
    """By the alphabet this decoder would come first, and its shapes chain."""
    tensors = in_parts({"encoder": ((8, 4), (4, 2)), "decoder": ((2, 4), (4, 8))})
    net = read(tensors, "tanh")
    assert net.sizes == (8, 4, 2, 4, 8)
    assert np.array_equal(net.weights[0], tensors["encoder.0.weight"])
    tensors = in_parts({"trunk": ((6, 6), (6, 6)), "head": ((6, 6),)})
    net = read(tensors, "tanh")
    wanted = [x for name, x in tensors.items() if name.endswith("weight")]
    assert all(map(np.array_equal, net.weights, wanted))


def test_numbers_sort_within_one_prefix_alone() -> None:
    names = ["b1.out", "b1.in", "b10.out", "b10.in", "b2.out", "b2.in", "a1"]
    eye = np.eye(3)
    tensors = {f"{name}.weight": eye * i for i, name in enumerate(names, 1)}
    net = sn.from_state_dict(tensors, "tanh")
    assert [W[0, 0] for W in net.weights] == [1, 2, 5, 6, 3, 4, 7]


def test_an_order_that_does_not_chain_shows_those_that_do() -> None:
    tensors = in_parts({"decoder": ((2, 4), (4, 8)), "encoder": ((8, 4), (4, 3))})
    sentence = r"layer 'encoder.0': it takes 8 .* the order decoder.0 -> decoder.2 -> encoder.0 -> "
    assert sn.from_state_dict(tensors, "tanh").sizes == (2, 4, 8, 4, 3)
    tensors = in_parts({"decoder": ((3, 4), (4, 7)), "encoder": ((8, 4), (4, 3))})
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence) as refusal:
        sn.from_state_dict(tensors, "tanh")
    order = "orders that fit: encoder.0 -> encoder.2 -> decoder.0 -> decoder.2"
    assert str(refusal.value).endswith(order)


def test_the_order_of_the_alphabet_is_no_evidence() -> None:
    """Of an autoencoder, safetensors and JAX put the decoder first, which chains too."""
    tensors = in_parts({"encoder": ((4, 8), (8, 2)), "decoder": ((2, 8), (8, 4))})
    assert sn.from_state_dict(tensors, "tanh").sizes == (4, 8, 2, 8, 4)
    ordered = dict(sorted(tensors.items()))
    params: dict[str, Any] = {"decoder": {}, "encoder": {}}
    for name, array in ordered.items():
        part, number, kind = name.split(".")
        layer = params[part].setdefault(f"Dense_{number}", {})
        layer["kernel" if kind == "weight" else kind] = array.T
    for read, given in ((sn.from_state_dict, ordered), (sn.from_jax, params)):
        with pytest.warns(UserWarning, match=r"the order encoder\..* chains too. check=\(X, Y\)"):
            net = read(given, "tanh")
        assert net.sizes == (2, 8, 4, 8, 2)
        X = np.ones((3, 2))
        assert read(given, "tanh", check=(X, net(X))) == net
    assert sn.from_state_dict(OrderedDict(ordered), "tanh") == net  # as torch defines them
    one_order = in_parts({"a": ((3, 5), (5, 4)), "b": ((4, 2),)})
    assert sn.from_state_dict(one_order, "tanh").sizes == (3, 5, 4, 2)


@pytest.mark.parametrize("dtype", [complex, "M8[s]"])
def test_numbers_that_are_not_real_are_refused(dtype: Any) -> None:
    tensors = {"0.weight": np.ones((2, 3)).astype("i8").astype(dtype)}
    with pytest.raises(sn.UnsupportedNetworkError, match="its numbers must be real, got dtype"):
        sn.from_state_dict(tensors, "tanh")


def test_a_link_in_an_open_file_is_refused_by_the_name_of_the_file(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "kernel")
        with pytest.raises(sn.ModelFileError, match=r"net\.h5: has a link, '0' \(ExternalLink\)"):
            sn.from_state_dict(file, "tanh")


def test_names_of_keras_and_of_h5py() -> None:
    net = random_network((3, 4, 4, 2), "elu", output="identity")
    layers = list(zip((8, 9, 10), net.weights, net.biases, strict=True))
    for pattern, kinds in (
        ("dense_{0}/dense_{0}/{1}:0", ("kernel", "bias")),
        ("layers/dense_{0}/vars/{1}", ("0", "1")),
    ):
        tensors = {
            pattern.format(i, kind): x
            for i, W, b in layers
            for kind, x in zip(kinds, (W.T, b), strict=True)
        }
        assert sn.from_state_dict(dict(sorted(tensors.items())), "elu") == net


def test_an_open_file_of_weights_of_keras(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    net = random_network((3, 3, 3, 3), "elu", output="identity")
    names = ["zebra", "dense_10", "ant"]
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in ("input", *names)]
        file.create_group("input")
        for name, W, b in zip(names, net.weights, net.biases, strict=True):
            file[f"{name}/{name}/kernel:0"], file[f"{name}/{name}/bias:0"] = W.T, b
        assert sn.from_state_dict(file, "elu") == net
    with pytest.raises(sn.ModelFileError, match=r"sn\.from_state_dict\(file, activation\)"):
        sn.load(tmp_path / "net.h5")


def test_a_bias_may_be_absent_and_each_layer_have_its_activation() -> None:
    net = random_network((2, 4, 3, 1))
    tensors = {k: x for k, x in named(net).items() if k != "net.2.bias"}
    got = sn.from_state_dict(tensors, ["sin", ("softplus", 2.0)], dtype="float32")
    assert got.activations == ("sin", ("softplus", 2.0), "identity")
    assert got.dtype == np.float32
    assert not got.biases[1].any()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"net.0.running_mean": np.ones(4)}, "tensor 'net.0.running_mean': names must end"),
        ({"net.0.weight": np.ones(4)}, "layer 'net.0': its weights have shape"),
        ({"net.0.kernel": np.ones((2, 4))}, "layer 'net.0': it has weight and bias and kernel"),
        ({"net.1.bias": np.ones(4)}, "layer 'net.1': it has bias, not one weight"),
        ({"net.2.weight": np.ones((3, 5))}, "layer 'net.2': it takes 5 numbers, and 4 come"),
        ({"net.0.weight": np.full((4, 2), np.inf)}, "layer 'net.0': its numbers are not all"),
    ],
)
def test_a_layer_that_is_not_dense_is_refused_by_name(
    change: dict[str, Any], sentence: str
) -> None:
    tensors = named(random_network((2, 4, 3))) | change
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_state_dict(tensors, "tanh")


def test_wrong_arguments_of_from_state_dict_are_named() -> None:
    tensors = named(random_network((2, 4, 3)))
    with pytest.raises(TypeError, match="tensors must map names to arrays, got 3"):
        sn.from_state_dict(3, "tanh")
    with pytest.raises(ValueError, match="one for each of 1 hidden layers, got 2"):
        sn.from_state_dict(tensors, ["tanh", "tanh"])
    with pytest.raises(ValueError, match="unknown activation 'tan'"):
        sn.from_state_dict(tensors, "tan")
    with pytest.raises(ValueError, match="unknown activation 'tan'"):
        sn.from_state_dict(tensors, "tanh", "tan")
    with pytest.raises(ValueError, match="tensors is empty"):
        sn.from_state_dict({}, "tanh")
    with pytest.raises(ValueError, match="dtype must be float64 or float32"):
        sn.from_state_dict(tensors, "tanh", dtype="int8")


class TestCheck:
    """A witness of the source, since weights do not tell what is done between them."""

    def tensors(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        return {
            f"{i}.{name}": rng.normal(size=shape)
            for i, (m, n) in enumerate([(8, 3), (8, 8), (2, 8)])
            for name, shape in (("weight", (m, n)), ("bias", (m,)))
        }

    def test_a_function_or_a_pair_that_agrees(self) -> None:
        own = sn.from_state_dict(self.tensors(), "tanh")
        X = np.random.default_rng(1).normal(size=(9, 3))
        for check in (own, (X, own(X)), (X[0], own(X[0])), (X, own(X).astype(np.float32))):
            assert sn.from_state_dict(self.tensors(), "tanh", check=check) == own
        pairs = list(zip(own.weights, own.biases, strict=True))
        assert sn.from_jax(pairs, "tanh", check=(X, own(X))) == own

    def test_a_skip_that_weights_do_not_show_is_an_error(self) -> None:
        t = self.tensors()

        def skip(X: np.ndarray) -> np.ndarray:
            h = np.tanh(X @ t["0.weight"].T + t["0.bias"])
            h = h + np.tanh(h @ t["1.weight"].T + t["1.bias"])
            return h @ t["2.weight"].T + t["2.bias"]

        X = np.random.default_rng(1).normal(size=(9, 3))
        for check in (skip, (X, skip(X))):
            with pytest.raises(sn.UnsupportedNetworkError, match="computes more than its layers"):
                sn.from_state_dict(t, "tanh", check=check)
            pairs = [(t[f"{i}.weight"], t[f"{i}.bias"]) for i in range(3)]
            with pytest.raises(sn.UnsupportedNetworkError, match="computes more than its layers"):
                sn.from_jax(pairs, "tanh", check=check)

    def test_a_scaling_makes_it_raw(self) -> None:
        own = sn.from_state_dict(self.tensors(), "tanh")
        X = 300 + 10 * np.random.default_rng(1).normal(size=(9, 3))
        scaling = {"input_scaling": (300, 10), "output_scaling": (5, 2)}
        check = (X, own((X - 300) / 10) * 2 + 5)
        assert sn.from_state_dict(self.tensors(), "tanh", **scaling, check=check).sizes == own.sizes

    def test_a_witness_of_another_form(self) -> None:
        with pytest.raises(TypeError, match=r"check must be a pair \(X, Y\), or a function"):
            sn.from_state_dict(self.tensors(), "tanh", check=3)
        for X, Y in ((np.ones((0, 3)), np.ones(0)), (np.ones((4, 3)), np.ones((2, 2)))):
            with pytest.raises(ValueError, match="check must have values for each of its points"):
                sn.from_state_dict(self.tensors(), "tanh", check=(X, Y))
        with pytest.raises(sn.UnsupportedNetworkError, match="it gives 1 numbers for a point"):
            sn.from_state_dict(self.tensors(), "tanh", check=(np.ones((4, 3)), np.ones(4)))

"""A network takes and gives raw numbers once its scaling is part of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

RNG = np.random.default_rng(0)
X = RNG.uniform([290, 0.1, 0], [310, 0.5, 40], (50, 3))
Y = np.c_[X[:, 0] * 3, X[:, 2] + 1e4]
MEAN, STD, LOW, HIGH = X.mean(0), X.std(0), X.min(0), X.max(0)
A, C = RNG.normal(size=(3, 4)), RNG.normal(size=3)
B, D = RNG.normal(size=(2, 2)), RNG.normal(size=2)


def network(*, output: str = "identity", dtype: str = "float64") -> sn.Network:
    return sn.Network.random((3, 8, 2), output=output, rng=0, dtype=dtype)


INPUTS = [
    ((MEAN, STD), lambda x: (x - MEAN) / STD),
    ({"mean": MEAN, "std": STD}, lambda x: (x - MEAN) / STD),
    ((LOW, HIGH, (-1, 1)), lambda x: -1 + 2 * (x - LOW) / (HIGH - LOW)),
    ({"low": LOW, "high": HIGH, "to": [1, 0]}, lambda x: 1 - (x - LOW) / (HIGH - LOW)),
    ({"scale": 0.01, "offset": -1}, lambda x: 0.01 * x - 1),
    ((300.0, 10.0), lambda x: (x - 300) / 10),
    ((np.diag(1 / STD), -MEAN / STD), lambda x: (x - MEAN) / STD),
]


@pytest.mark.parametrize(("given", "scaled"), INPUTS)
def test_inputs_are_scaled_before_the_network(given: Any, scaled: Any) -> None:
    net = network().scaled(input_scaling=given)
    assert net.sizes == (3, 8, 2)
    assert np.allclose(net(X), network()(scaled(X)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("output", ["identity", "tanh"])
@pytest.mark.parametrize(
    ("given", "undone"),
    [
        (([900, 1e4], [30, 12]), lambda y: y * [30, 12] + [900, 1e4]),
        (([800, 1e4], [1000, 2e4], (-1, 1)), lambda y: (y + 1) / 2 * [200, 1e4] + [800, 1e4]),
        ({"scale": [2, -3], "offset": 1}, lambda y: (y - 1) / [2, -3]),
        ((B, D), lambda y: np.linalg.solve(B, (y - D).T).T),
        ({"matrix": B, "offset": 0.5}, lambda y: np.linalg.solve(B, (y - 0.5).T).T),
    ],
)
def test_the_scaling_of_outputs_is_undone(output: str, given: Any, undone: Any) -> None:
    net = network(output=output).scaled(output_scaling=given)
    x = X / 300
    assert np.allclose(net(x), undone(network(output=output)(x)), rtol=1e-12, atol=1e-12)


def test_derivatives_are_with_respect_to_raw_inputs_in_raw_units() -> None:
    own, ranges = network(), ([800, 1e4], [1000, 2e4], (0, 1))
    net = own.scaled(input_scaling=(MEAN, STD), output_scaling=ranges)
    back, z = np.array([200.0, 1e4]), (X - MEAN) / STD
    J, H = back[:, None] * own.jacobian(z) / STD, own.hessian(z) / np.outer(STD, STD)
    assert np.allclose(net.jacobian(X), J, rtol=1e-12, atol=1e-9)
    assert np.allclose(net.hessian(X), back[:, None, None] * H, rtol=1e-11, atol=1e-9)


def test_a_matrix_of_more_raw_inputs_than_the_network_has() -> None:
    raw = RNG.normal(size=(20, 4))
    net = network().scaled(input_scaling=(A, C))
    assert net.sizes == (4, 8, 2)
    assert np.allclose(net(raw), network()(raw @ A.T + C), rtol=1e-13)


def test_a_narrow_matrix_before_a_wide_layer_stays_narrow() -> None:
    W = RNG.normal(size=(2, 90))
    net = sn.Network.random((2, 80, 1), rng=0)
    wide = net.scaled(input_scaling=(W, np.zeros(2)))
    assert wide.sizes == (90, 2, 80, 1)
    raw = RNG.normal(size=(5, 90)) / 9
    assert np.allclose(wide(raw), net(raw @ W.T), rtol=1e-13)


def test_float32_networks_stay_float32_and_are_rounded_once() -> None:
    own = network(dtype="float32")
    net = own.scaled(input_scaling=(MEAN, STD))
    assert net.dtype == np.float32
    W, b = own.weights[0].astype(np.float64), own.biases[0].astype(np.float64)
    assert np.array_equal(net.weights[0], (W * (1 / STD)).astype(np.float32))
    assert np.array_equal(net.biases[0], (W @ (-MEAN / STD) + b).astype(np.float32))


def test_names_pass_through_a_scaling_of_single_columns() -> None:
    net = sn.Network.random((3, 4, 2), rng=0, input_names=list("abc"), output_names=["y", "z"])
    same = net.scaled(input_scaling=(MEAN, STD), output_scaling=(0, 2))
    assert (same.input_names, same.output_names) == (("a", "b", "c"), ("y", "z"))
    mixed = net.scaled(input_scaling=(A, C), output_scaling=(B, D))
    assert (mixed.input_names, mixed.output_names) == (None, None)
    named = net.scaled(input_scaling=(A, C), input_names=list("pqrs"))
    assert named.input_names == tuple("pqrs")


def test_without_a_scaling_the_network_is_the_same() -> None:
    assert network().scaled() == network()


@pytest.mark.parametrize(
    ("given", "kind", "sentence"),
    [
        (((1, 2), (1, 2)), ValueError, "input_scaling must have one number, or 3, got 2"),
        (([1, 2, 3], [1, 0, 1]), ValueError, "std of input_scaling must be positive"),
        ("standard", TypeError, "input_scaling must be a fitted scaler"),
        ({"mean": 1}, TypeError, "input_scaling must be a fitted scaler"),
        ({"mean": 1, "scale": 1}, TypeError, "input_scaling must be a fitted scaler"),
        ((1, 2, (3, 3)), ValueError, "the target range of input_scaling must be two"),
        ((2, 1, (0, 1)), ValueError, "high of input_scaling must be above low"),
        ((1, 2, 3), ValueError, "the target range of input_scaling"),
        ({"scale": 0, "offset": 0}, ValueError, "scale of input_scaling must not be 0"),
        ((np.eye(2), 0.0), ValueError, "input_scaling must give 3 numbers"),
        (([[1.0, 2, 3]], [[1.0, 2, 3]]), ValueError, r"may be \(mean, std\) or \(matrix, offset\)"),
        ((0, np.inf), ValueError, "std of input_scaling is inf"),
        ((0, 1e-320), sn.UnsupportedNetworkError, "input_scaling: its numbers are not all finite"),
        ((0, 1e-320, (0, 1)), sn.UnsupportedNetworkError, "its numbers are not all finite"),
        ((0, True), TypeError, "std of input_scaling must be numbers"),
        (("a", "b"), TypeError, "must be numbers"),
        ({"matrix": 1.0, "offset": 0}, ValueError, "matrix of input_scaling must have two axes"),
        ((np.zeros((2, 3, 4)), 0), ValueError, "mean of input_scaling must be a number or a row"),
        (([1, 2, 3], [1, 2]), ValueError, "input_scaling must have one number, or 3, got 2"),
        (([1, 2], [3, 4, 5], (0, 1)), ValueError, "input_scaling must have one number, or 3"),
    ],
)
def test_a_scaling_that_does_not_fit_is_one_sentence(given: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        network().scaled(input_scaling=given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((A, C), "output_scaling must give 2 numbers, one for each of the outputs, got 3"),
        ((RNG.normal(size=(2, 5)), 0), "matrix of output_scaling must be square to be undone"),
        (([[1, 2], [2, 4]], 0), "matrix of output_scaling must be invertible"),
    ],
)
def test_a_scaling_that_cannot_be_undone_is_one_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        network().scaled(output_scaling=given)


class TestScikitLearn:
    """Fitted scalers, alone and in a Pipeline."""

    def test_scalers_of_inputs_and_outputs(self) -> None:
        sk = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
        into, out = sk.MinMaxScaler().fit(X), sk.StandardScaler().fit(Y)
        net = network().scaled(input_scaling=into, output_scaling=out)
        wanted = out.inverse_transform(network()(into.transform(X)))
        assert np.allclose(net(X), wanted, rtol=1e-13)

    def test_a_pipeline(self) -> None:
        sk = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
        from sklearn.decomposition import PCA
        from sklearn.pipeline import make_pipeline

        raw = RNG.normal(size=(30, 5))
        both = make_pipeline(sk.StandardScaler(), PCA(3, whiten=True)).fit(raw)
        net = network().scaled(input_scaling=both)
        assert np.allclose(net(raw), network()(both.transform(raw)), rtol=1e-11)

    def test_one_that_is_not_fitted_or_no_affine_map(self) -> None:
        sk = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
        from sklearn.exceptions import NotFittedError

        with pytest.raises(NotFittedError):
            network().scaled(input_scaling=sk.StandardScaler())
        with pytest.raises(sn.UnsupportedNetworkError, match=r"^input_scaling: it is none of the"):
            network().scaled(input_scaling=sk.QuantileTransformer(n_quantiles=9).fit(X))

    def test_the_columns_that_a_scaler_was_fitted_on_are_names(self) -> None:
        pd = pytest.importorskip("pandas", reason="pandas is not installed")
        sk = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
        scaler = sk.StandardScaler().fit(pd.DataFrame(X, columns=["T", "p", "v"]))
        assert network().scaled(input_scaling=scaler).input_names == ("T", "p", "v")
        other = sn.Network.random((3, 4, 2), rng=0, input_names=["p", "T", "v"])
        with pytest.raises(ValueError, match="must have the network's order p, T, v, got T, p, v"):
            other.scaled(input_scaling=scaler)


def test_weights_and_files_take_a_scaling(tmp_path) -> None:
    own, both = network(), {"input_scaling": (MEAN, STD), "output_scaling": (5, [2.0, 3.0])}
    wanted = own.scaled(**both)
    tensors = {f"{i}.weight": W for i, W in enumerate(own.weights)}
    tensors |= {f"{i}.bias": b for i, b in enumerate(own.biases)}
    net = sn.from_state_dict(tensors, "tanh", **both, input_names=["T", "p", "v"])
    assert net.input_names == ("T", "p", "v")
    assert np.array_equal(net(X), wanted(X))
    pairs = list(zip(own.weights, own.biases, strict=True))
    assert sn.from_jax(pairs, "tanh", **both) == wanted
    own.save(tmp_path / "net.safetensors")
    assert sn.load(tmp_path / "net.safetensors", **both) == wanted
    sn.Ensemble([own, own]).save(tmp_path / "two.safetensors")
    assert sn.load(tmp_path / "two.safetensors", **both).networks[0] == wanted


class TestCompose:
    """Networks behind each other."""

    def test_values_and_slopes(self) -> None:
        first, second = network(), sn.Network.random((2, 5, 3), rng=1, output="tanh")
        third = sn.Network.random((3, 4), rng=2)
        both = sn.compose(first, second, third)
        assert both.sizes == (3, 8, 5, 3, 4)
        x = X / 300
        assert np.allclose(both(x), third(second(first(x))), rtol=1e-13)
        a, b = first(x), second(first(x))
        J = third.jacobian(b) @ second.jacobian(a) @ first.jacobian(x)
        assert np.allclose(both.jacobian(x), J, rtol=1e-12, atol=1e-14)

    def test_one_network_is_itself(self) -> None:
        assert sn.compose(network()) == network()

    def test_the_narrowest_dtype_that_loses_nothing(self) -> None:
        single = network(dtype="float32")
        assert sn.compose(single, sn.Network.random((2, 2), dtype="float32")).dtype == np.float32
        assert sn.compose(single, sn.Network.random((2, 2))).dtype == np.float64

    def test_networks_that_do_not_chain(self) -> None:
        with pytest.raises(ValueError, match="network 2 must take 2 numbers, as come in, got 3"):
            sn.compose(network(), network())
        with pytest.raises(ValueError, match="compose takes at least one network"):
            sn.compose()
        with pytest.raises(TypeError, match="compose takes networks, got 3"):
            sn.compose(network(), 3)
        first = sn.Network.random((3, 2), rng=0, output_names=["a", "b"])
        then = sn.Network.random((2, 2), rng=0, input_names=["b", "a"])
        with pytest.raises(ValueError, match="network 2 must take a, b in this order, got b, a"):
            sn.compose(first, then)

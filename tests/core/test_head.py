"""softmax and log-softmax in the core: the reference's numbers, and the promises of all results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import points
from same_bits import assert_same, everything

import slopenet as sn
from slopenet import _core, softmax
from slopenet.activations import HEADS
from slopenet.evaluate import array_api

HEAD = pytest.mark.parametrize("head", HEADS)
DTYPE = pytest.mark.parametrize("dtype", [np.float64, np.float32])
# one output, fewer inputs or outputs than lanes, more, more outputs than a batch of exp
SHAPES = [(2, 3, 1), (1, 7, 2), (3, 9, 5), (8, 16, 10), (13, 6, 33), (5, 4, 130), (4, 3)]
VECTORS = {"jvp": 0, "hvp": 0, "vjp": -1, "weighted_hessian": -1}
TOGETHER = ("value_and_jacobian", "value_jacobian_hessian", "value_jacobian_laplacian")
NAMES = ("values", "jacobian", "hessian", "laplacian", *VECTORS, *TOGETHER)


def network(head: Any, sizes: tuple[int, ...] = (3, 9, 5), **more: Any) -> sn.Network:
    return sn.Network.random(sizes, output=head, rng=0, **more)


def vectors_of(name: str, net: sn.Network, X: np.ndarray) -> list[np.ndarray]:
    """The vectors that a method takes."""
    if name not in VECTORS:
        return []
    rng = np.random.default_rng(5)
    return [rng.normal(size=(*X.shape[:-1], net.sizes[VECTORS[name]])).astype(net.dtype)]


def parts(results: Any) -> list[np.ndarray]:
    return list(results) if isinstance(results, tuple) else [results]


def of_core(name: str, net: sn.Network, X: np.ndarray, **given: Any) -> list[np.ndarray]:
    method = net if name == "values" else getattr(net, name)
    return parts(method(X, *vectors_of(name, net, X), **given))


def of_reference(name: str, net: sn.Network, X: np.ndarray) -> list[np.ndarray]:
    """The derivation and the closed form, in NumPy."""
    function = getattr(array_api, name)
    with np.errstate(all="ignore"):
        return parts(array_api.of_chain(function, net.chain(), X, *vectors_of(name, net, X)))


@HEAD
@DTYPE
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_every_result_is_that_of_the_reference(
    head: Any, dtype: Any, sizes: tuple[int, ...], name: str
) -> None:
    net = network(head, sizes, dtype=dtype)
    X = points(29, net)
    pairs = zip(of_core(name, net, X), of_reference(name, net, X), strict=True)
    for got, wanted in pairs:
        assert got.shape == wanted.shape
        assert got.dtype == dtype
        tolerance = 100 * np.finfo(dtype).eps
        assert np.abs(got - wanted).max() <= tolerance * max(1, np.abs(wanted).max())


@DTYPE
def test_derivatives_obey_the_identities_of_the_head(dtype: Any) -> None:
    """Σ_k p_k = 1 and p = exp ℓ, differentiated."""
    soft, log = (network(head, (8, 16, 10), dtype=dtype) for head in HEADS)
    X = points(29, soft)
    p, J, hessian = soft.value_jacobian_hessian(X)
    value, slopes, curvatures = log.value_jacobian_hessian(X)
    tolerance = 50 * np.finfo(dtype).eps
    for derivative in (p - 0.1, J, hessian):
        assert np.abs(derivative.sum(axis=1)).max() < tolerance
    assert np.abs(p - np.exp(value)).max() < tolerance
    assert np.abs(J - p[..., None] * slopes).max() < tolerance
    squares = slopes[..., :, None] * slopes[..., None, :]
    assert np.abs(hessian - p[..., None, None] * (squares + curvatures)).max() < tolerance
    assert (hessian == hessian.swapaxes(2, 3)).all()
    assert (curvatures == curvatures.swapaxes(2, 3)).all()


@HEAD
@DTYPE
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_a_row_has_the_same_bits_alone_in_a_batch_and_in_another_order(
    head: Any, dtype: Any, sizes: tuple[int, ...]
) -> None:
    net = network(head, sizes, dtype=dtype)
    X = points(103, net)
    batch = everything(net, X)
    for i in (0, 1, 50, 102):
        assert_same(everything(net, X[i]), [a[i] for a in batch])
    assert_same(everything(net, X[60:67]), [a[60:67] for a in batch])
    order = np.random.default_rng(0).permutation(len(X))
    assert_same(everything(net, X[order]), [a[order] for a in batch])


@HEAD
def test_two_threads_give_the_bits_of_one(head: Any) -> None:
    net = network(head, (8, 32, 10))
    X = points(4001, net)
    one = everything(net, X, threads=1)
    assert_same(everything(net, X, threads=2), one)
    for i in (0, 2000, 4000):
        assert_same(everything(net, X[i]), [a[i] for a in one])


@HEAD
@pytest.mark.parametrize("name", NAMES)
def test_results_are_written_to_out_with_the_same_bits(head: Any, name: str) -> None:
    net = network(head)
    for X in (points(40, net), points(1, net)[0]):
        wanted = of_core(name, net, X)
        outs = [np.full_like(each, np.nan) for each in wanted]
        of_core(name, net, X, out=tuple(outs) if len(outs) > 1 else outs[0])
        assert_same(outs, wanted)


@HEAD
@DTYPE
@pytest.mark.parametrize("name", NAMES)
def test_logits_that_overflow_give_the_infinities_and_nans_of_the_reference(
    head: Any, dtype: Any, name: str
) -> None:
    """Of the closed form over results of the logits, whose entries reach infinity or nearly."""
    huge = float(np.sqrt(np.finfo(dtype).max)) * 4
    W, b = np.array([[huge], [-huge], [1.0], [0.0]]), np.array([0.0, 1.0, 2.0, -3.0])
    net = sn.Network([[[huge]], W], [[0.0], b], ["softplus", head], dtype=dtype)
    X = np.array([[1.0], [-1.0], [0.0], [1e-30]], dtype=dtype)

    def logits(method: str, *vectors: np.ndarray) -> Any:
        if not all(np.isfinite(each).all() for each in vectors):  # which the core refuses
            return getattr(array_api, method)(net.logits.chain(), X, *vectors)
        return net.logits(X) if method == "values" else getattr(net.logits, method)(X, *vectors)

    vectors = vectors_of(name, net, X)
    with np.errstate(all="ignore"):
        reference = softmax.result(name, logits, *vectors, log=head == "log_softmax")
    assert not np.isfinite(net.logits(X)).all()
    for got, wanted in zip(of_core(name, net, X), parts(reference), strict=True):
        assert np.array_equal(np.isnan(got), np.isnan(wanted))
        infinite = np.isinf(wanted)
        assert np.array_equal(got[infinite], wanted[infinite])


@HEAD
@DTYPE
def test_logits_far_apart_neither_overflow_nor_lose_the_largest(head: Any, dtype: Any) -> None:
    """1 - p_r = exp(-30), and log p_r = -exp(-30), which 1 + exp(-30) loses; z up to 8e37."""
    top = float(np.finfo(np.float32).max) / 4
    for z, others in (([30.0, 0.0], np.exp(-30.0)), ([top, -top], 0.0), ([-top, -top], None)):
        net = sn.Network([np.eye(2)], [np.zeros(2)], [head], dtype=dtype)
        value, J = net.value_and_jacobian(z)
        if others is None:
            assert np.allclose(value, 0.5 if head == "softmax" else -np.log(2), rtol=1e-6)
            continue
        smaller = others if head == "softmax" else np.subtract(*np.array(z[::-1], dtype))
        assert np.allclose(value, [1 if head == "softmax" else -others, smaller], rtol=1e-6)
        slope = others if head == "softmax" else 1
        assert np.allclose(J, [[others, -others], [-slope, slope]], rtol=1e-6, atol=0)


@HEAD
def test_what_is_not_finite_or_shares_memory_is_refused(head: Any) -> None:
    net = network(head)
    X = points(6, net)
    with pytest.raises(ValueError, match=r"X\[0, 0\] is nan"):
        net.laplacian(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match=r"u\[0, 0\] is inf"):
        net.vjp(X, np.full((6, 5), np.inf))
    memory = np.zeros((6, 15))
    with pytest.raises(ValueError, match="out shares memory with X"):
        net.jacobian(memory.ravel()[:18].reshape(6, 3), out=memory.reshape(6, 5, 3))


def test_derivatives_in_theta_are_refused() -> None:
    activations = [("tanh", 0.0), ("identity", 0.0)]
    net: Any = _core.Model64([3, 4, 2], activations, np.arange(26.0), "log_softmax")
    X, y = np.zeros((5, 3)), np.zeros((5, 2))
    index, rates = np.zeros(1, np.int32), np.ones(1)
    for call in (
        lambda: net.task(X, y),
        lambda: net.gauss_newton(X, None, 0, None, False, 1),
        lambda: net.descend(np.arange(26.0), X, y, index, rates),
    ):
        with pytest.raises(ValueError, match="log_softmax acts on all outputs together"):
            call()
    with pytest.raises(ValueError, match="unknown head hardmax"):
        _core.Model64([3, 4, 2], activations, np.arange(26.0), "hardmax")

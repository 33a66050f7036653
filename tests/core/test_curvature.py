"""Second derivatives of the core: the reference's numbers, and the identities among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from curvatures import by_core, by_reference
from networks import ACTIVATIONS, SHAPES, points, random_network

import slopenet as sn
from slopenet import derivation
from slopenet.activations import TABLE, normalise

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
EACH = pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
STRAIGHT = [spec for spec in ACTIVATIONS if not TABLE[normalise(spec)[0]].has_second_derivative]


def vectors(net: sn.Network, n: int) -> tuple[np.ndarray, np.ndarray]:
    """v (n, n_1) and u (n, n_L)."""
    rng = np.random.default_rng(5)
    v, u = rng.normal(size=(n, net.sizes[0])), rng.normal(size=(n, net.sizes[-1]))
    return v.astype(net.dtype), u.astype(net.dtype)


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-13) -> None:
    assert a.shape == b.shape
    assert np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1e-300)


@DTYPES
@EACH
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_core_agrees_with_the_reference(
    sizes: tuple[int, ...], activation: sn.ActivationSpec, dtype: Any
) -> None:
    """In a batch of one tile and a bit, and at its last row alone."""
    net = random_network(sizes, activation, dtype=dtype)
    n = 53
    X, (v, u) = points(n, net), vectors(net, n)
    wanted = by_reference(net, X, v, u)
    bound = 2e-13 if dtype == np.float64 else 1e-4
    largest = np.abs(wanted["hessian"]).max()
    for name, got in by_core(net, X, v, u).items():
        assert got.dtype == dtype
        assert got.shape == wanted[name].shape
        scale = max(largest, np.abs(wanted[name]).max())
        assert np.abs(got - wanted[name]).max() <= bound * scale, name
        one = by_core(net, X[-1], v[-1], u[-1])[name]
        assert one.tobytes() == got[-1].tobytes(), name


@DTYPES
@EACH
@pytest.mark.parametrize("sizes", [(1, 1), (3, 2), (5, 9, 13), (6, 8, 7, 4)], ids=str)
def test_the_hessian_is_symmetric_to_the_bit(
    sizes: tuple[int, ...], activation: sn.ActivationSpec, dtype: Any
) -> None:
    net = random_network(sizes, activation, dtype=dtype)
    X, (_, u) = points(30, net), vectors(net, 30)
    for hessian in (net.hessian(X), net.weighted_hessian(X, u), net.hessian(X[0])):
        assert hessian.tobytes() == hessian.swapaxes(-1, -2).tobytes()


@EACH
@pytest.mark.parametrize("sizes", [(3, 2), (8, 20, 1), (5, 9, 13), (6, 8, 7, 4)], ids=str)
def test_trace_product_and_weighted_sum_are_those_of_the_hessian(
    sizes: tuple[int, ...], activation: sn.ActivationSpec
) -> None:
    net = random_network(sizes, activation)
    X, (v, u) = points(60, net), vectors(net, 60)
    hessian = net.hessian(X)
    close(net.laplacian(X), np.einsum("nkii->nk", hessian))
    close(net.hvp(X, v), np.einsum("nkij,nj->nki", hessian, v))
    close(net.weighted_hessian(X, u), np.einsum("nkij,nk->nij", hessian, u))
    close(net.hvp(X, v[0]), np.einsum("nkij,j->nki", hessian, v[0]))
    close(net.weighted_hessian(X, u[0]), np.einsum("nkij,k->nij", hessian, u[0]))


@EACH
def test_hvp_is_symmetric_in_its_two_directions(activation: sn.ActivationSpec) -> None:
    net = random_network((6, 8, 7, 4), activation)
    X, (v, _) = points(30, net), vectors(net, 30)
    w = v[::-1].copy()
    one = np.einsum("nki,ni->nk", net.hvp(X, v), w)
    close(one, np.einsum("nki,ni->nk", net.hvp(X, w), v))


@DTYPES
@pytest.mark.parametrize("output", STRAIGHT, ids=str)
@pytest.mark.parametrize("hidden", STRAIGHT, ids=str)
def test_piecewise_linear_activations_have_no_curvature(
    hidden: sn.ActivationSpec, output: sn.ActivationSpec, dtype: Any
) -> None:
    net = random_network((5, 9, 6, 4), hidden, output=output, dtype=dtype)
    X, (v, u) = points(60, net), vectors(net, 60)
    for name, result in by_core(net, X, v, u).items():
        assert not result.any(), name


@DTYPES
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_each_part_of_a_sweep_equals_the_result_of_its_own_call(
    sizes: tuple[int, ...], dtype: Any
) -> None:
    net = random_network(sizes, "gelu", dtype=dtype)
    for X in (points(53, net), points(53, net)[7]):
        first = [net(X), net.jacobian(X)]
        for three, second in (
            (net.value_jacobian_hessian(X), net.hessian(X)),
            (net.value_jacobian_laplacian(X), net.laplacian(X)),
        ):
            for got, wanted in zip(three, [*first, second], strict=True):
                assert got.shape == wanted.shape
                assert got.tobytes() == wanted.tobytes()


@EACH
def test_one_hidden_layer_has_the_laplacian_written_by_hand(activation: sn.ActivationSpec) -> None:
    """ΔH_k = Σ_j W[3]_kj σ''(z_j) ‖W[2]_j‖², z = W[2] x + b[2]."""
    net = random_network((7, 30, 3), activation, output="identity")
    (W2, W3), (b2, _), X = net.weights, net.biases, points(20, net)
    curvature = derivation.sigma(normalise(activation), X @ W2.T + b2, 2)
    close(net.laplacian(X), (curvature * (W2**2).sum(axis=1)) @ W3.T)


@pytest.mark.parametrize("activation", ["tanh", "silu", "softplus", "sin", "gaussian"])
def test_hvp_is_the_slope_of_the_cores_jacobian_to_third_order(
    activation: sn.ActivationSpec,
) -> None:
    """‖J(x + hv) - J(x - hv) - 2h ∇²H v‖ falls as h³."""
    net = random_network((4, 9, 7, 3), activation)
    X, (v, _) = points(10, net), vectors(net, 10)
    product = net.hvp(X, v)

    def rest(h: float) -> float:
        ahead, behind = net.jacobian(X + h * v), net.jacobian(X - h * v)
        return float(np.linalg.norm(ahead - behind - 2 * h * product))

    assert rest(1e-3) == pytest.approx(rest(1e-2) / 1000, rel=0.05)
    assert rest(1e-2) < 1e-2 * np.linalg.norm(2e-2 * product)


def test_slopes_that_are_denormal_are_not_flushed_to_zero() -> None:
    """σ' of the sigmoid at z = -735 is exp(z), about 6e-320; so is σ''."""
    net = sn.Network([[[1.0, 2.0]], [[3.0]]], [[-735.0], [0.0]], ["sigmoid", "identity"])
    tiny = np.exp(-735.0)
    assert 0 < tiny < np.finfo(np.float64).tiny
    for n in (1, 100):
        X = np.zeros((n, 2))
        bits = 4 * np.finfo(np.float64).smallest_subnormal
        np.testing.assert_allclose(net(X)[-1], [3 * tiny], rtol=0, atol=bits)
        np.testing.assert_allclose(net.jacobian(X)[-1], [[3 * tiny, 6 * tiny]], rtol=0, atol=bits)
        wanted = 3 * tiny * np.array([[1.0, 2.0], [2.0, 4.0]])
        np.testing.assert_allclose(net.hessian(X)[-1], [wanted], rtol=0, atol=2 * bits)
        np.testing.assert_allclose(net.laplacian(X)[-1], [15 * tiny], rtol=0, atol=4 * bits)
        v = np.array([1.0, -1.0])
        np.testing.assert_allclose(net.hvp(X, v)[-1], [wanted @ v], rtol=0, atol=4 * bits)


def test_a_layer_without_curvature_adds_nothing_even_where_its_slope_overflows() -> None:
    saturated = sn.Network([[[1e160]], [[1.0]]], [[0.0], [0.0]], ["tanh", "identity"])
    straight = sn.Network([[[1e200]]] * 3, [[0.0]] * 3, ["relu", "relu", "identity"])
    for X in (np.array([[1e100]]), np.full((60, 1), 1e100)):
        assert (saturated.laplacian(X) == 0).all()
        assert (saturated.hessian(X) == 0).all()
        assert (straight.hvp(np.ones_like(X), X) == 0).all()
        assert (straight.hessian(np.ones_like(X)) == 0).all()

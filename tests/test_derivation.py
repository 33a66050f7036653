"""The reference's identities: every way round the chain gives the same derivative."""

import numpy as np
import pytest
from networks import ACTIVATIONS, SHAPES, points, random_network

from slopenet import derivation
from slopenet.activations import ActivationSpec

STEP = 1e-30


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-13) -> None:
    assert np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1e-300)


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_forward_product_reverse_sweep_and_jvp_vjp_agree(sizes: tuple[int, ...]) -> None:
    net = random_network(sizes, "gelu")
    chain, X = net.chain(), points(6, net)
    D = derivation.D(chain, derivation.forward(chain, X))
    J = derivation.partial_products(chain, D)[-1]
    close(derivation.dH_dx(chain, D), J)
    close(derivation.reverse(chain, D).c[0], J)
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))
    Jv, Ju = derivation.jvp(chain, D, v), derivation.vjp(chain, D, u)
    close(Jv, np.einsum("nki,ni->nk", J, v))
    close(Ju, np.einsum("nki,nk->ni", J, u))
    close(np.sum(u * Jv, axis=1), np.sum(Ju * v, axis=1))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_input_slope_agrees_with_the_complex_step(activation: ActivationSpec) -> None:
    net = random_network((4, 9, 7, 3), activation)
    chain, X = net.chain(), points(10, net)
    D = derivation.D(chain, derivation.forward(chain, X))
    J = derivation.dH_dx(chain, D)
    for i in range(4):
        moved = X + STEP * 1j * np.eye(4)[i]
        close(J[:, :, i], derivation.forward(chain, moved).a[-1].imag / STEP, 1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("sizes", [(4, 3), (4, 9, 7, 3), (3, 5, 4, 6, 2, 1)], ids=str)
def test_second_derivatives_agree_with_the_complex_step_of_the_input_slope(
    sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    net = random_network(sizes, activation)
    chain, X = net.chain(), points(10, net)
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=X.shape), rng.normal(size=(10, sizes[-1]))
    sweep = derivation.forward(chain, X)
    D, S = derivation.D(chain, sweep), derivation.S(chain, sweep)
    columns = []
    for e in np.eye(sizes[0]):
        moved = derivation.D(chain, derivation.forward(chain, X + STEP * 1j * e))
        columns.append(derivation.dH_dx(chain, moved).imag / STEP)
    hessian = np.stack(columns, axis=-1)
    close(derivation.hessian(chain, D, S), hessian, 1e-12)
    close(derivation.hvp(chain, D, S, v), np.einsum("nkij,nj->nki", hessian, v), 1e-12)
    weighted = derivation.weighted_hessian(chain, D, S, u)
    close(weighted, np.einsum("nkij,nk->nij", hessian, u), 1e-12)
    close(derivation.laplacian(chain, D, S), np.einsum("nkii->nk", hessian), 1e-12)


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_trace_product_and_weighted_sum_are_those_of_the_hessian(sizes: tuple[int, ...]) -> None:
    """One v and one u serve all points too; the Hessian is symmetric to the bit."""
    net = random_network(sizes, "gelu")
    chain, X = net.chain(), points(6, net)
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))
    sweep = derivation.forward(chain, X)
    D, S = derivation.D(chain, sweep), derivation.S(chain, sweep)
    hessian = derivation.hessian(chain, D, S)
    assert np.array_equal(hessian, hessian.swapaxes(-1, -2))
    close(derivation.laplacian(chain, D, S), np.einsum("nkii->nk", hessian))
    close(derivation.hvp(chain, D, S, v), np.einsum("nkij,nj->nki", hessian, v))
    close(derivation.hvp(chain, D, S, v[0]), hessian @ v[0])
    weighted = np.einsum("nkij,nk->nij", hessian, u)
    close(derivation.weighted_hessian(chain, D, S, u), weighted)
    weighted = np.einsum("nkij,k->nij", hessian, u[0])
    close(derivation.weighted_hessian(chain, D, S, u[0]), weighted)


@pytest.mark.parametrize("activation", ["identity", "relu", ("leaky_relu", 0.2)], ids=str)
def test_piecewise_linear_activations_have_no_curvature(activation: ActivationSpec) -> None:
    net = random_network((5, 9, 6, 4), activation)
    chain, X = net.chain(), points(20, net)
    sweep = derivation.forward(chain, X)
    D, S = derivation.D(chain, sweep), derivation.S(chain, sweep)
    for curvature in (
        derivation.hessian(chain, D, S),
        derivation.hvp(chain, D, S, X),
        derivation.weighted_hessian(chain, D, S, np.ones(4)),
        derivation.laplacian(chain, D, S),
    ):
        assert not curvature.any()


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "sin", ("softplus", 0.6), "silu"])
def test_second_derivative_agrees_with_a_taylor_test_of_the_first(
    activation: ActivationSpec,
) -> None:
    """σ'(z + h) - σ'(z - h) - 2hσ''(z) falls with h³."""
    from slopenet.activations import normalise, sigma

    spec = normalise(activation)
    z = np.linspace(-3, 3, 25)

    def rest(h: float) -> float:
        difference = sigma(spec, z + h, 1) - sigma(spec, z - h, 1) - 2 * h * sigma(spec, z, 2)
        return float(np.abs(difference).max())

    assert rest(1e-2) < 1e-5
    assert rest(1e-3) == pytest.approx(rest(1e-2) / 1000, rel=0.05)


def test_one_point_is_a_row_of_a_batch() -> None:
    net = random_network((3, 5, 2), "silu")
    chain, X = net.chain(), points(4, net)
    sweep, single = derivation.forward(chain, X), derivation.forward(chain, X[2])
    close(single.a[-1], sweep.a[-1][2])
    close(
        derivation.dH_dx(chain, derivation.D(chain, single)),
        derivation.dH_dx(chain, derivation.D(chain, sweep))[2],
    )


def test_without_slopes_the_cotangent_gradient_is_plain_backpropagation() -> None:
    net = random_network((3, 6, 5, 2), "tanh")
    chain, X = net.chain(), points(7, net)
    y = np.random.default_rng(0).normal(size=(7, 2))
    sweep = derivation.forward(chain, X)
    delta = derivation.delta(chain, sweep, y)
    general = derivation.cotangent_gradient(chain, X, sweep.a[-1] - y, np.zeros((7, 2, 3)))
    for a, b in zip(
        general.delta + general.dW, delta + derivation.dC_dW(delta, sweep), strict=True
    ):
        close(a, b)

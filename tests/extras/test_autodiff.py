"""The derivation agrees with the automatic differentiation of torch and JAX."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, in_domain, points, random_network

from slopenet import derivation
from slopenet.activations import ActivationSpec, normalise, sigma
from slopenet.derivation import Chain

# torch's jacfwd still calls torch.jit.script.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
SIZES = [(4, 9, 7, 1), (3, 8, 5), (6, 8, 3)]
NETWORKS = [(SIZES[i % 3], activation) for i, activation in enumerate(ACTIVATIONS)]
TOLERANCE = 1e-12
each_network = pytest.mark.parametrize(("sizes", "activation"), NETWORKS, ids=str)


def close(library: Any, got: Any, wanted: Any) -> None:
    got, wanted = library.numpy(got), library.numpy(wanted)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= TOLERANCE * np.abs(wanted).max()


def network(library: Any, sizes: tuple[int, ...], activation: ActivationSpec) -> tuple[Chain, Any]:
    net = random_network(sizes, activation)
    W, b, specs = net.chain()
    return Chain(library(W), library(b), specs), library(points(5, net))


@each_network
def test_input_slope_is_jacrev_and_jacfwd_of_the_forward_sweep(
    library: Any, sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    chain, x = network(library, sizes, activation)
    ad = library.transforms

    def H(x: Any) -> Any:
        return derivation.forward(chain, x).a[-1]

    @library.jit
    def J(x: Any) -> Any:
        return derivation.dH_dx(chain, derivation.D(chain, derivation.forward(chain, x)))

    close(library, J(x), library.jit(ad.vmap(ad.jacrev(H)))(x))
    close(library, J(x), library.jit(ad.vmap(ad.jacfwd(H)))(x))


@each_network
def test_second_derivatives_are_hessian_of_the_forward_sweep(
    library: Any, sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    """torch.func.hessian and jax.hessian; its products with v and u, and its trace."""
    chain, x = network(library, sizes, activation)
    rng = np.random.default_rng(2)
    v, u = rng.normal(size=(5, sizes[0])), rng.normal(size=(5, sizes[-1]))
    ad = library.transforms

    def H(x: Any) -> Any:
        return derivation.forward(chain, x).a[-1]

    @library.jit
    def own(x: Any, v: Any, u: Any) -> Any:
        sweep = derivation.forward(chain, x)
        D, S = derivation.D(chain, sweep), derivation.S(chain, sweep)
        return (
            derivation.hessian(chain, D, S),
            derivation.hvp(chain, D, S, v),
            derivation.weighted_hessian(chain, D, S, u),
            derivation.laplacian(chain, D, S),
        )

    wanted = library.numpy(library.jit(ad.vmap(ad.hessian(H)))(x))
    hessian, hvp, weighted, laplacian = own(x, *library((v, u)))
    close(library, hessian, library(wanted))
    close(library, hvp, library(np.einsum("nkij,nj->nki", wanted, v)))
    close(library, weighted, library(np.einsum("nkij,nk->nij", wanted, u)))
    close(library, laplacian, library(np.einsum("nkii->nk", wanted)))


@each_network
def test_delta_dW_and_db_are_the_gradients_of_the_cost(
    library: Any, sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    chain, x = network(library, sizes, activation)
    y = library(np.random.default_rng(2).normal(size=(5, sizes[-1])))
    ad = library.transforms

    def C(W: Any, b: Any, x: Any, y: Any) -> Any:
        return derivation.cost(derivation.forward(Chain(W, b, chain.activations), x).a[-1], y)

    @library.jit
    def own(x: Any, y: Any) -> Any:
        sweep = derivation.forward(chain, x)
        deltas = derivation.delta(chain, sweep, y)
        return deltas, derivation.dC_dW(deltas, sweep), derivation.dC_db(deltas)

    each = library.jit(ad.vmap(ad.grad(C, (0, 1)), (None, None, 0, 0)))
    for delta, dC_dW, dC_db, dW, db in zip(*own(x, y), *each(chain.W, chain.b, x, y), strict=True):
        close(library, delta, db)
        close(library, dC_db, db)
        close(library, dC_dW, dW)


@each_network
def test_cotangent_gradient_is_the_gradient_through_value_and_slope(
    library: Any, sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    """Of ā·H + r·∂H/∂x, where ∂H/∂x too comes from automatic differentiation."""
    chain, x = network(library, sizes, activation)
    rng = np.random.default_rng(2)
    a_bar = library(rng.normal(size=(5, sizes[-1])))
    r = library(rng.normal(size=(5, sizes[-1], sizes[0])))
    ad = library.transforms

    def weighted(W: Any, b: Any, x: Any, a_bar: Any, r: Any) -> Any:
        def H(x: Any) -> Any:
            return derivation.forward(Chain(W, b, chain.activations), x).a[-1]

        return (a_bar * H(x)).sum() + (r * ad.jacrev(H)(x)).sum()

    @library.jit
    def own(x: Any, a_bar: Any, r: Any) -> Any:
        return derivation.cotangent_gradient(chain, x, a_bar, r)

    each = library.jit(ad.vmap(ad.grad(weighted, (0, 1)), (None, None, 0, 0, 0)))
    for delta, dC_dW, dC_db, dW, db in zip(
        *own(x, a_bar, r), *each(chain.W, chain.b, x, a_bar, r), strict=True
    ):
        close(library, delta, db)
        close(library, dC_db, db)
        close(library, dC_dW, dW)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_differentiating_sigma_gives_sigma_prime_at_zero_and_in_the_tails(
    library: Any, activation: ActivationSpec, order: int
) -> None:
    """At a kink both take the left slope; beyond exp's range neither is NaN."""
    spec = normalise(activation)
    z = np.array([-1e6, -800.0, -100.0, -30.0, -5.0, 0.0, 5.0, 30.0, 100.0, 800.0, 1e6])
    z = library(in_domain(activation, z))
    ad = library.transforms
    slope = library.jit(ad.vmap(ad.grad(lambda z: sigma(spec, z, order))))
    close(library, slope(z), library.jit(lambda z: sigma(spec, z, order + 1))(z))

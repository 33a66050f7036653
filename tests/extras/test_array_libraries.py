"""The derivation gives on any library of the array API standard the numbers it gives on NumPy."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, in_domain, random_network

from slopenet import derivation
from slopenet.activations import ActivationSpec, erfc, normalise, sigma
from slopenet.derivation import Chain

SIZES = [(4, 9, 7, 1), (3, 8, 5), (6, 8, 3)]
TAILS = np.array([0.0, 1e-9, 0.1, 1, 5, 8.5, 15, 30, 37, 100, 700, 1e3, 1e6, 1e100])
TAILS = np.concatenate([-TAILS, TAILS])
SMALLEST = 1e-300  # below it JAX flushes to 0


def inputs(sizes: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Values, slopes (one missing), directions and weightings of five samples."""
    rng = np.random.default_rng(3)
    n_1, n_L = sizes[0], sizes[-1]
    shapes = {"x": (5, n_1), "y": (5, n_L), "T": (5, n_L, n_1), "v": (5, n_1), "u": (5, n_L)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    arrays["T"][2, 0, 0] = np.nan
    arrays["weight"] = rng.uniform(size=(n_L, n_1))
    return arrays


def everything(
    chain: Chain, *, x: Any, y: Any, T: Any, v: Any, u: Any, weight: Any
) -> dict[str, Any]:
    """The results of each function of `slopenet.derivation`."""
    sweep = derivation.forward(chain, x)
    D = derivation.D(chain, sweep)
    J = derivation.dH_dx(chain, D)
    deltas = derivation.delta(chain, sweep, y)
    S = derivation.S(chain, sweep)
    return {
        "forward": sweep,
        "D": D,
        "S": S,
        "cost": derivation.cost(sweep.a[-1], y),
        "delta": deltas,
        "pull_delta": derivation.pull_delta(chain, D, y, S),
        "dC_db": derivation.dC_db(deltas),
        "dC_dW": derivation.dC_dW(deltas, sweep),
        "partial_products": derivation.partial_products(chain, D),
        "dH_dx": J,
        "reverse": derivation.reverse(chain, D),
        "jvp": derivation.jvp(chain, D, v),
        "vjp": derivation.vjp(chain, D, u),
        "hvp": derivation.hvp(chain, D, S, v),
        "pre_activation_slopes": derivation.pre_activation_slopes(chain, D),
        "hessian": derivation.hessian(chain, D, S),
        "weighted_hessian": derivation.weighted_hessian(chain, D, S, u),
        "laplacian": derivation.laplacian(chain, D, S),
        "slope_cost": derivation.slope_cost(J, T, weight),
        "along_cost": derivation.along_cost(J, J, J @ J.mT + 1.0, 1.0),
        "cotangent_gradient": derivation.cotangent_gradient(chain, x, u, J),
    }


def leaves(tree: Any) -> list[Any]:
    if isinstance(tree, list | tuple):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def test_every_function_of_the_derivation_is_compared() -> None:
    public = {
        name
        for name, function in inspect.getmembers(derivation, inspect.isfunction)
        if function.__module__ == derivation.__name__ and not name.startswith("_")
    }
    sizes = SIZES[0]
    assert public == set(everything(random_network(sizes).chain(), **inputs(sizes)))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_every_function_gives_the_numbers_it_gives_on_numpy(
    standard: Any, activation: ActivationSpec, sizes: tuple[int, ...]
) -> None:
    if standard.name == "strict" and activation == "gelu":
        pytest.skip("erfc is not in the standard")
    W, b, specs = random_network(sizes, activation).chain()
    given = inputs(sizes)
    wanted = everything(Chain(W, b, specs), **given)
    local = {name: standard(array) for name, array in given.items()}

    @standard.jit
    def compute(W: Any, b: Any, local: dict[str, Any]) -> dict[str, Any]:
        return everything(Chain(W, b, specs), **local)

    got = compute(standard(W), standard(b), local)
    for name, reference in wanted.items():
        for one, other in zip(leaves(got[name]), leaves(reference), strict=True):
            error = np.abs(standard.numpy(one) - other).max()
            assert one.shape == other.shape
            assert error <= 1e-13 * np.abs(other).max(), name


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_tails_keep_their_digits(standard: Any, activation: ActivationSpec, order: int) -> None:
    """σ, σ' and σ'' agree entry by entry, relative to each entry, and none is NaN."""
    if standard.name == "strict" and activation == "gelu":
        pytest.skip("erfc is not in the standard")
    z = TAILS[np.abs(TAILS) < 1e6] if activation == "sin" else in_domain(activation, TAILS)
    wanted = sigma(normalise(activation), z, order)
    function = standard.jit(lambda z: sigma(normalise(activation), z, order))
    got = standard.numpy(function(standard(z)))
    assert np.isfinite(got).all()
    assert (np.abs(got - wanted) <= 1e-13 * np.abs(wanted) + SMALLEST).all()


def test_one_point_is_a_row_of_a_batch(standard: Any) -> None:
    W, b, specs = random_network((4, 6, 3), "silu").chain()
    chain = Chain(standard(W), standard(b), specs)
    x = inputs((4, 6, 3))["x"]

    def slope(x: np.ndarray) -> np.ndarray:
        D = derivation.D(chain, derivation.forward(chain, standard(x)))
        return standard.numpy(derivation.dH_dx(chain, D))

    assert slope(x[2]).shape == (3, 4)
    np.testing.assert_allclose(slope(x[2]), slope(x)[2], rtol=0, atol=1e-14)


def test_float32_arrays_stay_float32(standard: Any) -> None:
    W, b, specs = random_network((3, 5, 2), "gelu_tanh").chain()

    def single(array: np.ndarray) -> Any:
        return standard.array(array, dtype=standard.float32)

    chain = Chain([single(w) for w in W], [single(v) for v in b], specs)
    given = {name: single(array) for name, array in inputs((3, 5, 2)).items()}
    for name, result in everything(chain, **given).items():
        assert all(leaf.dtype == standard.float32 for leaf in leaves(result)), name


def test_gelu_on_an_unknown_library_is_a_clear_error(strict_library: Any) -> None:
    with pytest.raises(TypeError, match=r"'gelu' needs erfc.*array_api_strict.*'gelu_tanh'"):
        erfc(strict_library(np.zeros(3)))

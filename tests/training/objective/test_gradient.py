"""The objective of `fit`: its value and gradient on a flat θ, by the complex step."""

from dataclasses import replace

import numpy as np
import pytest

from slopenet import derivation
from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.parameters import count, unflatten
from slopenet.training.objective.gradient import Objective

STEP = 1e-30


def problem(sizes: tuple[int, ...], n: int = 23) -> tuple[np.ndarray, Data, np.ndarray]:
    rng = np.random.default_rng(0)
    dydx = rng.normal(size=(n, sizes[-1], sizes[0]))
    dydx[rng.random(dydx.shape) < 0.3] = np.nan
    data = Data(
        rng.normal(size=(n, sizes[0])), rng.normal(size=(n, sizes[-1])), dydx, rng.uniform(0, 2, n)
    )
    return rng.normal(size=count(sizes)), data, rng.uniform(0.1, 1, (sizes[-1], sizes[0]))


def with_directions(data: Data, M: int = 3) -> Data:
    """The same data and slopes along M directions of each sample, a third of them missing."""
    rng = np.random.default_rng(2)
    dydv = rng.normal(size=(len(data), M, data.y.shape[1]))
    dydv[rng.random(dydv.shape) < 0.3] = np.nan
    return replace(data, directions=rng.normal(size=(len(data), M, data.X.shape[1])), dydv=dydv)


def squares(weight: np.ndarray, got: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Σ w (got - target)² of each sample over the targets that are not missing."""
    r = np.where(np.isnan(target), 0, got - np.nan_to_num(target))
    return (weight * r**2).sum(axis=(1, 2))


@pytest.mark.parametrize("own", [False, True], ids=["shared weights", "weights of each sample"])
@pytest.mark.parametrize("what", ["slopes", "directions", "both"])
@pytest.mark.parametrize("sizes", [(4, 6, 5, 2), (3, 7, 3), (2, 6, 5), (3, 2)], ids=str)
def test_gradient_agrees_with_the_complex_step(
    sizes: tuple[int, ...], what: str, own: bool
) -> None:
    """Slopes, missing ones, sample weights and l2 together, n_L below, at and above n_1."""
    activations = [normalise("tanh")] * (len(sizes) - 2) + [normalise("softplus")]
    theta, data, weight = problem(sizes)
    rng = np.random.default_rng(1)
    value_weight = np.ones(data.y.shape)
    dydv_weight = rng.uniform(0, 2, sizes[-1])
    if what != "slopes":
        data = with_directions(data if what == "both" else replace(data, dydx=None))
    objective = Objective(sizes, activations, weight, 0.01, dydv_weight=dydv_weight)
    if own:
        weight = rng.uniform(0, 2, (len(data), *weight.shape))
        value_weight = rng.uniform(0, 2, data.y.shape)
        data = replace(data, slope_weight=weight, value_weight=value_weight)
        data.y[0, 0] = np.nan
        if data.dydv is not None:
            dydv_weight = rng.uniform(0, 2, data.dydv.shape)
            data = replace(data, dydv_weight=dydv_weight)

    def f(at: np.ndarray) -> complex:
        W, b = unflatten(at, sizes)
        chain = derivation.Chain(W, b, activations)
        sweep = derivation.forward(chain, data.X)
        J = derivation.partial_products(chain, derivation.D(chain, sweep))[-1]
        r = np.where(np.isnan(data.y), 0, sweep.a[-1] - np.nan_to_num(data.y))
        each = (value_weight * r**2).sum(axis=1)
        if data.dydx is not None:
            each = each + squares(weight, J, data.dydx)
        if data.directions is not None:
            assert data.dydv is not None
            Jv = np.einsum("ski,smi->smk", J, data.directions)
            each = each + squares(dydv_weight, Jv, data.dydv)
        penalty = sum((w**2).sum() for w in W)
        return complex(0.5 * (data.sample_weight * each).mean() + 0.005 * penalty)

    costs = objective(theta, data)
    assert costs.total == pytest.approx(f(theta).real, rel=1e-13)
    gradient = np.array([f(theta + STEP * 1j * unit).imag / STEP for unit in np.eye(theta.size)])
    assert costs.gradient is not None
    assert np.abs(costs.gradient - gradient).max() <= 1e-13 * np.abs(gradient).max()


def test_cost_alone_is_the_same_cost() -> None:
    sizes = (3, 5, 2)
    theta, data, weight = problem(sizes)
    objective = Objective(sizes, [normalise("silu"), normalise("identity")], weight)
    whole, alone = objective(theta, data), objective(theta, data, gradient=False)
    assert alone.gradient is None
    assert (alone.value, alone.slope) == (whole.value, whole.slope)


def test_a_sample_of_weight_zero_does_not_count() -> None:
    sizes = (3, 5, 2)
    theta, data, weight = problem(sizes)
    weights = np.ones(len(data))
    weights[4:] = 0
    objective = Objective(sizes, [normalise("silu"), normalise("identity")], weight)
    some = objective(theta, Data(data.X, data.y, data.dydx, weights))
    few = objective(theta, Data(data.X[:4], data.y[:4], data.dydx[:4]))  # type: ignore[index]
    share = 4 / len(data)
    assert some.total == pytest.approx(share * few.total, rel=1e-13)
    assert few.gradient is not None
    np.testing.assert_allclose(some.gradient, share * few.gradient, rtol=1e-12, atol=1e-14)


def test_samples_may_weigh_values_and_slopes_alike_or_each_by_itself() -> None:
    """The same weights said once or for each sample are the same cost, to the bit."""
    sizes = (3, 5, 2)
    theta, data, weight = problem(sizes)
    specs = [normalise("silu"), normalise("identity")]
    shared = Objective(sizes, specs, weight)(theta, data)
    own = np.broadcast_to(weight, (len(data), *weight.shape)).copy()
    data = replace(data, slope_weight=own, value_weight=np.ones(data.y.shape))
    each = Objective(sizes, specs, 0 * weight)(theta, data)
    assert (shared.value, shared.slope) == (each.value, each.slope)
    assert shared.gradient is not None
    assert each.gradient is not None
    assert shared.gradient.tobytes() == each.gradient.tobytes()

"""Slopes along directions of each sample: the cost and gradient of v·∇H, by other ways to it."""

from typing import Any

import numpy as np
import pytest
from networks import SHAPES, points, random_network

import slopenet as sn
from slopenet import derivation
from slopenet.parameters import flatten


def problem(net: sn.Network, M: int = 3, n: int = 29) -> tuple[np.ndarray, ...]:
    """X, y, directions, and slopes along them of which a quarter is missing, one row whole."""
    rng = np.random.default_rng(5)
    y, v = rng.normal(size=(n, net.sizes[-1])), rng.normal(size=(n, M, net.sizes[0]))
    along = rng.normal(size=(n, M, net.sizes[-1]))
    along[rng.random(along.shape) < 0.25] = np.nan
    along[3] = np.nan
    return points(n, net), y, v, along


def gradient(result: sn.Backprop) -> np.ndarray:
    return flatten(result.dW, result.db)


def assert_close(got: np.ndarray, want: np.ndarray, tolerance: float = 1e-13) -> None:
    assert np.abs(got - want).max() <= tolerance * np.abs(want).max()


@pytest.mark.parametrize("activation", ["tanh", "silu"])
@pytest.mark.parametrize("sizes", [*SHAPES, (60, 300, 50)], ids=str)
def test_core_agrees_with_the_reference(sizes: tuple[int, ...], activation: str) -> None:
    net = random_network(sizes, activation)
    X, y, v, along = problem(net)
    weight = np.random.default_rng(1).uniform(0, 2, along.shape)
    result = sn.backprop(net, X, y, directions=v, along=along, along_weight=weight)
    H, J = net.value_and_jacobian(X)
    cost = derivation.cost(H, y) + derivation.along_cost(J, v, along, weight)
    assert result.cost == pytest.approx(cost.mean(), rel=1e-12)
    p = weight * np.where(np.isnan(along), 0, v @ J.swapaxes(1, 2) - along)
    want = derivation.cotangent_gradient(net.chain(), X, H - y, p.swapaxes(1, 2) @ v)
    means = flatten([w.mean(axis=0) for w in want.dW], [b.mean(axis=0) for b in want.db])
    assert_close(gradient(result), means, 1e-12)
    for got, exact in zip(result.delta, want.delta, strict=True):
        assert_close(got, exact, 1e-12)


@pytest.mark.parametrize("sizes", [(4, 7, 5, 2), (3, 6, 4, 3), (2, 5, 6, 4)], ids=str)
def test_along_the_unit_vectors_they_are_the_slopes(sizes: tuple[int, ...]) -> None:
    net = random_network(sizes, "tanh")
    X, y, _, _ = problem(net)
    rng = np.random.default_rng(3)
    dydx, weight = rng.normal(size=(len(X), sizes[-1], sizes[0])), rng.uniform(size=sizes[-1])
    dydx[rng.random(dydx.shape) < 0.25] = np.nan
    slopes = sn.backprop(net, X, y, dydx, slope_weight=weight[:, None] * np.ones(sizes[0]))
    along = sn.backprop(
        net, X, y,
        directions=np.eye(sizes[0]), along=dydx.swapaxes(1, 2), along_weight=weight,
    )  # fmt: skip
    assert along.cost == pytest.approx(slopes.cost, rel=1e-14)
    assert_close(gradient(along), gradient(slopes))


@pytest.mark.parametrize("sizes", [(4, 9, 8, 3), (3, 9, 5)], ids=str)
def test_a_cotangent_on_one_direction_is_one_on_the_slopes(sizes: tuple[int, ...]) -> None:
    """r on v·∇H is r vᵀ on ∂H/∂x, and both kinds add up."""
    net = random_network(sizes, "silu")
    X, y, v, _ = problem(net, 1)
    r = np.random.default_rng(0).normal(size=(len(X), 1, sizes[-1]))
    outer = r.swapaxes(1, 2) @ v
    core = net.core_copy()

    def summed(**targets: Any) -> np.ndarray:
        task = core.task(X, y, given=True, **targets)
        theta: np.ndarray = core.backprop(task, want_theta=True, want_delta=False, threads=1)[2]
        return theta

    assert_close(summed(directions=v, along=r), summed(dydx=outer))
    assert_close(summed(directions=v, along=r, dydx=outer), summed(dydx=2 * outer))


def test_a_missing_slope_and_one_of_no_weight_do_not_count() -> None:
    net = random_network((3, 6, 2), "tanh")
    X, y, v, along = problem(net)
    gaps = np.isnan(along)
    some = sn.backprop(net, X, y, directions=v, along=along)
    same = sn.backprop(
        net, X, y, directions=v, along=np.where(gaps, 7.0, along), along_weight=1.0 - gaps
    )
    assert some.cost == same.cost
    assert gradient(some).tobytes() == gradient(same).tobytes()
    none = sn.backprop(net, X, y, directions=v, along=np.full_like(along, np.nan))
    assert_close(gradient(none), gradient(sn.backprop(net, X, y)))


def test_a_single_point_drops_the_n() -> None:
    net = random_network((3, 6, 1), "tanh")
    X, y, v, along = problem(net)
    for t in (along[0], along[0, :, 0]):
        single = sn.backprop(net, X[0], y[0], directions=v[0], along=t)
        batch = sn.backprop(net, X[:1], y[:1], directions=v[:1], along=t[None])
        assert gradient(single).tobytes() == gradient(batch).tobytes()


def test_float32_agrees_with_float64_to_its_own_precision() -> None:
    net = random_network((3, 8, 2), "tanh")
    narrow = sn.Network(net.weights, net.biases, "tanh", dtype=np.float32)
    X, y, v, along = problem(net)
    wide, slim = (sn.backprop(n, X, y, directions=v, along=along) for n in (net, narrow))
    assert gradient(slim).dtype == np.float32
    np.testing.assert_allclose(gradient(slim), gradient(wide), rtol=1e-4, atol=1e-6)


def test_threads_give_the_same_bits() -> None:
    net = random_network((8, 64, 64, 2))
    X, y, v, along = problem(net, 2, 10_000)
    dydx, before = np.cos(X)[:, None, :] * np.ones((2, 1)), sn.get_num_threads()
    results = []
    for threads in (1, 2, 3):
        sn.set_num_threads(threads)
        results.append(sn.backprop(net, X, y, dydx, directions=v, along=along))
    sn.set_num_threads(before)
    one = results[0]
    for other in results[1:]:
        assert other.cost == one.cost
        assert gradient(other).tobytes() == gradient(one).tobytes()


V, T = np.ones((1, 3)), np.ones((5, 1, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"directions": V}, "directions and along must be given together"),
        ({"directions": T, "along": T}, "directions must have shape"),
        ({"directions": np.ones((2, 3)), "along": T}, "along must have shape"),
        ({"directions": np.nan * V, "along": T}, r"directions\[0, 0\] is nan"),
        ({"directions": V, "along": np.inf * T}, r"along\[0, 0, 0\] is inf; a slope is a number"),
        ({"directions": V, "along": T, "along_weight": [-1, 1]}, r"along_weight\[0\] is -1.0"),
        ({"directions": V, "along": T, "along_weight": np.ones(3)}, "along_weight must have shape"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments: dict[str, Any], message: str) -> None:
    net = random_network((3, 4, 2))
    with pytest.raises(ValueError, match=message):
        sn.backprop(net, np.zeros((5, 3)), np.zeros((5, 2)), **arguments)

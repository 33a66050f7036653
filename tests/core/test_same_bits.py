"""A row gives the same bits alone, in any batch, in any order, with any number of threads."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from networks import SHAPES, points, random_network

import slopenet as sn
from slopenet import _core

LARGE = 100_000


@pytest.fixture(autouse=True)
def _restore_threads() -> Iterator[None]:
    before = sn.get_num_threads()
    yield
    sn.set_num_threads(before)


def everything(net: sn.Network, X: np.ndarray) -> list[np.ndarray]:
    """All that the core gives for each row of X."""
    v = np.linspace(-1, 1, net.sizes[0]).astype(net.dtype)
    u = np.linspace(1, -0.5, net.sizes[-1]).astype(net.dtype)
    H, J = net.value_and_jacobian(X)
    return [net(X), H, J, net.jacobian(X), net.jvp(X, v), net.vjp(X, u)]


def assert_same(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    """Byte by byte: -0 is not 0."""
    for a, b in zip(some, others, strict=True):
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_alone_in_seven_in_a_batch_in_another_order(
    sizes: tuple[int, ...], dtype: type[np.floating]
) -> None:
    for activation in ("tanh", "gelu", "sin", ("softplus", 0.6)):
        net = random_network(sizes, activation, dtype=dtype)
        X = points(403, net)
        batch = everything(net, X)
        for i in (0, 1, 200, 402):
            assert_same(everything(net, X[i]), [a[i] for a in batch])
        assert_same(everything(net, X[100:107]), [a[100:107] for a in batch])
        order = np.random.default_rng(0).permutation(len(X))
        assert_same(everything(net, X[order]), [a[order] for a in batch])


def test_signs_of_zeros_too() -> None:
    """Slopes that underflow to -0 in a product that W or the data may broadcast."""
    net = random_network((17, 6, 184, 124), "gaussian", scale=4.0, dtype=np.float32)
    X = 4 * points(40, net)
    J = net.jacobian(X)
    # without a fused multiply-add, a sum that starts at 0 never ends at -0
    assert (J == 0).any()
    assert _core.isa == "baseline" or (np.signbit(J) & (J == 0)).any()
    for i in range(len(X)):
        assert net.jacobian(X[i]).tobytes() == J[i].tobytes()


@pytest.mark.parametrize("sizes", [(2, 2, 3, 2), (8, 64, 64, 1)], ids=str)
def test_in_a_hundred_thousand_rows_with_one_and_two_threads(sizes: tuple[int, ...]) -> None:
    net = random_network(sizes)
    X = points(LARGE, net)
    sn.set_num_threads(1)
    one = everything(net, X)
    for i in (0, 7, 50_003, LARGE - 1):
        assert_same(everything(net, X[i]), [a[i] for a in one])
    sn.set_num_threads(2)
    assert_same(everything(net, X), one)


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda X: X[::-1][::-1],
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: np.ascontiguousarray(X.T).T,
        lambda X: X.astype(X.dtype.newbyteorder()),
    ],
)
def test_whatever_the_memory_layout(layout: Callable[[np.ndarray], np.ndarray]) -> None:
    net = random_network((6, 20, 3))
    X = points(50, net)
    assert_same(everything(net, layout(X)), everything(net, X))


@pytest.mark.parametrize("slopes", [False, True])
def test_gradient_sums_do_not_depend_on_threads(slopes: bool) -> None:
    net = random_network((8, 64, 64, 1))
    X = points(20_000, net)
    y = np.sin(X[:, :1])
    dydx = np.cos(X)[:, None, :] if slopes else None
    sn.set_num_threads(1)
    one = sn.backprop(net, X, y, dydx)
    sn.set_num_threads(2)
    two = sn.backprop(net, X, y, dydx)
    assert one.cost == two.cost
    assert_same(one.dW + one.db + one.delta, two.dW + two.db + two.delta)

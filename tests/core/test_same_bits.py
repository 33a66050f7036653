"""A row gives the same bits alone, in any batch, in any order, with any number of threads."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from networks import SHAPES, points, random_network
from same_bits import assert_same, everything

import slopenet as sn
from slopenet import _core

LARGE = 100_000


@pytest.fixture(autouse=True)
def _restore_threads() -> Iterator[None]:
    before = sn.get_num_threads()
    yield
    sn.set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_alone_in_seven_in_a_batch_in_another_order(
    sizes: tuple[int, ...], dtype: type[np.floating]
) -> None:
    for activation in ("tanh", "gelu", "sin", ("softplus", 0.6)):
        net = random_network(sizes, activation, dtype=dtype)
        X = points(103, net)
        batch = everything(net, X)
        for i in (0, 1, 50, 102):
            assert_same(everything(net, X[i]), [a[i] for a in batch])
        assert_same(everything(net, X[60:67]), [a[60:67] for a in batch])
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

    def first(X: np.ndarray) -> list[np.ndarray]:
        return [*net.value_and_jacobian(X), net.laplacian(X)]

    sn.set_num_threads(1)
    one = first(X)
    for i in (0, 7, 50_003, LARGE - 1):
        assert_same(first(X[i]), [a[i] for a in one])
    sn.set_num_threads(2)
    assert_same(first(X), one)


def unaligned(X: np.ndarray) -> np.ndarray:
    other = np.zeros(X.nbytes + 1, np.uint8)[1:].view(X.dtype).reshape(X.shape)
    other[...] = X
    assert X.size == 0 or not other.flags.aligned
    return other


# The same numbers in other memory; all but the first are converted before the core sees them.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": lambda X: X,
    "Fortran": np.asfortranarray,
    "every second row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every third column": lambda X: np.repeat(X, 3, axis=-1)[..., ::3],
    "negative strides": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "byte-swapped": lambda X: X.astype(X.dtype.newbyteorder()),
    "unaligned": unaligned,
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "list": lambda X: X.tolist(),
}
NETS = [
    ((2, 2, 3, 2), "sigmoid"),
    ((8, 64, 64, 1), "tanh"),
    ((5, 9, 13), "gelu"),
    ((1, 7, 1), "sin"),
    ((3, 40, 5, 40, 11), "silu"),
    ((6, 31, 3, 7, 2), "relu"),
]
BATCHES = [1, 2, 3, 5, 8, 15, 16, 17, 47, 48, 49, 96, 97, 150, 301]
COMBINATIONS = 120


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
def test_a_hundred_combinations_of_batch_order_threads_and_layout(dtype: type) -> None:
    """Each network meets every layout and each number of threads; single points come in between."""
    rng = np.random.default_rng(7)
    tried: set[tuple[object, ...]] = set()
    for turn, (sizes, activation) in enumerate(NETS):
        net = random_network(sizes, activation, dtype=dtype)
        X = points(BATCHES[-1], net)
        wanted = everything(net, X, threads=1)
        for i in range(COMBINATIONS // len(NETS)):
            layout, n = list(LAYOUTS)[i % len(LAYOUTS)], int(rng.choice(BATCHES))
            threads, order = 1 + (i + turn) % 3, ("as they are", "backwards", "mixed")[i // 3 % 3]
            rows = np.sort(rng.choice(len(X), n, replace=False))
            if order != "as they are":
                rows = rows[::-1] if order == "backwards" else rng.permutation(rows)
            given = LAYOUTS[layout](X[rows])
            assert_same(everything(net, given, threads), [a[rows] for a in wanted])
            single = everything(net, given[-1], threads)
            assert_same(single, [a[rows[-1]] for a in wanted])
            tried |= {(sizes, n, order, threads, layout), (sizes, "point", threads, layout)}
    assert len(tried) >= 100


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

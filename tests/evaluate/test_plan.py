"""The chain of ∂H/∂x is multiplied in the order that needs the fewest operations."""

from itertools import pairwise

import numpy as np
import pytest
from networks import points, random_network

from slopenet import derivation
from slopenet.network import Network


@pytest.mark.parametrize(
    ("sizes", "order"),
    [
        ((3, 2), "W2"),
        ((8, 9, 9, 2), "(W4 W3) W2"),
        ((2, 9, 9, 8), "W4 (W3 W2)"),
        ((64, 128, 8, 128, 64), "(W5 W4) (W3 W2)"),
        ((64, 128, 8, 128, 8, 128, 64), "((W7 W6) (W5 W4)) (W3 W2)"),
    ],
    ids=str,
)
def test_the_order_follows_the_narrow_places(sizes: tuple[int, ...], order: str) -> None:
    assert random_network(sizes).plan.order == order


def test_multiplications_are_counted_by_hand() -> None:
    plan = random_network((64, 128, 8, 128, 64)).plan
    half = 64 * 128 * 8
    assert plan.multiplications == half + half + 64 * 8 * 64
    assert plan.forward == plan.reverse == 64 * (128 * 8 + 8 * 128 + 128 * 64)
    assert "4.0 times fewer" in str(plan)


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_needs_more_than_the_plain_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in rng.integers(1, 40, rng.integers(2, 8)))
    plan = Network.random(sizes, rng=seed).plan
    assert plan.multiplications <= min(plan.forward, plan.reverse)


@pytest.mark.parametrize("seed", range(20))
def test_every_order_gives_the_product_of_the_layers(seed: int) -> None:
    """Sizes with narrow places anywhere, so that brackets nest in every way."""
    rng = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in rng.choice([1, 2, 3, 17, 30, 45], rng.integers(3, 9)))
    net = random_network(sizes, "tanh", seed=seed)
    X = points(60, net)
    D = derivation.D(net.chain(), derivation.forward(net.chain(), X))
    want = np.broadcast_to(np.eye(sizes[0]), (60, sizes[0], sizes[0]))
    for (_, n), W, d in zip(pairwise(sizes), net.weights, D, strict=True):
        want = d[:, :, None] * (W @ want)
        assert want.shape == (60, n, sizes[0])
    J = net.jacobian(X)
    np.testing.assert_allclose(J, want, rtol=0, atol=1e-13 * np.abs(want).max())
    assert net.jacobian(X[17]).tobytes() == J[17].tobytes()

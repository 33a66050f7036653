"""Proposals lie in the box, are the best of many points, spread in a batch, and repeat."""

from __future__ import annotations

import numpy as np
import pytest

import slopenet as sn
from slopenet.optimize import expected_improvement, propose

BOUNDS = np.array([(-1.0, 0.5), (-0.25, 2.0)])


def inside(points: np.ndarray) -> bool:
    return bool(np.all((BOUNDS[:, 0] <= points) & (points <= BOUNDS[:, 1])))


@pytest.mark.parametrize("maximise", [False, True])
def test_the_proposal_is_better_than_many_random_points(net: sn.Network, *, maximise: bool) -> None:
    found = propose(net, BOUNDS, maximise=maximise, rng=0)
    assert found.shape == (1, 2)
    assert inside(found)
    random = np.random.default_rng(5).uniform(*BOUNDS.T, (2000, 2))
    own, others = (
        expected_improvement(net, each, maximise=maximise, log=True) for each in (found, random)
    )
    assert own[0] >= others.max() - 1e-4 * abs(others.max())


def test_the_points_of_a_batch_keep_apart(net: sn.Network) -> None:
    found = propose(net, BOUNDS, 3, best=10.0, rng=0)  # better everywhere, so EI is best - m
    assert found.shape == (3, 2)
    assert inside(found)
    found = propose(net, BOUNDS, 3, rng=0)
    distances = np.abs(found[:, None] - found).max(axis=2)[np.triu_indices(3, 1)]
    assert distances.min() > 1e-3


def test_a_pending_point_is_not_proposed_again(net: sn.Network) -> None:
    first = propose(net, BOUNDS, rng=0)
    second = propose(net, BOUNDS, pending=first, rng=0)
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(propose(net, BOUNDS, 2, rng=0)[0], first[0])


def test_the_same_seed_gives_the_same_points(net: sn.Network) -> None:
    first, again = (propose(net, BOUNDS, 2, rng=7) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ([(0, 1)], r"bounds must be one pair \(low, high\) per input, so of shape \(2, 2\)"),
        ([(0, 1), (2, 1)], r"bounds\[1\] must have low < high, got \(2, 1\)"),
        ([(0, 1), (0, np.inf)], r"bounds\[1, 1\] is inf"),
    ],
)
def test_bounds_that_are_no_box_are_refused(net: sn.Network, bounds: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        propose(net, bounds)


def test_other_arguments_are_checked(net: sn.Network) -> None:
    with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
        propose(net, BOUNDS, 0)
    with pytest.raises(ValueError, match="pending must have shape"):
        propose(net, BOUNDS, pending=[[1.0]])
    with pytest.raises(ValueError, match=r"incumbents\[0, 1\] is nan"):
        propose(net, BOUNDS, incumbents=[[0.0, np.nan]])

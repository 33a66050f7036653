"""A search of a box for the points where inequalities fail."""

import numpy as np
import pytest

from slopenet.training.shape.search import Box, sequence, violated

rng = np.random.default_rng(0)


def test_a_sequence_is_spread_evenly() -> None:
    """Each of 8 x 8 cells has close to its share of 6,400 points, which random ones miss."""
    u = sequence(6400, 2)
    assert ((u >= 0) & (u < 1)).all()
    counts = np.histogram2d(*u.T, bins=8, range=[[0, 1], [0, 1]])[0]
    drawn = np.histogram2d(*rng.random((2, 6400)), bins=8)[0]
    assert np.abs(counts - 100).max() <= 5 < np.abs(drawn - 100).max()


def test_a_box_is_wider_than_few_rows_but_not_across_zero() -> None:
    X = np.array([[0.0, 1.0], [1.0, 3.0]]).repeat(50, axis=0)
    box = Box.of(X)
    np.testing.assert_allclose([box.low, box.high], [[-0.05, 0.9], [1.05, 3.1]])
    box = Box.of(X, zero=np.array([0.5, 0.98]))  # the second column is all positive
    np.testing.assert_allclose([box.low, box.high], [[-0.05, 0.99], [1.05, 3.1]])
    box = Box.of(X, zero=np.array([1.02, 9.0]))  # the first one is all negative
    np.testing.assert_allclose([box.low, box.high], [[-0.05, 0.9], [1.01, 3.1]])
    np.testing.assert_allclose(Box.of(X[:4]).low, [0, 1])  # constant columns stay constant
    assert (Box.of(X).points(thorough=False) >= Box.of(X).low).all()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_small_valley_is_found(d: int) -> None:
    """A valley of 1/20 of the box per axis in which a function is below 0, and its bottom."""
    box = Box.of(rng.uniform(0, 1, (500, d)))
    bottom = rng.uniform(0.2, 0.8, d)
    width = 0.05 if d < 5 else 0.25

    def slack(X: np.ndarray) -> np.ndarray:
        r = ((X - bottom) ** 2).sum(axis=1) / width**2
        return np.stack([r - 1, np.ones(len(X))], axis=1)

    found = violated(slack, box)
    assert set(found.which) == {0}
    assert found.slack[0] == found.slack.min() == pytest.approx(-1, abs=1e-3)
    np.testing.assert_allclose(found.X[0], bottom, atol=0.03 * width)


def test_a_violation_at_a_corner_is_found() -> None:
    box = Box.of(rng.uniform(0, 1, (30, 3)))

    def slack(X: np.ndarray) -> np.ndarray:
        return (X - box.low).sum(axis=1, keepdims=True) - 1e-6

    found = violated(slack, box)
    np.testing.assert_array_equal(found.X[0], box.low)
    assert found.slack[0] == -1e-6


def test_nothing_is_found_where_all_holds_and_points_are_apart() -> None:
    box = Box.of(rng.uniform(0, 1, (30, 2)))
    assert not len(violated(lambda X: np.zeros((len(X), 2)), box).X)  # 0 is no violation
    found = violated(lambda X: X[:, :1] - 2, box, keep=10)
    assert len(found.X) == 10
    gaps = np.abs(found.X[:, None] - found.X) / (box.high - box.low)
    assert (gaps.max(axis=-1)[np.triu_indices(10, 1)] >= 0.03).all()

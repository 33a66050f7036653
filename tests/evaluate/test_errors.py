"""Errors of a network follow their definition, block by block or at once."""

import numpy as np
import pytest

import slopenet as sn
from slopenet.evaluate import errors as known_answers


@pytest.fixture
def network():
    """H(x) = (x1 + 2 x2, 3 x1): slopes are constant and known."""
    return sn.Network([np.array([[1.0, 2.0], [3.0, 0.0]])], [np.zeros(2)], "identity")


X = np.random.default_rng(0).normal(size=(50, 2))
J = np.broadcast_to([[1.0, 2.0], [3.0, 0.0]], (50, 2, 2))


def test_a_perfect_network_has_no_error(network):
    errors = known_answers.relative_errors(network, X, X @ J[0].T, J)
    np.testing.assert_allclose(errors.values, 0, atol=1e-15)
    np.testing.assert_array_equal(errors.slopes, np.zeros((2, 2)))


def test_errors_are_relative_to_the_spread_of_values_and_the_size_of_slopes(network):
    y = X @ J[0].T
    dydx = J + np.array([[1.0, 0.0], [0.0, 0.5]])
    errors = known_answers.relative_errors(network, X, y + np.array([2.0, 0.0]), dydx)
    np.testing.assert_allclose(errors.values, [2 / np.std(y[:, 0]), 0], atol=1e-15)
    np.testing.assert_allclose(errors.slopes, [[0.5, 0], [0, 1]])


def test_missing_slopes_are_left_out(network):
    dydx = J + 1.0
    dydx[::2, 0, 0] = np.nan
    dydx[:, 1, 1] = np.nan
    slopes = known_answers.relative_errors(network, X, X @ J[0].T, dydx).slopes
    np.testing.assert_allclose(slopes, [[0.5, 1 / 3], [0.25, np.nan]])


def test_without_true_slopes_there_are_only_value_errors(network):
    assert np.isnan(known_answers.relative_errors(network, X, X @ J[0].T).slopes).all()


def test_a_constant_quantity_has_its_absolute_error(network):
    errors = known_answers.relative_errors(network, np.zeros((5, 2)), np.full((5, 2), 0.25))
    np.testing.assert_array_equal(errors.values, [0.25, 0.25])


def test_blocks_change_nothing(network, monkeypatch):
    y, dydx = X @ J[0].T + 1, J + X[:, :, None]
    whole = known_answers.relative_errors(network, X, y, dydx)
    monkeypatch.setattr(known_answers, "BLOCK_ENTRIES", 42)
    pieces = known_answers.relative_errors(network, X, y, dydx)
    np.testing.assert_allclose(pieces.values, whole.values, rtol=1e-14)
    np.testing.assert_allclose(pieces.slopes, whole.slopes, rtol=1e-14)


def test_row_blocks_cover_every_row_once_in_order(monkeypatch):
    monkeypatch.setattr(known_answers, "BLOCK_ENTRIES", 100)
    for rows, entries in ((1, 1), (100, 1), (101, 1), (7, 30), (3, 1000)):
        blocks = known_answers.row_blocks(rows, entries)
        assert [i for block in blocks for i in range(rows)[block]] == list(range(rows))
        assert all(len(range(rows)[block]) * entries <= max(100, entries) for block in blocks)


def test_each_quantity_has_a_row_of_figures(network):
    y = X @ J[0].T
    dydx = J + np.array([[1.0, 0.0], [np.nan, 0.5]])
    errors = known_answers.relative_errors(network, X, y + 2.0 * (X > 1), dydx)
    frame = errors.frame()
    assert list(frame.index) == ["y1", "y2", "dy1/dx1", "dy1/dx2", "dy2/dx2"]
    assert list(frame.columns) == ["rmse", "relative", "r2", "largest"]
    share = np.mean(X[:, 0] > 1)
    assert frame.loc["y1", "rmse"] == pytest.approx(2 * np.sqrt(share))
    assert frame.loc["y1", "largest"] == pytest.approx(2)
    assert frame.loc["y1", "r2"] == pytest.approx(1 - frame.loc["y1", "relative"] ** 2)
    assert frame.loc["dy1/dx1"].tolist() == pytest.approx([1, 0.5, 0.75, 1])
    assert errors.r2 == pytest.approx(frame["r2"][:2])


def test_errors_print_as_a_table(network):
    dydx = J + np.array([[1.0, 0.0], [np.nan, 0.5]])
    text = repr(known_answers.relative_errors(network, X, X @ J[0].T, dydx))
    head, *rows = text.splitlines()
    assert head.split() == ["RMSE", "relative", "R²", "largest"]
    assert rows[2].split() == ["dy1/dx1", "1", "0.5", "0.75", "1"]
    assert len({len(line) for line in text.splitlines()}) == 1

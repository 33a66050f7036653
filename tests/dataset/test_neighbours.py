"""Pairs of neighbours, and the trapezoidal rule between them."""

from __future__ import annotations

import numpy as np
import pytest

from slopenet.dataset.neighbours import Pairs, left_out, nearest, rms


def quadratic(n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, 3), a quadratic function and its slopes: the trapezoidal rule is exact."""
    X = np.random.default_rng(0).uniform(-1, 1, (n, 3))
    A = np.array([[1.0, 0.5, 0.0], [0.5, -2.0, 0.3], [0.0, 0.3, 0.7]])
    b = np.array([1.0, -2.0, 3.0])
    return X, 0.5 * np.einsum("si,ij,sj->s", X, A, X) + X @ b, X @ A + b


def test_each_pair_is_listed_once_and_none_has_both_ends_at_one_point() -> None:
    X = np.array([[0.0], [0.0], [1.0], [1.1], [5.0]])
    assert nearest(X, 1).tolist() == [[2, 3], [3, 4]]
    pairs = nearest(X, 3)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_right_slopes_of_a_quadratic_function_miss_nothing() -> None:
    X, y, T = quadratic()
    pairs = Pairs.of(X, y, T, nearest(X, 3))
    assert np.abs(pairs.missed()).max() < 1e-13
    beta, error, e = pairs.coefficients()
    np.testing.assert_allclose(beta, 1, rtol=1e-12)
    assert error.max() < 1e-12
    assert rms(e) < 1e-13


def test_a_factor_of_the_slopes_is_the_inverse_of_its_coefficient() -> None:
    X, y, T = quadratic()
    beta, _, _ = Pairs.of(X, y, T * [1.0, -0.5, 100.0], nearest(X, 3)).coefficients()
    np.testing.assert_allclose(beta, [1.0, -2.0, 0.01], rtol=1e-12)


def test_a_single_slope_misses_by_the_second_order_term() -> None:
    X, y, T = quadratic()
    near = nearest(X, 3)
    pairs = Pairs.of(X, y, T, near)
    a, b = near.T
    one_sided = (y[b] - y[a] - (T[a] * (X[b] - X[a])).sum(axis=1)) / pairs.size
    np.testing.assert_allclose(pairs.second_order, one_sided, atol=1e-13)


def test_similarity_is_one_for_equal_slopes_and_about_zero_for_unrelated_ones() -> None:
    X, y, _ = quadratic(400)
    near, rng = nearest(X, 3), np.random.default_rng(1)
    np.testing.assert_allclose(Pairs.of(X, y, np.ones_like(X), near).similarity, 1)
    unrelated = Pairs.of(X, y, rng.normal(size=X.shape), near).similarity
    assert np.abs(unrelated).max() < 0.1


def test_inputs_that_cannot_be_told_apart_have_infinite_errors() -> None:
    X, y, T = quadratic()
    X[:, 1], T[:, 1] = X[:, 0], T[:, 0]
    beta, error, _ = Pairs.of(X, y, T, nearest(X, 3)).coefficients()
    assert np.isinf(error).all()
    np.testing.assert_array_equal(beta, 1)


def test_columns_are_put_back_in_their_order() -> None:
    X, y, T = quadratic()
    order, e = Pairs.of(X, y, T[:, [2, 0, 1]], nearest(X, 3)).reorder()
    np.testing.assert_array_equal(T[:, [2, 0, 1]][:, order], T)
    assert rms(e) < 1e-13


def test_a_sample_left_out_is_predicted_as_by_a_fit_without_it() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (12, 2))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    found = left_out(X, y)

    def predicted(s: int) -> float:
        keep = np.arange(12) != s
        points, n = X[keep], 11
        A = np.zeros((n + 3, n + 3))
        A[:n, :n] = np.linalg.norm(points[:, None] - points, axis=-1) ** 3
        A[:n, n:] = np.hstack([np.ones((n, 1)), points])
        A[n:, :n] = A[:n, n:].T
        weights = np.linalg.solve(A, np.append(y[keep], np.zeros(3)))
        distances = np.linalg.norm(X[s] - points, axis=1) ** 3
        return float(np.concatenate([distances, [1.0], X[s]]) @ weights)

    for s in range(12):
        assert found[s] == pytest.approx(y[s] - predicted(s), rel=1e-4, abs=1e-6)
    twice = left_out(np.vstack([X, X]), np.append(y, y))
    np.testing.assert_allclose(twice, np.append(found, found), rtol=1e-9)

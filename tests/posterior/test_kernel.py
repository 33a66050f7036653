"""Covariances of values and slopes with a squared-exponential kernel."""

import numpy as np

from slopenet.posterior.kernel import (
    by_scales,
    covariance,
    squares,
    values_by_scales,
    values_covariance,
)

SCALES = np.array([0.7, 1.3, 2.1])


def kernel(x: np.ndarray, z: np.ndarray, scales: np.ndarray = SCALES) -> np.ndarray:
    return np.exp(-0.5 * (((x - z) / scales) ** 2).sum(axis=-1))


def points(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3))


def test_slopes_are_those_of_the_kernel_by_complex_steps() -> None:
    X, Z, h = points(4, 0), points(5, 1), 1e-20
    full = covariance(X, Z, SCALES, slopes=True).full
    np.testing.assert_allclose(full[:, 0, :, 0], kernel(X[:, None], Z[None]), rtol=1e-14)
    for i, unit in enumerate(np.eye(3)):
        by_x = kernel((X + 1j * h * unit)[:, None], Z[None]).imag / h
        by_z = kernel(X[:, None], (Z + 1j * h * unit)[None]).imag / h
        np.testing.assert_allclose(full[:, 1 + i, :, 0], by_x, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(full[:, 0, :, 1 + i], by_z, rtol=1e-12, atol=1e-15)


def test_second_slopes_are_slopes_of_the_first() -> None:
    X, Z, h = points(4, 0), points(5, 1), 1e-5
    full = covariance(X, Z, SCALES, slopes=True).full
    for j, unit in enumerate(np.eye(3)):
        higher = covariance(X, Z + h * unit, SCALES, slopes=True).full[:, 1:, :, 0]
        lower = covariance(X, Z - h * unit, SCALES, slopes=True).full[:, 1:, :, 0]
        np.testing.assert_allclose(
            full[:, 1:, :, 1 + j], (higher - lower) / (2 * h), rtol=1e-7, atol=1e-9
        )


def test_a_covariance_of_rows_with_themselves_is_symmetric_and_positive() -> None:
    X = points(6, 2)
    A = covariance(X, X, SCALES, slopes=True).full.reshape(24, 24)
    np.testing.assert_allclose(A, A.T, atol=1e-15)
    assert np.linalg.eigvalsh(A).min() > 0


def test_derivatives_by_the_length_scales_are_right() -> None:
    X, h = points(5, 3), 1e-6
    for slopes in (False, True):
        found = covariance(X, X, SCALES, slopes=slopes)
        M = np.random.default_rng(4).normal(size=found.full.shape)
        expected = []
        for unit in np.eye(3):
            pair = [
                (M * covariance(X, X, SCALES * np.exp(s * h * unit), slopes=slopes).full).sum()
                for s in (1, -1)
            ]
            expected.append((pair[0] - pair[1]) / (2 * h))
        np.testing.assert_allclose(by_scales(found, SCALES, M), expected, rtol=1e-7, atol=1e-7)


def test_squares_that_are_kept_give_the_same() -> None:
    X = points(7, 5)
    pairs, found = squares(X), covariance(X, X, SCALES, slopes=False)
    k = values_covariance(pairs, SCALES)
    np.testing.assert_allclose(k, found.k, rtol=1e-14)
    M = np.random.default_rng(6).normal(size=found.full.shape)
    np.testing.assert_allclose(
        values_by_scales(pairs, SCALES, M[:, 0, :, 0] * k), by_scales(found, SCALES, M), rtol=1e-12
    )

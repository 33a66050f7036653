"""A Gaussian process on values and slopes."""

import numpy as np
import pytest

from slopenet.training.kriging.process import Process


def process(*, slopes: bool, missing: bool = False, counts: np.ndarray | None = None) -> Process:
    X = np.random.default_rng(0).normal(size=(8, 2))
    y, dy = np.sin(X.sum(axis=1)), np.cos(X.sum(axis=1))
    targets = np.stack([y, dy, dy] if slopes else [y], axis=1)[..., None]
    targets = np.concatenate([targets, 2 * targets], axis=2)
    if missing:
        targets[2, 1], targets[5, 2] = np.nan, np.nan
    return Process(X, targets, counts)


def at(one: Process) -> np.ndarray:
    return np.array([0.2, -0.1, -5.0, -4.0][: 2 + one.noises])


CASES = [{"slopes": False}, {"slopes": True}, {"slopes": True, "missing": True}]


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_of_the_likelihood_is_its_slope(case: dict) -> None:
    one, h = process(**case, counts=np.linspace(0.5, 2, 8)), 1e-5
    p = at(one)
    _, gradient = one.cost(p)
    expected = [(one.cost(p + h * e)[0] - one.cost(p - h * e)[0]) / (2 * h) for e in np.eye(p.size)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_the_likelihood_is_that_of_what_a_constant_mean_leaves() -> None:
    one = process(slopes=False)
    p = at(one)
    n = len(one)
    u = (one.X[:, None] - one.X) / np.exp(p[:2])
    A = np.exp(-0.5 * (u**2).sum(axis=2)) + np.exp(p[2]) * np.eye(n)
    # an orthonormal basis of the vectors orthogonal to a constant
    basis = np.linalg.svd(np.ones((1, n)))[2][1:].T
    inner = basis.T @ A @ basis
    cost = 0.0
    for t in one.targets[:, 0].T:
        r = basis.T @ t
        q = r @ np.linalg.solve(inner, r)
        cost += 0.5 * (n - 1) * np.log(q / (n - 1)) + 0.5 * np.linalg.slogdet(inner)[1]
    # log det of the restricted matrix is log det A + log 1ᵀA⁻¹1 - log n
    assert one.cost(p)[0] == pytest.approx(cost + 2 * 0.5 * np.log(n), rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_slopes_of_the_mean_are_its_derivatives(case: dict) -> None:
    one, h = process(**case), 1e-5
    p = at(one)
    given = one.posterior(p)
    Z = np.random.default_rng(1).normal(size=(5, 2))
    found = one.mean(p, given, Z)
    for i, unit in enumerate(np.eye(2)):
        pair = [one.mean(p, given, Z + s * h * unit)[:, 0] for s in (1, -1)]
        np.testing.assert_allclose(found[:, 1 + i], (pair[0] - pair[1]) / (2 * h), atol=1e-8)


def test_exact_targets_are_met_and_known_exactly() -> None:
    one = process(slopes=True)
    p = np.array([0.2, -0.1, -25.0, -25.0])
    given = one.posterior(p)
    np.testing.assert_allclose(one.mean(p, given, one.X), one.targets, atol=1e-6)
    assert one.variance(p, given, one.X).max() < 1e-6
    assert one.variance(p, given, one.X + 5.0).min() > 0.1


def test_a_weight_is_a_row_given_so_often() -> None:
    counts = np.array([1.0, 2, 1, 3, 1, 1, 1, 1])
    one = process(slopes=True, counts=counts)
    rows = np.repeat(np.arange(8), counts.astype(int))
    plain = process(slopes=True)
    copied = plain.some(rows)
    p = at(one)
    Z = np.random.default_rng(1).normal(size=(5, 2))
    means = [each.mean(p, each.posterior(p), Z) for each in (one, copied, plain)]
    np.testing.assert_allclose(means[0], means[1], rtol=1e-9, atol=1e-10)
    assert np.abs(means[0] - means[2]).max() > 1e-4


@pytest.mark.parametrize("case", CASES)
def test_rows_left_out_are_missed_as_by_the_process_of_the_others(case: dict) -> None:
    one = process(**case)
    p = at(one)
    missed = one.left_out(one.posterior(p))
    for row in range(len(one)):
        others = one.some(np.delete(np.arange(len(one)), row))
        expected = others.mean(p, others.posterior(p), one.X[[row]])[0, : one.targets.shape[1]]
        known = ~np.isnan(one.targets[row])
        np.testing.assert_allclose(
            missed[row][known], (one.targets[row] - expected)[known], rtol=1e-7, atol=1e-9
        )


def test_a_singular_covariance_is_no_process() -> None:
    X = np.repeat([[0.0, 0.0]], 9, axis=0)
    one = Process(X, np.ones((9, 1, 1)))
    p = np.array([0.0, 0.0, -50.0])
    assert one.posterior(p) is None
    assert one.cost(p)[0] > 1e20

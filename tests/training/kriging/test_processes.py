"""Processes of outputs that are known at different rows."""

import numpy as np

from slopenet.training.kriging.process import Process
from slopenet.training.kriging.processes import Processes, alike, process_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(9, 2))
TARGETS = RNG.normal(size=(9, 3, 3))
TARGETS[:4, 0, 0] = np.nan
TARGETS[6:, :, 1] = np.nan
Z = RNG.normal(size=(5, 2))
P = [np.array([0.1, -0.2, -5.0, -6.0]), np.array([0.3, 0.0, -7.0, -5.0]), np.full(4, -0.5)]


def test_each_output_has_the_process_of_its_own_targets() -> None:
    together = process_of(X, TARGETS)
    assert isinstance(together, Processes)
    p = np.concatenate(P)
    given = together.posterior(p)
    mean, variance = together.mean(p, given, Z), together.variance(p, given, Z)
    left_out, total = together.left_out(given), 0.0
    for k in range(3):
        own = Process(X, TARGETS[:, :, [k]])
        alone = own.posterior(P[k])
        np.testing.assert_allclose(mean[..., k], own.mean(P[k], alone, Z)[..., 0])
        np.testing.assert_allclose(variance[:, k], own.variance(P[k], alone, Z)[:, 0])
        np.testing.assert_allclose(left_out[..., k], own.left_out(alone)[..., 0])
        total += own.minus_log(alone)
    assert np.isclose(together.minus_log(given), total)
    assert together.residuals == np.count_nonzero(~np.isnan(TARGETS))


def test_outputs_known_at_the_same_rows_share_a_process() -> None:
    assert [list(group) for group in alike(TARGETS[:, :, [0, 2, 0]])] == [[0, 2], [1]]
    assert isinstance(process_of(X, TARGETS[:, :, [1, 1]]), Process)


def test_without_values_the_process_is_known_up_to_a_constant() -> None:
    """A made-up value changes neither the slopes nor differences nor the likelihood."""
    targets = TARGETS[:, :, [2]].copy()
    targets[:, 0] = np.nan
    one, p = Process(X, targets), P[0]
    given = one.posterior(p)
    mean = one.mean(p, given, Z)
    told = targets.copy()
    told[4, 0] = 17.0
    other = Process(X, told)
    known = other.posterior(p)
    expected = other.mean(p, known, Z)
    np.testing.assert_allclose(mean[:, 1:], expected[:, 1:], atol=1e-8)
    np.testing.assert_allclose(np.ptp(mean[:, 0] - expected[:, 0]), 0, atol=1e-8)
    assert np.isclose(one.minus_log(given), other.minus_log(known))
    assert one.residuals == 18
    assert np.isnan(one.left_out(given)[:, 0]).all()

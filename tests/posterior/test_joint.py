"""Covariances of values and slopes between points; `test_process` has those of a process."""

from __future__ import annotations

import numpy as np
import pytest
from networks_with_error_bars import KINDS, fitted

import slopenet as sn

POINTS = np.random.default_rng(2).uniform(-1.5, 1.5, (4, 2))


def logarithms(kind: str) -> tuple[sn.Network, np.ndarray]:
    """A network of two outputs that was learned in logarithms, and points."""
    t = np.random.default_rng(0).uniform(-1, 1, (9, 2))
    y = np.stack([np.sin(2 * t[:, 0]) + t[:, 1], t[:, 0] * t[:, 1]], axis=1)
    net = sn.fit(np.exp(4 * t), np.exp(4 * y), rng=0, transform="log", **KINDS[kind]).network
    return net, np.exp(2 * POINTS)


CASES = {
    "laplace": lambda: (fitted("laplace", slopes=True), POINTS),
    "full": lambda: (fitted("full", slopes=True), POINTS),
    "logarithms by a process": lambda: logarithms("process"),
    "logarithms, full": lambda: logarithms("full"),
}


@pytest.mark.parametrize("case", CASES)
def test_slopes_of_covariances_are_covariances_of_slopes(case: str) -> None:
    """Against the covariances of values, those at each point, and central differences."""
    net, x = CASES[case]()
    C = net.joint_covariance(x, slopes=True)
    n_L, N = C.shape[:2]
    assert C.shape == (n_L, 4, 3, 4, 3)
    size = np.sqrt(np.einsum("kaiai->kai", C))
    size = size[..., None, None] * size[:, None, None]  # of each entry
    lost = 1e-6 * size + 1e-9 * net.posterior.terms(net, x).max()  # type: ignore[union-attr]
    assert (np.abs(C - C.transpose(0, 3, 4, 1, 2)) <= lost).all()
    assert (np.abs(C[:, :, 0, :, 0] - net.joint_covariance(x)) <= lost[:, :, 0, :, 0]).all()
    for a in range(N):
        assert (np.abs(C[:, a, :, a] - net.covariance(x)[a]) <= lost[:, a, :, a]).all()
    h = 1e-3 * np.abs(x).min(axis=0)
    moves = np.concatenate([x, *(x + s * h * e for e in np.eye(2) for s in (1, -1))])
    values = net.joint_covariance(moves).reshape(n_L, 5, N, 5, N)
    rule = np.array([[1, 0, 0, 0, 0], [0, 1, -1, 0, 0], [0, 0, 0, 1, -1]]) / np.array(
        [[1], [2 * h[0]], [2 * h[1]]]
    )
    differences = np.einsum("im,kmanb,jn->kaibj", rule, values, rule)
    own = np.eye(N, dtype=bool)
    off = np.abs(C - differences).transpose(1, 3, 0, 2, 4)[~own]
    assert (off <= 1e-3 * size.transpose(1, 3, 0, 2, 4)[~own]).all()


def test_one_point_is_a_joint_covariance_too() -> None:
    net = fitted("full")
    np.testing.assert_allclose(
        net.joint_covariance(POINTS[0], slopes=True)[:, 0, :, 0], net.covariance(POINTS[0])
    )

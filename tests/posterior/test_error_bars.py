"""The methods of a network with a posterior, and refusals of one without."""

from __future__ import annotations

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.posterior.units import Units

X = np.linspace(0.1, 3, 14)[:, None]
KNOWN = sn.fit(X, np.sin(X), method="kriging", hidden=(64,), rng=0).network
BARE = KNOWN.with_posterior(None)


def test_a_network_without_a_posterior_says_what_to_do() -> None:
    for name in ("std", "jacobian_std", "value_and_jacobian_std", "covariance", "joint_covariance"):
        with pytest.raises(ValueError, match=r"this network has no posterior.*method='kriging'"):
            getattr(BARE, name)(X)
    with pytest.raises(ValueError, match="this network has no posterior"):
        sn.fit(X, np.sin(X), method="adam", epochs=2).network.std(X)


def test_equality_hash_and_results_ignore_it() -> None:
    assert KNOWN == BARE
    assert hash(KNOWN) == hash(BARE)
    np.testing.assert_array_equal(KNOWN(X), BARE(X))
    assert KNOWN.with_card(None).posterior is KNOWN.posterior
    assert BARE.posterior is None


def test_one_point_has_no_axis_of_points() -> None:
    assert KNOWN.std(X[0]).shape == (1,)
    assert KNOWN.jacobian_std(X[0]).shape == (1, 1)
    assert KNOWN.covariance(X[0]).shape == (1, 2, 2)
    assert KNOWN.joint_covariance(X[0]).shape == (1, 1, 1)
    np.testing.assert_array_equal(KNOWN.std(X[0]), KNOWN.std(X[:1])[0])
    assert KNOWN.std(np.empty((0, 1))).shape == (0, 1)


def test_points_are_checked_and_found_by_name() -> None:
    with pytest.raises(ValueError, match=r"X must have shape \(N, 1\)"):
        KNOWN.std(np.ones((2, 3)))
    with pytest.raises(ValueError, match="every entry of X must be finite"):
        KNOWN.std([[np.nan]])
    pd = pytest.importorskip("pandas")
    net = sn.Network(
        KNOWN.weights, KNOWN.biases, KNOWN.activations, input_names=["t"], posterior=KNOWN.posterior
    )
    frame = pd.DataFrame({"u": 0.0, "t": X[:, 0]})
    np.testing.assert_array_equal(net.std(frame), KNOWN.std(X))


def test_a_posterior_must_suit_the_network() -> None:
    with pytest.raises(ValueError, match="posterior must be of 2 inputs and 1 outputs"):
        random_network((2, 3, 1)).with_posterior(KNOWN.posterior)
    with pytest.raises(TypeError, match="posterior must be a Posterior"):
        BARE.with_posterior({"kind": "process"})  # type: ignore[arg-type]


def test_settings_name_the_choices() -> None:
    with pytest.raises(ValueError, match="posterior must be"):
        sn.fit(X, np.sin(X), posterior="all")


def test_deviations_behind_an_exponential_are_those_of_the_delta_method() -> None:
    """Draws of g = log f and of its slopes, pushed through the exponential."""
    log_y = np.array([[0.5, -2.0], [0.1, 0.0]])
    units = Units(np.zeros(2), np.array([2.0, 0.5]), np.array([3.0, 4.0]), log_y=log_y)
    rng, x = np.random.default_rng(0), np.array([[0.3, 0.7]])
    root = 1e-6 * rng.normal(size=(3, 3))
    g, slopes = np.array([0.2, -0.1]), rng.normal(size=(2, 2))  # g and ∂g/∂u in standard units

    def mapped(value: np.ndarray, slope: np.ndarray, k: int) -> np.ndarray:
        c, d = log_y[:, k]
        e = np.exp(units.s_y[k] * value)
        by_x = (e / c)[:, None] * units.s_y[k] * slope / units.s_x
        return np.concatenate([((e - d) / c)[:, None], by_x], axis=1)

    at = [mapped(g[k : k + 1], slopes[k : k + 1], k)[0] for k in range(2)]
    H, J = np.array([[a[0] for a in at]]), np.array([[a[1:] for a in at]])
    C = np.broadcast_to(root @ root.T, (1, 2, 3, 3))
    found = units.covariance(C, x, H, J)[0]
    z = rng.normal(size=(200_000, 3)) @ root.T
    for k in range(2):
        draws = mapped(g[k] + z[:, 0], slopes[k] + z[:, 1:], k)
        np.testing.assert_allclose(found[k], np.cov(draws.T), rtol=0.03, atol=0.03 * found[k].max())


def test_slopes_of_deviations_of_learned_logarithms_are_their_differences() -> None:
    X = np.geomspace(1e-2, 1e4, 12)[:, None]
    y = X**0.7 * (1.1 + np.sin(2 * np.log(X)))
    net = sn.fit(X, y, method="kriging", hidden=(64,), transform="log", rng=0).network
    assert net.activations[0] == "log"
    x = np.array([[0.5], [300.0]])
    h = 1e-4 * x
    C, std = net.covariance(x)[:, 0], net.std(x)
    slope = (net.std(x + h) - net.std(x - h)) / (2 * h)
    np.testing.assert_allclose(C[:, 0, 1] / std[:, 0], slope[:, 0], rtol=1e-2)


def test_a_regressor_predicts_deviations() -> None:
    pytest.importorskip("sklearn")
    from slopenet import SlopeRegressor

    model = SlopeRegressor(method="kriging", hidden=(64,), random_state=0).fit(X, np.sin(X[:, 0]))
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(std, model.network_.std(X)[:, 0])
    assert mean.shape == std.shape == (14,)
    other = SlopeRegressor(method="adam", epochs=2, random_state=0).fit(X, np.sin(X[:, 0]))
    with pytest.raises(ValueError, match="this network has no posterior"):
        other.predict(X, return_std=True)

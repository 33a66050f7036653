"""SMT's own tests of surrogates and their derivatives hold for a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn

pytest.importorskip("smt", reason="smt is not installed")
# SMT, its imports and its own code warn
pytestmark = pytest.mark.filterwarnings("default")
from slopenet.adapters.smt import NetworkSurrogate  # noqa: E402

SETTINGS: dict[str, Any] = {"print_global": False, "rng": 0}


def rosenbrock(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, 1) and slopes (N, 2)."""
    a, b = x.T
    y = 100 * (b - a**2) ** 2 + (1 - a) ** 2
    return y[:, None], np.stack([-400 * a * (b - a**2) - 2 * (1 - a), 200 * (b - a**2)], axis=1)


def grid(levels: int) -> np.ndarray:
    axis = np.linspace(-np.pi, np.pi, levels)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def trained(x: np.ndarray, y: np.ndarray, slopes: np.ndarray, **given: Any) -> NetworkSurrogate:
    sm = NetworkSurrogate(**(SETTINGS | given))
    sm.set_training_values(x, y)
    for k in range(x.shape[1]):
        sm.set_training_derivatives(x, slopes[:, k : k + 1], k)
    sm.train()
    return sm


def test_rosenbrock_of_nine_points_as_in_the_test_of_SMTs_slope_network() -> None:
    """R² > 0.98 on 100 x 100 points."""
    sm = trained(grid(3), *rosenbrock(grid(3)), hidden=(12, 12))
    x = grid(100)
    y, slopes = rosenbrock(x)
    error = sm.predict_values(x) - y
    assert 1 - (error**2).sum() / ((y - y.mean()) ** 2).sum() > 0.98
    for k in range(2):
        error = sm.predict_derivatives(x, k)[:, 0] - slopes[:, k]
        assert (error**2).sum() < 0.1 * (slopes[:, k] ** 2).sum()


def test_training_and_prediction_are_fit_and_the_network() -> None:
    x = grid(4)
    y, slopes = rosenbrock(x)
    sm = trained(x, y, slopes, hidden=(6,), epochs=20)
    wanted = sn.fit(x, y, slopes, hidden=(6,), epochs=20, rng=0)
    assert sm.network == wanted.network
    assert sm.reason == wanted.reason
    at = points(5, sm.network)
    np.testing.assert_array_equal(sm.predict_values(at), wanted.network(at))
    for k in range(2):
        got = sm.predict_derivatives(at, k)
        np.testing.assert_array_equal(got, wanted.network.jacobian(at)[:, :, k])


def test_slopes_by_some_inputs_only_leave_the_others_missing() -> None:
    x = grid(4)
    y, slopes = rosenbrock(x)
    sm = NetworkSurrogate(hidden=(6,), epochs=20, **SETTINGS)
    sm.set_training_values(x, y)
    sm.set_training_derivatives(x, slopes[:, 1:], 1)
    sm.train()
    known = slopes.copy()
    known[:, 0] = np.nan
    assert sm.network == sn.fit(x, y, known, hidden=(6,), epochs=20, rng=0).network


def test_all_derivatives_of_a_point_are_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    sm = NetworkSurrogate.of(random_network((3, 5, 2)))
    swept = []
    inner = sm._jacobian._function
    monkeypatch.setattr(sm._jacobian, "_function", lambda x: swept.append(x) or inner(x))
    at = points(4, sm.network)
    parts = [sm.predict_derivatives(at, k) for k in range(3)]
    assert len(swept) == 1
    np.testing.assert_array_equal(np.stack(parts, axis=-1), sm.network.jacobian(at))


def test_save_and_load(tmp_path: Path) -> None:
    sm = NetworkSurrogate.of(random_network((3, 5, 2)))
    sm.save(tmp_path / "net")
    at = points(4, sm.network)
    again = NetworkSurrogate.load(tmp_path / "net")
    np.testing.assert_array_equal(again.predict_values(at), sm.predict_values(at))
    with pytest.raises(ValueError, match="expecting 3 features"):
        again.predict_values(at[:, :2])


def run(module: Any, test: str, **settings: Any) -> None:
    """A test of SMT's, with our surrogate in place of the one that it names."""

    class Ours(module.Test):  # type: ignore[misc, name-defined, unused-ignore]
        def setUp(self) -> None:
            super().setUp()
            self.sms = {name: NetworkSurrogate(**SETTINGS, **settings) for name in self.sms}

    Ours(test).debug()


def test_SMTs_test_of_predicted_derivatives() -> None:
    from smt.tests import test_derivs

    run(test_derivs, "test_sphere_RBF", hidden=(12,), epochs=100)


@pytest.mark.parametrize("problem", ["sphere", "exp", "tanh", "cos"])
def test_SMTs_tests_of_training_derivatives(problem: str) -> None:
    """Errors below 0.1 by values, below 0.01 with their slopes, at 5000 points in three inputs."""
    from smt.tests import test_training_derivs

    waves = {"activation": "sin"} if problem == "cos" else {}
    run(test_training_derivs, f"test_{problem}_RMTB", hidden=(24,), epochs=150, **waves)


def test_SMTs_test_of_several_outputs() -> None:
    """Lift and drag of a wing in eleven inputs: the slopes that SMT's quadratic model finds."""
    from smt.examples.rans_crm_wing.rans_crm_wing import get_rans_crm_wing

    x, y, _ = get_rans_crm_wing()
    sm = NetworkSurrogate(hidden=(8,), **SETTINGS)
    sm.set_training_values(x, y)
    sm.train()
    slope = sm.predict_derivatives(np.atleast_2d(x[10]), 0)
    assert slope.shape == (1, 2)
    assert slope[0, 1] == pytest.approx(5.4, rel=0.2)


@pytest.mark.parametrize(
    ("shift", "width", "k", "message"),
    [
        (1e-9, 1, 1, "derivatives by input 1 must be at the points"),
        (0.0, 2, 0, r"must have the shape of the values, \(9, 1\), got \(9, 2\)"),
    ],
)
def test_derivatives_that_do_not_belong_to_the_values_are_refused(
    shift: float, width: int, k: int, message: str
) -> None:
    x = grid(3)
    y, slopes = rosenbrock(x)
    sm = NetworkSurrogate(**SETTINGS)
    sm.set_training_values(x, y)
    sm.set_training_derivatives(x + shift, slopes[:, :width], k)
    with pytest.raises(ValueError, match=message):
        sm.train()


def test_a_negative_index_of_an_input_counts_from_the_end() -> None:
    """SMT itself would keep slopes along input -1 in place of the values."""
    x = grid(3)
    y, slopes = rosenbrock(x)
    sm = NetworkSurrogate(**SETTINGS)
    sm.set_training_values(x, y)
    sm.set_training_derivatives(x, slopes[:, 1:2], -1)
    np.testing.assert_array_equal(sm.training_points[None][0][1], y)
    np.testing.assert_array_equal(sm.training_points[None][2][1], slopes[:, 1:2])
    net = random_network((3, 5, 2))
    trained = NetworkSurrogate.of(net)
    for k in range(3):
        np.testing.assert_array_equal(
            trained.predict_derivatives(np.zeros((1, 3)), k - 3),
            net.jacobian(np.zeros((1, 3)))[..., k],
        )
    with pytest.raises(
        ValueError, match="kx must be one of x1, x2, or an index from -2 to 1, got 2"
    ):
        sm.set_training_derivatives(x, slopes[:, :1], 2)


def test_wrong_arguments_of_a_surrogate_are_a_clear_error() -> None:
    with pytest.raises(AssertionError, match="epoch"):
        NetworkSurrogate(epoch=3)
    with pytest.raises(TypeError, match="network must be a Network, got 3"):
        NetworkSurrogate.of(3)
    sm = NetworkSurrogate(**SETTINGS)
    sm.set_training_values(grid(3), grid(3))
    sm.set_training_values(grid(3), grid(3), name=1)
    with pytest.raises(ValueError, match="one fidelity"):
        sm.train()
    with pytest.raises(
        ValueError, match="kx must be one of x1, x2, x3, or an index from -3 to 2, got 3"
    ):
        NetworkSurrogate.of(random_network((3, 5, 2))).predict_derivatives(np.zeros((1, 3)), 3)


def test_variances_and_their_derivatives_are_those_of_the_posterior() -> None:
    x = grid(4)
    sm = NetworkSurrogate(method="kriging", hidden=(64,), **SETTINGS)
    sm.set_training_values(x, rosenbrock(x)[0])
    sm.train()
    at, h = np.array([[0.3, -1.1], [2.0, 0.4]]), 1e-4
    np.testing.assert_allclose(sm.predict_variances(at), sm.network.std(at) ** 2, rtol=1e-12)
    largest = max(np.abs(sm.predict_variance_derivatives(at, k)).max() for k in range(2))
    for k, unit in enumerate(np.eye(2)):
        differences = sm.predict_variances(at + h * unit) - sm.predict_variances(at - h * unit)
        found = sm.predict_variance_derivatives(at, k)
        np.testing.assert_allclose(found, differences / (2 * h), rtol=1e-3, atol=1e-3 * largest)
    gradient = sm.predict_variance_gradient(at[:1])
    assert gradient.shape[0] == 2
    with pytest.raises(ValueError, match="this network has no posterior"):
        NetworkSurrogate.of(random_network((2, 3, 1))).predict_variances(at)

"""CasADi differentiates a network to the core's numbers, as a callback and as an expression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, in_domain, network_of_runs, points, random_network

import slopenet as sn
from slopenet.activations import TABLE, ActivationSpec, normalise

ca: Any = pytest.importorskip("casadi", reason="casadi is not installed")
from examples import pendulum  # noqa: E402
from slopenet.adapters.casadi import _symbolic, bounds, callback, expression  # noqa: E402

TAILS = np.array([0.0, 1e-9, 1e-3, 0.1, 0.99, 1, 1.3, 1.99, 2, 2.5, 2.99, 3, 3.01, 3.5, 5, 8.5])
TAILS = np.concatenate([TAILS, [15, 20, 30, 37, 100, 700, 1e3, 1e6, 1e100]])
TAILS = np.concatenate([-TAILS, TAILS])
SMALLEST = 1e-300
SIZES = [(3, 9, 7, 2), (2, 8, 5)]
WITH_FORMULA = [a for a in ACTIVATIONS if normalise(a).name in _symbolic._FORMULAS]
WAYS = ["callback", "SX", "MX", "expanded"]


def function(net: sn.Network, way: str) -> Any:
    """H as a Function of CasADi, and the object that must be kept with it."""
    if way == "callback":
        return callback(net)
    x = ca.SX.sym("x", net.sizes[0]) if way == "SX" else ca.MX.sym("x", net.sizes[0])
    H = ca.Function("H", [x], [expression(net, x)])
    return H.expand() if way == "expanded" else H


def close(got: Any, wanted: np.ndarray, tolerance: float) -> None:
    got = got.full().reshape(wanted.shape)
    assert np.abs(got - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("sizes", "activation"), [(SIZES[i % 2], a) for i, a in enumerate(WITH_FORMULA)], ids=str
)
def test_jacobian_hessian_and_products_are_the_networks(
    sizes: tuple[int, ...], activation: ActivationSpec, way: str
) -> None:
    net = random_network(sizes, activation, output="identity")
    n_1, n_L = sizes[0], sizes[-1]
    x, u, v = points(1, net)[0], np.arange(1.0, n_L + 1), np.arange(1.0, n_1 + 1)
    H, s = function(net, way), ca.MX.sym("s", n_1)
    y, w = H(s), ca.MX.sym("w", n_L)
    J = ca.jacobian(y, s)
    bent, slope = ca.hessian(ca.dot(w, y), s)
    all_bent = ca.jacobian(ca.vec(J), s)
    outputs = [y, J, slope, bent, ca.jtimes(y, s, v), ca.jtimes(y, s, u, True), all_bent]
    got = ca.Function("all", [s, w], outputs)(x, u)
    wanted = [net(x), net.jacobian(x), net.vjp(x, u), net.weighted_hessian(x, u)]
    wanted += [net.jvp(x, v), net.vjp(x, u), net.hessian(x).swapaxes(0, 1)]
    for one, other, order in zip(got, wanted, (0, 1, 1, 2, 1, 1, 2), strict=True):
        close(one, other, 1e-12 if order == 2 else 1e-13)


@pytest.mark.parametrize("kind", ["SX", "MX"])
@pytest.mark.parametrize("activation", WITH_FORMULA, ids=str)
def test_tails_keep_their_digits_under_CasADis_differentiation(
    activation: ActivationSpec, kind: str
) -> None:
    """Each entry of σ, σ', σ'', forward and reverse, relative to itself; none is NaN."""
    net = sn.Network([[[1.0]]], [[0.0]], [activation])
    z = TAILS[np.abs(TAILS) < 1e6] if activation == "sin" else in_domain(activation, TAILS)
    s = getattr(ca, kind).sym("s", len(z))
    one = ca.DM.ones(len(z))
    sigma = expression(net, s.T)
    got = [sigma]
    for reverse in (False, True):
        slope = ca.jtimes(sigma, s, one.T if reverse else one, reverse)
        got += [slope, ca.jtimes(slope, s, one.T if slope.shape[0] == 1 else one, True)]
    results = ca.Function("sigma", [s], got)(z)
    for result, order in zip(results, (0, 1, 2, 1, 2), strict=True):
        wanted = (net, net.jacobian, net.hessian)[order](z[:, None]).ravel()
        error = np.abs(result.full().ravel() - wanted)
        assert np.isfinite(error).all()
        assert (error <= 2e-13 * np.abs(wanted) + SMALLEST).all(), order


def test_formulas_are_of_activations_of_the_table_and_others_are_refused_by_name() -> None:
    assert set(_symbolic._FORMULAS) <= set(TABLE)
    with pytest.raises(NotImplementedError, match="'new' has no symbolic form"):
        _symbolic.sigma(("new", 0.0), ca.SX.sym("z"))


@pytest.mark.parametrize("way", WAYS)
def test_saturated_networks_keep_their_slopes(way: str) -> None:
    """Where 1 - tanh² is 0: z[2] = (30, -30)."""
    W = [[[5.0, 4, 6], [-6, -5, -4]], [[1.0, 2]]]
    net, x = sn.Network(W, [np.zeros(2), np.zeros(1)], ["tanh", "identity"]), 2 * np.ones(3)
    s, H = ca.MX.sym("s", 3), function(net, way)
    J = ca.Function("J", [s], [ca.jacobian(H(s), s)])
    assert 0 < np.abs(net.jacobian(x)).max() < 1e-24
    close(J(x), net.jacobian(x), 1e-13)


def test_points_in_columns_and_float32_weights() -> None:
    net = random_network((3, 9, 2), "gelu", dtype=np.float32)
    X = points(5, net)
    assert expression(net, ca.DM(X.T.astype(float))).shape == (2, 5)
    close(expression(net, ca.DM(X.T.astype(float))).T, net(X), 1e-5)
    H = callback(net, "H32")
    assert H.name() == "H32"
    close(H.map(5)(X.T.astype(float)).T, net(X), 0)


@pytest.fixture(scope="module")
def dynamics() -> sn.Network:
    return pendulum.learn()


def test_a_step_of_predictive_control_with_ipopt(dynamics: sn.Network) -> None:
    """Callback and expression, with exact Hessians, take the same way to the same torques."""
    H, formulas = function(dynamics, "callback"), function(dynamics, "MX")
    by_core = pendulum.planner(H)(pendulum.HANGING)
    symbolic = pendulum.planner(formulas)(pendulum.HANGING)
    np.testing.assert_allclose(by_core.torques, symbolic.torques, rtol=0, atol=1e-6)
    assert abs(by_core.iterations - symbolic.iterations) <= 1
    assert by_core.iterations < 50
    np.testing.assert_allclose(by_core.states[:, -1], pendulum.UPRIGHT, rtol=0, atol=0.1)


def test_the_true_pendulum_swings_up(dynamics: sn.Network) -> None:
    states = pendulum.swing_up(dynamics)
    np.testing.assert_allclose(states[-1], pendulum.UPRIGHT, rtol=0, atol=0.05)


def test_bounds_are_the_ranges_of_the_training_data() -> None:
    net = sn.Network.random((2, 3, 1), rng=0)
    assert bounds(net)["ubx"].full().tolist() == [[np.inf]] * 2
    known = net.with_card(sn.Card((sn.Range(-1, 1), sn.Range(0, 2)), (sn.Range(),), rows=5))
    x = ca.SX.sym("x", 2)
    problem = {"x": x, "f": expression(known, x)}
    quiet = {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes"}}
    best = ca.nlpsol("solver", "ipopt", problem, quiet)(x0=[0.5, 0.5], **bounds(known))["x"]
    corners = [[a, b] for a in (-1.0, 1.0) for b in (0.0, 2.0)]
    assert (np.abs(best.full()[:, 0] - [0, 1]) <= 1 + 1e-6).all()
    assert known(best.full()[:, 0]) <= known(corners).min() + 1e-6


def test_third_derivatives_of_a_callback_are_refused() -> None:
    H, s = callback(random_network((3, 9, 1))), ca.MX.sym("s", 3)
    with pytest.raises((RuntimeError, NotImplementedError)):
        ca.jacobian(ca.vec(ca.hessian(H(s), s)[0]), s)


def test_wrong_arguments_of_a_casadi_function_are_a_clear_error() -> None:
    net = random_network((3, 9, 2))
    with pytest.raises(TypeError, match="network must be a Network"):
        callback(3)
    with pytest.raises(TypeError, match="x must be an SX, MX or DM, got ndarray"):
        expression(net, np.ones(3))
    with pytest.raises(ValueError, match="x must have 3 rows"):
        expression(net, ca.SX.sym("x", 2))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(4))
def test_networks_of_runs(seed: int, way: str) -> None:
    net = network_of_runs(seed)
    x = points(1, net)[0]
    H = function(net, way)
    close(H(x), net(x), 1e-13)
    close(H.jacobian()(x, net(x)), net.jacobian(x), 1e-12)

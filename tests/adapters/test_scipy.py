"""SciPy's solvers get exact derivatives, and get on as they do with a complex step."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from networks import points, random_network
from scipy.optimize import (
    Bounds,
    NonlinearConstraint,
    OptimizeResult,
    check_grad,
    least_squares,
    minimize,
)
from scipy.sparse.linalg import aslinearoperator, lsqr

import slopenet as sn
from slopenet._types import Floats
from slopenet.adapters.scipy import Residuals, constraint, linear_operator, objective
from slopenet.gradcheck import complex_step


def network(dtype: Any = np.float64) -> sn.Network:
    """Three inputs, outputs called cost, stress and mass."""
    net = random_network((3, 12, 9, 3), "tanh", output="identity", seed=4)
    return sn.Network(
        net.weights, net.biases, net.activations, output_names=["cost", "stress", "mass"],
        dtype=dtype,
    )  # fmt: skip


def squares(H: Floats) -> tuple[float, Floats, Floats]:
    """g(H) = exp(H_1) + H_1 H_2 + H_3²."""
    e = np.exp(H[0])
    slope = np.array([e + H[1], H[0], 2 * H[2]])
    return e + H[0] * H[1] + H[2] ** 2, slope, np.array([[e, 1, 0], [1, 0, 0], [0, 0, 2]])


def close(got: Any, wanted: Any, tolerance: float = 1e-13) -> None:
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() <= tolerance * np.abs(wanted).max()


def test_an_output_and_its_derivatives_are_the_networks() -> None:
    net = network()
    x, p = points(2, net)
    for given, k in ((1, 1), (-1, 2), ("stress", 1), (np.int64(0), 0)):
        f = objective(net, given)
        assert f.fun(x) == net(x)[k]
        close(f.jac(x), net.jacobian(x)[k])
        close(f.hess(x), net.hessian(x)[k], 1e-12)
        close(f.hessp(x, p), net.hessian(x)[k] @ p, 1e-12)


def test_a_weighting_is_a_sum_of_outputs() -> None:
    net = network()
    (x, p), u = points(2, net), np.array([2.0, -1.0, 0.5])
    f = objective(net, u)
    close(f.fun(x), u @ net(x))
    close(f.jac(x), net.vjp(x, u))
    close(f.hess(x), net.weighted_hessian(x, u), 1e-12)
    close(f.hessp(x, p), net.weighted_hessian(x, u) @ p, 1e-12)


def test_a_function_of_the_outputs_follows_the_chain_rule() -> None:
    """∇f by the complex step through g ∘ H, ∇²f p by the Taylor rate of ∇f."""
    net = network()
    x, p = points(2, net)
    f = objective(net, squares)
    assert f.fun(x) == squares(net(x))[0]
    slopes = complex_step.along_axes(net.chain(), x[None])[0][0]
    close(f.jac(x), squares(net(x))[1] @ slopes)
    close(f.hess(x), f.hess(x).T, 0)
    close(f.hess(x) @ p, f.hessp(x, p), 1e-12)
    rates = [
        np.abs((f.jac(x + h * p) - f.jac(x - h * p)) / (2 * h) - f.hessp(x, p)).max()
        for h in (1e-2, 1e-3)
    ]
    assert rates[0] / rates[1] == pytest.approx(100, rel=0.05)


def test_value_and_slope_of_a_point_are_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []

    class Counted(sn.Network):
        def value_and_jacobian(self, X: Any, **given: Any) -> tuple[Any, Any]:
            swept.append(X)
            return super().value_and_jacobian(X, **given)

    net = network()
    f = objective(Counted(net.weights, net.biases, net.activations), squares)
    x = points(1, net)[0]
    for _ in range(3):
        f.fun(x), f.jac(x), f.hess(x), f.hessp(x, x)
    assert len(swept) == 1
    before = f.fun(x)
    x += 1  # in place, as solvers do
    assert f.fun(x) != before
    f.jac(x)
    assert len(swept) == 2


def test_a_solver_that_changes_its_arrays_changes_no_later_answer() -> None:
    net = network()
    x = points(1, net)[0]
    f, r = objective(net, squares), Residuals(net, 0.0)
    for function in (f.jac, f.hess, r.fun, r.jac):
        first = function(x).copy()
        function(x)[...] = np.nan
        np.testing.assert_array_equal(function(x), first)


def solve(derivatives: dict[str, Any], constraints: Any, method: str) -> OptimizeResult:
    return minimize(
        x0=[0.3, -0.2, 0.1],
        bounds=Bounds([-2] * 3, [2] * 3),
        constraints=constraints,
        method=method,
        options={"maxiter": 300},
        **derivatives,
    )


@pytest.mark.filterwarnings("ignore:Constraint options.*ignored by this method")
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_a_constrained_optimum_is_that_of_the_complex_step_in_as_many_iterations(
    method: str,
) -> None:
    """min cost, stress = 0.1 and mass <= 0; the peer knows H and its complex step alone."""
    net = network()
    limits = {1: (0.1, 0.1), 2: (-np.inf, 0.0)}
    f = objective(net, "cost")
    own = [constraint(net, *bounds, outputs=[k]) for k, bounds in limits.items()]
    given = {"fun": f.fun, "jac": f.jac}

    def slopes(x: Floats) -> Floats:
        return complex_step.along_axes(net.chain(), np.asarray(x)[None])[0][0]

    def curvature(x: Floats, u: Floats) -> Floats:
        rows = [complex_step.hvp(net.chain(), np.asarray(x)[None], e)[0] for e in np.eye(3)]
        return np.einsum("k,jki->ij", u, rows)

    def bounded(k: int) -> NonlinearConstraint:
        return NonlinearConstraint(
            lambda x: net(x)[k],
            *limits[k],
            jac=lambda x: slopes(x)[k],
            hess=lambda x, v: v[0] * curvature(x, np.eye(3)[k]),
        )

    peer = {"fun": lambda x: net(x)[0], "jac": lambda x: slopes(x)[0]}
    if method == "trust-constr":
        given["hess"] = f.hess
        peer["hess"] = lambda x: curvature(x, np.eye(3)[0])
    ours, reference = solve(given, own, method), solve(peer, [bounded(k) for k in limits], method)
    assert ours.success
    assert reference.success
    assert abs(ours.nit - reference.nit) <= 1
    np.testing.assert_allclose(ours.x, reference.x, rtol=0, atol=1e-7)
    H = net(ours.x)
    assert H[1] == pytest.approx(0.1, abs=1e-6)
    assert H[2] <= 1e-6
    assert ours.fun < net([0.3, -0.2, 0.1])[0]


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-exact", "L-BFGS-B"])
def test_every_kind_of_method_finds_a_stationary_point(method: str) -> None:
    net = network()

    def bowl(H: Floats) -> tuple[float, Floats, Floats]:
        return 0.5 * H @ H, H, np.eye(3)

    f = objective(net, bowl)
    second: dict[str, Any] = {} if method == "L-BFGS-B" else {"hessp": f.hessp}
    if method == "trust-exact":
        second = {"hess": f.hess}
    start = np.array([0.4, 0.1, -0.3])
    best = minimize(f.fun, start, jac=f.jac, method=method, **second)
    assert np.abs(f.jac(best.x)).max() < 1e-4
    assert best.fun < f.fun(start)


def test_least_squares_finds_inputs_of_given_outputs() -> None:
    net = network()
    x = np.array([0.2, -0.1, 0.3])
    r = Residuals(net, net(x), weights=[1.0, 2.0, 3.0])
    assert check_grad(lambda x: r.fun(x)[1], lambda x: r.jac(x)[1], x) < 1e-6
    close(r.jac(x), np.diag([1.0, 2.0, 3.0]) @ net.jacobian(x))
    found = least_squares(r.fun, x + 0.1, jac=r.jac, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(net(found.x), net(x), rtol=0, atol=1e-13)
    assert found.njev < 12


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_linear_operator_is_the_jacobian(dtype: Any) -> None:
    net = network(dtype)
    x = points(1, net)[0]
    J, operator = net.jacobian(x), linear_operator(net, x)
    tolerance = 1e-13 if dtype is np.float64 else 1e-5
    rng = np.random.default_rng(0)
    V, U = rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=(3, 4)).astype(dtype)
    assert operator.shape == (3, 3)
    assert operator.dtype == dtype
    close(operator @ V[:, 0], J @ V[:, 0], tolerance)
    close(operator @ V[:, :1], J @ V[:, :1], tolerance)
    close(operator.H @ U[:, 0], J.T @ U[:, 0], tolerance)
    close(operator @ V, J @ V, tolerance)
    close(operator.H @ U, J.T @ U, tolerance)
    close((operator.H @ operator) @ V, J.T @ (J @ V), tolerance)


def test_a_wide_operator_solves_a_linearised_system() -> None:
    net = random_network((50, 20, 4))
    x, y = points(1, net)[0], np.arange(4.0)
    step = lsqr(linear_operator(net, x), y, atol=1e-14, btol=1e-14)[0]
    np.testing.assert_allclose(net.jacobian(x) @ step, y, atol=1e-10)
    reference = lsqr(aslinearoperator(net.jacobian(x)), y, atol=1e-14, btol=1e-14)[0]
    np.testing.assert_allclose(step, reference, atol=1e-10)


def test_float32_networks_give_scipy_float64() -> None:
    single, double = network(np.float32), network()
    x = points(1, double)[0]
    one, other = objective(single, squares), objective(double, squares)
    for name in ("jac", "hess"):
        got = getattr(one, name)(x)
        assert got.dtype == np.float64
        close(got, getattr(other, name)(x), 1e-5)
    bounds = constraint(single, 0.0, 1.0)
    assert bounds.hess(x, np.ones(3)).dtype == bounds.jac(x).dtype == np.float64


def test_objective_and_constraint_pickle_for_workers() -> None:
    net = network()
    x = points(1, net)[0]
    f, bounds = pickle.loads(pickle.dumps((objective(net, "mass"), constraint(net, 0, 1))))
    assert f.fun(x) == net(x)[2]
    np.testing.assert_array_equal(bounds.hess(x, np.ones(3)), net.weighted_hessian(x, np.ones(3)))


def test_wrong_arguments_of_an_objective_are_a_clear_error() -> None:
    net = network()
    x = points(1, net)[0]
    for wrong in ("weight", 3, -4, True):
        with pytest.raises(
            ValueError, match="output must be one of cost, stress, mass, or an index from -3 to 2"
        ):
            objective(net, wrong)
    with pytest.raises(ValueError, match=r"of must have shape \(3,\), got \(2,\)"):
        objective(net, [1.0, 2.0])
    with pytest.raises(ValueError, match="different outputs"):
        constraint(net, 0, 1, outputs=["cost", 0])
    with pytest.raises(TypeError, match="network must be a Network, got 3"):
        objective(3)
    with pytest.raises(ValueError, match=r"x must have shape \(3,\)"):
        linear_operator(net, np.ones((2, 3)))
    flat = objective(net, lambda H: (H[0], [1.0, 0, 0], None))
    close(flat.jac(x), net.jacobian(x)[0])
    with pytest.raises(ValueError, match="needs that of g"):
        flat.hess(x)
    short = objective(net, lambda H: (H[0], [1.0], None))
    with pytest.raises(ValueError, match=r"the gradient of g must have shape \(3,\), got \(1,\)"):
        short.fun(x)


def test_bounds_are_the_ranges_of_the_training_data() -> None:
    card = sn.Card((sn.Range(-0.5, 0.5), sn.Range(0, 1), sn.Range()), (sn.Range(),) * 3, rows=5)
    net = network().with_card(card)
    made = [objective(net, given) for given in (0, "mass", [1, 2, 3], squares)]
    for known in (*made, Residuals(net, 0.0)):
        np.testing.assert_array_equal(known.bounds.lb, [-0.5, 0, -np.inf])
        np.testing.assert_array_equal(known.bounds.ub, [0.5, 1, np.inf])
    f = made[0]
    best = minimize(f.fun, np.full(3, 0.1), jac=f.jac, bounds=f.bounds, method="L-BFGS-B")
    assert (np.abs(best.x[:2] - [0, 0.5]) <= 0.5).all()
    np.testing.assert_array_equal(objective(network()).bounds.ub, [np.inf] * 3)

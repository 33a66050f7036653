"""Penalties of constraints: values, gradients and steps, by independent ways."""

from typing import Any

import numpy as np
import pytest

import slopenet as sn
from slopenet import derivation
from slopenet.activations import normalise
from slopenet.dataset.dataset import Data
from slopenet.derivation import Chain
from slopenet.parameters import flatten, unflatten
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.normal_equations import Summed
from slopenet.training.shape.constraints import Constraint
from slopenet.training.shape.problem import EPSILON, Constrained, Penalties
from slopenet.training.shape.search import Box
from slopenet.training.shape.wide import Wide

SIZES, SIGMAS = (3, 5, 4, 2), [normalise("tanh"), normalise("softplus"), normalise("identity")]
CONSTRAINTS = [
    Constraint(0, (1,), 1.0, "", bound=0.1),
    Constraint(1, (0,), -1.0, "", bound=-0.2, room=0.1),
    Constraint(1, (0, 2), -1.0, "", curved=True),
]
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
NET = sn.Network.random(SIZES, hidden="tanh", rng=2)
THETA = flatten(NET.weights, NET.biases)
NET_OF_SIGMAS = sn.Network(list(NET.weights), list(NET.biases), SIGMAS)


def made(rows: int = 12) -> tuple[Constrained, Penalties]:
    data = Data(X[:rows], Y[:rows])
    base = LeastSquares(SIZES, SIGMAS, data, np.ones((2, 3)), l2=0.01)
    problem = Constrained(base, SIGMAS, CONSTRAINTS, Box.of(X), 1)
    points = np.random.default_rng(1).normal(size=(9, 3))
    which = np.array([0, 1, 2] * 3)
    V = np.zeros((9, 3))
    V[which == 0, 1] = V[which == 1, 0] = 1.0
    V[which == 2] = [0.6, 0.0, 0.8]
    penalties = Penalties(points, V, which, rng.uniform(0, 2, 9), weight=3.0, margin=0.4)
    problem.take(penalties)
    return problem, penalties


def at(theta: Any) -> Chain:
    return Chain(*unflatten(theta, SIZES), SIGMAS)


def slopes_along(theta: Any, points: Any, V: Any) -> Any:
    """v·∂H_k/∂x (n, n_L), by the derivation; θ may be complex."""
    chain = at(theta)
    D = derivation.D(chain, derivation.forward(chain, points + 0 * theta[0]))
    return np.einsum("nki,ni->nk", derivation.dH_dx(chain, D), V)


def short_of(theta: Any, p: Penalties) -> Any:
    """The margin less the slacks, one after the other."""
    found = []
    for x, v, c in zip(p.X, p.V, p.which, strict=True):
        each = CONSTRAINTS[c]
        if each.curved:
            ends = [slopes_along(theta, (x + s * EPSILON * v)[None], v[None])[0] for s in (1, -1)]
            value = (ends[0] - ends[1])[each.output] / (2 * EPSILON)
        else:
            value = slopes_along(theta, x[None], v[None])[0, each.output]
        margin = min(p.margin, 0.25 * each.room)
        found.append(each.bound + margin - each.sign * value)
    return np.array(found)


def penalty(theta: Any, p: Penalties) -> Any:
    missing = short_of(theta, p) + p.multipliers / p.weight
    return 0.5 * p.weight * (missing[missing.real > 0] ** 2).sum()


def test_the_penalty_is_that_of_the_derivation() -> None:
    problem, p = made()
    np.testing.assert_allclose(problem.short_of(THETA), short_of(THETA, p), atol=1e-10)
    wanted = problem.base.value(THETA) + penalty(THETA, p)
    assert problem.value(THETA) == pytest.approx(wanted, rel=1e-9)
    active = short_of(THETA, p) + p.multipliers / p.weight > 0
    assert 0 < active.sum() < 9  # both sides of the hinge are tried


def gradient_of_penalties(problem: Constrained) -> np.ndarray:
    return problem.linearise(THETA).gradient - problem.base.linearise(THETA).gradient


def test_the_gradient_is_that_of_a_complex_step() -> None:
    problem, p = made()
    h = 1e-30
    steps = [penalty(THETA + 1j * h * e, p).imag / h for e in np.eye(THETA.size)]
    np.testing.assert_allclose(gradient_of_penalties(problem), steps, rtol=1e-6, atol=1e-8)


def test_the_gradient_is_that_of_differences_of_the_cost() -> None:
    problem, _ = made()
    h = 1e-6
    steps = [
        (problem.value(THETA + h * e) - problem.value(THETA - h * e)) / (2 * h)
        for e in np.eye(THETA.size)
    ]
    np.testing.assert_allclose(problem.linearise(THETA).gradient, steps, rtol=2e-5, atol=1e-6)


def test_slopes_and_curvatures_are_linear_in_the_last_layer() -> None:
    """So the rows of J, times the weights of the last layer, are the slopes themselves."""
    problem, p = made()
    last = np.zeros_like(THETA)
    weights = unflatten(last, SIZES)[0][-1]
    weights[...] = NET.weights[-1]
    r, J = problem._rows(THETA)
    active = short_of(THETA, p) + p.multipliers / p.weight > 0
    bounds = [CONSTRAINTS[c].bound + min(p.margin, 0.25 * CONSTRAINTS[c].room) for c in p.which]
    slack = np.array(bounds) - short_of(THETA, p)
    np.testing.assert_allclose(J @ last, -np.sqrt(p.weight) * slack[active], atol=1e-8)
    assert len(r) == active.sum()


def test_a_difference_of_slopes_is_the_curvature() -> None:
    problem, p = made()
    curved = p.which == 2
    hessian = NET_OF_SIGMAS.hessian(p.X[curved])[:, 1]
    exact = np.einsum("ni,nij,nj->n", p.V[curved], hessian, p.V[curved])
    np.testing.assert_allclose(problem.short_of(THETA)[curved], 0.4 + exact, atol=1e-6)


@pytest.mark.parametrize("rows", [4, 40])
def test_steps_solve_the_damped_normal_equations(rows: int) -> None:
    """From explicit rows, fewer than parameters, and from sums of products."""
    problem, _ = made(rows)
    model = problem.linearise(THETA)
    assert isinstance(model, Wide if rows == 4 else Summed)
    r, J = (
        np.concatenate(a)
        for a in zip(*problem.base.blocks(THETA), problem._rows(THETA), strict=True)
    )
    step = model.step(0.1)
    assert step is not None
    A = J.T @ J + np.diag(problem.base.l2 * problem.base.mask + 0.1)
    g = J.T @ r + problem.base.l2 * problem.base.mask * THETA
    np.testing.assert_allclose(step[0], np.linalg.solve(A, -g), atol=1e-9)
    assert step[1] == pytest.approx(_decrease(g, A - 0.1 * np.eye(len(A)), step[0]))
    assert model.cost == pytest.approx(problem.value(THETA))


def _decrease(g: np.ndarray, A: np.ndarray, d: np.ndarray) -> float:
    return float(-g @ d - 0.5 * d @ A @ d)


def test_points_without_a_penalty_change_nothing() -> None:
    problem, _ = made()
    none = np.zeros((0, 3))
    problem.take(Penalties(none, none, np.zeros(0, int), np.zeros(0), 1.0, 0.1))
    assert problem.value(THETA) == problem.base.value(THETA)
    np.testing.assert_allclose(gradient_of_penalties(problem), 0, atol=1e-13)


def test_a_violation_comes_with_its_direction() -> None:
    problem, _ = made()
    found, V = problem.violated(THETA, thorough=False)
    assert set(found.which) == {0, 2}
    for x, v, c, slack in zip(found.X, V, found.which, found.slack, strict=True):
        each = CONSTRAINTS[c]
        value = v @ NET_OF_SIGMAS.jacobian(x)[each.output]
        if each.curved:
            value = v @ NET_OF_SIGMAS.hessian(x)[each.output] @ v
        assert slack == pytest.approx(each.sign * value - each.bound, abs=1e-12)
        assert slack < 0

"""The function of data in parts is that of all samples together."""

from __future__ import annotations

import numpy as np
import pytest
from parts import cut, sample

from slopenet.dataset.scaling import Scaling, even_weights
from slopenet.parameters import count
from slopenet.training.objective.gradient import Objective
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.partitioned import Distributed, Terms
from slopenet.training.problem import Weights
from slopenet.validate.layers import check_activations


def test_cost_gradient_and_normal_equations_are_those_of_all_rows():
    data = Scaling.of(sample(), outputs=True).standardise(sample())
    sizes, weight, l2 = (2, 5, 4, 2), even_weights(data)[0], 0.01
    rows = check_activations(["tanh", "sin", "identity"], 3)
    theta = np.random.default_rng(0).normal(size=count(sizes))
    problem = Distributed(cut(data), Terms(sizes, rows, weight), l2)
    objective = Objective(sizes, rows, weight, l2).on(data)
    cost, gradient = objective.value_and_gradient(theta)
    found = problem.value_and_gradient(theta)
    assert found[0] == pytest.approx(cost, rel=1e-13)
    assert problem.value(theta) == pytest.approx(cost, rel=1e-13)
    assert problem.penalty(theta) == pytest.approx(objective.penalty(theta), rel=1e-15) != 0
    np.testing.assert_allclose(found[1], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())
    whole = LeastSquares(sizes, rows, data, weight, l2=l2).linearise(theta)
    model = problem.linearise(theta)
    assert model.cost == pytest.approx(whole.cost, rel=1e-13)
    assert model.largest == pytest.approx(whole.largest, rel=1e-13)
    np.testing.assert_allclose(model.gradient, gradient, atol=1e-12 * np.abs(gradient).max())
    (step, promised), (wanted, as_promised) = model.step(0.1), whole.step(0.1)
    np.testing.assert_allclose(step, wanted, rtol=0, atol=1e-11 * np.abs(wanted).max())
    whole = LeastSquares(sizes, rows, data, weight, l2=l2)
    assert (problem.residuals, problem.size) == (whole.residuals, whole.size)
    assert problem.residuals < 97 * 6
    assert promised == pytest.approx(as_promised, rel=1e-11)


def test_mean_squares_and_weights_are_those_of_all_rows():
    data = Scaling.of(sample(), outputs=True).standardise(sample())
    sizes, weight = (2, 5, 4, 2), even_weights(data)[0]
    rows = check_activations(["tanh", "sin", "identity"], 3)
    theta = np.random.default_rng(0).normal(size=count(sizes))
    problem = Distributed(cut(data), Terms(sizes, rows, weight), 0.01)
    objective = Objective(sizes, rows, weight, 0.01).on(data)
    found, whole = problem.mean_squares(theta), objective.mean_squares(theta, np.arange(len(data)))
    for part, wanted in zip(found, whole, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-13)
    assert (problem.kinds, problem.has_slopes) == (objective.kinds, objective.has_slopes)
    other = Weights(0.3, 2.5 * weight, np.ones(2))
    cost, gradient = objective.weighed(other).value_and_gradient(theta)
    found = problem.weighed(other).value_and_gradient(theta)
    assert found[0] == pytest.approx(cost, rel=1e-13)
    np.testing.assert_allclose(found[1], gradient, rtol=0, atol=1e-13 * np.abs(gradient).max())
    assert problem.value(theta) == pytest.approx(objective.value(theta), rel=1e-13)

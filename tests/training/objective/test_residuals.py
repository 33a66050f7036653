"""Mean squares of residuals, by plain loops."""

from __future__ import annotations

import numpy as np
import pytest

import slopenet as sn
from slopenet.dataset.dataset import Data
from slopenet.parameters import flatten
from slopenet.training.objective.gradient import Objective

SIZES = (3, 5, 2)


def sample(weighted: bool) -> Data:
    rng = np.random.default_rng(0)
    n, m = 9, 4
    dydx, dydv = rng.normal(size=(n, 2, 3)), rng.normal(size=(n, m, 2))
    dydx[rng.random(dydx.shape) < 0.4] = np.nan
    dydx[:, 1, 2] = np.nan
    dydv[rng.random(dydv.shape) < 0.4] = np.nan
    return Data(
        rng.normal(size=(n, 3)),
        rng.normal(size=(n, 2)),
        dydx,
        rng.uniform(0, 2, n) if weighted else None,
        directions=rng.normal(size=(n, m, 3)),
        dydv=dydv,
    )


def mean(errors: list[float], weights: list[float]) -> float:
    known = [(w, e) for w, e in zip(weights, errors, strict=True) if not np.isnan(e)]
    return sum(w * e**2 for w, e in known) / sum(w for w, _ in known) if known else np.nan


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_squares_are_those_of_the_known_residuals(weighted: bool) -> None:
    data, net = sample(weighted), sn.Network.random(SIZES, rng=1)
    assert data.dydx is not None
    assert data.directions is not None
    assert data.dydv is not None
    objective = Objective(SIZES, [("tanh", 0.0), ("identity", 0.0)], np.ones((2, 3)))
    rows = np.array([7, 0, 3, 4, 8, 1])
    found = objective.on(data).mean_squares(flatten(net.weights, net.biases), rows)
    H, J = net.value_and_jacobian(data.X)
    weight = np.ones(9) if data.sample_weight is None else data.sample_weight
    w = list(weight[rows])
    for k in range(2):
        assert found.values[k] == pytest.approx(mean(list((H - data.y)[rows, k]), w))
        for i in range(3):
            one = mean(list((J - data.dydx)[rows, k, i]), w)
            assert found.slopes[k, i] == pytest.approx(one, nan_ok=True)
        along = [
            data.directions[s, m] @ J[s, k] - data.dydv[s, m, k] for s in rows for m in range(4)
        ]
        assert found.along[k] == pytest.approx(mean(along, list(np.repeat(w, 4))))
    assert np.isnan(found.slopes[1, 2])


def test_without_slopes_their_mean_squares_are_unknown() -> None:
    data = sample(weighted=False)
    objective = Objective(SIZES, [("tanh", 0.0), ("identity", 0.0)], np.ones((2, 3)))
    values = objective.on(Data(data.X, data.y))
    found = values.mean_squares(np.zeros(32), np.arange(9))
    np.testing.assert_allclose(found.values, (data.y**2).mean(axis=0))
    assert np.isnan(found.slopes).all()
    assert np.isnan(found.along).all()
    assert not values.has_slopes
    assert not objective.on(Data(data.X, data.y, np.full((9, 2, 3), np.nan))).has_slopes
    assert objective.on(data).has_slopes


def test_another_l2_and_other_weights_leave_the_first_function_as_it_is() -> None:
    data, theta = sample(weighted=True), np.random.default_rng(2).normal(size=32)
    one = Objective(SIZES, [("tanh", 0.0), ("identity", 0.0)], np.ones((2, 3)), 0.1).on(data)
    before = one.value(theta)
    weights = one.weights._replace(l2=0.3, slope_weight=np.full((2, 3), 2.0))
    other = one.weighed(weights)
    same = Objective(SIZES, [("tanh", 0.0), ("identity", 0.0)], np.full((2, 3), 2.0), 0.3).on(data)
    assert other.value(theta) == same.value(theta)
    assert one.value(theta) == before

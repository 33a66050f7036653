"""Least squares of a few shapes, with values, slopes and slopes along directions, some missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slopenet.dataset.dataset import Data
from slopenet.parameters import count
from slopenet.training.objective.gradient import Objective
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.objective.normal_equations import Dual, Primal

SHAPES = [(3, 5, 4, 2), (2, 7, 1), (1, 3, 3, 1), (2, 3), (2, 4, 5)]
KINDS = ["values", "slopes", "along", "both"]


def case(
    sizes: tuple[int, ...], kind: str, n: int = 11
) -> tuple[LeastSquares, Objective, Data, np.ndarray]:
    rng = np.random.default_rng(len(sizes) + sum(sizes))
    T = rng.normal(size=(n, sizes[-1], sizes[0]))
    T[3, 0, 0] = np.nan
    v, t = rng.normal(size=(n, 2, sizes[0])), rng.normal(size=(n, 2, sizes[-1]))
    t[2, 1] = np.nan
    data = Data(
        rng.normal(size=(n, sizes[0])),
        rng.normal(size=(n, sizes[-1])),
        T if kind in ("slopes", "both") else None,
        rng.uniform(0.5, 2, n),
        directions=v if kind in ("along", "both") else None,
        dydv=t if kind in ("along", "both") else None,
    )
    if kind == "both":
        data = replace(data, value_weight=rng.uniform(0.5, 2, data.y.shape))
    rows = [("tanh", 0.0)] * (len(sizes) - 2) + [("identity", 0.0)]
    weight, mu = rng.uniform(0.5, 2, (sizes[-1], sizes[0])), rng.uniform(0.5, 2, sizes[-1])
    problem = LeastSquares(sizes, rows, data, weight, dydv_weight=mu, l2=0.01)
    objective = Objective(sizes, rows, weight, 0.01, dydv_weight=mu)
    return problem, objective, data, 0.6 * rng.normal(size=count(sizes))


def both_ways(problem: LeastSquares, theta: np.ndarray) -> tuple[Primal, Dual]:
    problem.value(theta)  # sets θ
    ridge = problem._ridge(theta)
    primal = Primal(lambda: problem.blocks(theta), ridge)
    return primal, Dual(*problem._factors(), problem.sizes, ridge)

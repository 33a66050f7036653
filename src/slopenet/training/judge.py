"""Judging trained starts: which is the best, and how good it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.dataset.dataset import Data
from slopenet.evaluate.errors import relative_errors
from slopenet.network import Network
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.methods import UPPER_L2
from slopenet.training.objective.robust import RobustLeastSquares
from slopenet.training.optimizers.adam import Adam
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.optimizers.lbfgs import LBFGS
from slopenet.training.optimizers.reweighing import sum_of_logarithms
from slopenet.training.quality import FitErrors
from slopenet.training.start import Training

# A start from UPPER_L2 is kept only if its leave-one-out error is so many times smaller; unless the
# data are noisy, which an error of more than this share of a constant's error says.
BETTER, NOISE = 2.0, 0.1
# Errors to first order are no larger than so many times the error that the evidence implies.
CREDIBLE = 3.0


def errors_on(network: Network, rows: Data, kind: str) -> FitErrors | None:
    """Errors on rows; None if no value and no slope is known."""
    errors = FitErrors.of_relative(relative_errors(network, rows.X, rows.y, rows.dydx), kind)
    return None if np.isnan(errors.all).all() else errors


def errors_left_out(
    training: Training,
    of_missed: Callable[..., FitErrors | None] = FitErrors.of_missed,
    theta: Floats | None = None,
) -> FitErrors | None:
    """Errors of the rows left out in turn, where they have a closed form.

    `of_missed` makes them as `FitErrors.of_missed` does. To first order a row at a corner of the
    data is missed by far too much: a network without it would not follow the straight lines of its
    linear model. The evidence bounds such errors: it is the product of the densities of the
    targets, each given those before it, so that it implies the error of predicting them one by one.

    `theta` is that of a network with constraints, of which the evidence knows nothing: the bound
    grows as the cost.
    """
    optimizer, state, problem = training.optimizer, training.at.state, training.problem
    if isinstance(optimizer, Kriging) and problem.samples > 1:
        missed, distances = optimizer.left_out(at(state, theta), problem)
        return of_missed(missed, problem.process.targets, distances)
    if isinstance(optimizer, Evidence):
        free, ridge, balance = optimizer.result(state)
        problem = problem.copy(l2=ridge / problem.samples, balance=balance)
        found = of_missed(*problem.missed_left_out(free if theta is None else theta))
        with np.errstate(over="ignore"):
            bound = CREDIBLE * np.exp(log_error(training))
        if theta is not None:
            costs = problem.judged(theta), problem.judged(free)
            bound *= np.sqrt(max(costs[0] / max(costs[1], 1e-300), 1.0))
        return None if found is None else found.at_most(float(bound))
    return None


def at(state: Any, theta: Floats | None) -> Any:
    """The state with other weights, such as those that obey constraints."""
    return state if theta is None else replace(state, theta=theta)


def log_error(training: Training) -> float:
    """The logarithm of the held-out error of a start, else of the error that its evidence implies.

    R times the latter, less a constant of the data, is the log evidence; infinite where the
    evidence is for a constant.
    """
    optimizer, state, problem = training.optimizer, training.at.state, training.problem
    if training.watch.held_out is None and isinstance(optimizer, Kriging):
        return float(-optimizer.evidence(state, problem) / problem.process.residuals)
    if training.watch.held_out is None and isinstance(optimizer, Evidence):
        evidence = state.evidence + problem.log_weights
        return float(-evidence / problem.residuals)
    return 0.5 * float(np.log(training.watch.best_cost + 1e-300))


def error_of_start(training: Training) -> tuple[bool, float]:
    """Leave-one-out error of a start, used to pick the best.

    Training costs are not comparable because each start has its own l2. A start that learned
    nothing comes last. Starts with one l2 in common, or with rows held out, are compared by their
    lowest cost; those that learn the weights of their cost by the mean squares of all residuals.
    """
    optimizer = training.optimizer
    if training.watch.held_out is not None:
        return False, training.watch.best_cost
    if isinstance(optimizer, Adam) or (isinstance(optimizer, LBFGS) and optimizer.find_balance):
        rows = np.arange(training.problem.samples)
        squares = training.problem.mean_squares(training.theta, rows)
        return False, sum_of_logarithms(squares)
    if not isinstance(optimizer, Evidence):
        robust = isinstance(training.problem, RobustLeastSquares)  # costs depend on the weights
        cost = training.problem.judged(training.theta) if robust else training.watch.best_cost
        return False, cost
    theta, ridge, found_balance = optimizer.result(training.at.state)
    problem = training.problem.copy(l2=ridge / training.problem.samples, balance=found_balance)
    error = problem.left_out(theta)
    even = problem.copy(l2=problem.l2, balance=1.0)  # as the leave-one-out error weighs slopes
    constant = 2 * even.judged(0 * theta) / problem.samples
    if optimizer.top == UPPER_L2 and error < NOISE * constant:
        error *= BETTER
    return training.at.state.best is None, error if np.isfinite(error) else np.inf

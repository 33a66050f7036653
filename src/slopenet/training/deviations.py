"""The posterior of a start that was trained: its standard deviations."""

from __future__ import annotations

from dataclasses import replace

from slopenet._types import Floats
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.units import Units
from slopenet.training.kriging.optimizer import Kriging
from slopenet.training.laplace import laplace_of
from slopenet.training.objective.least_squares import LeastSquares
from slopenet.training.optimizers.evidence import Evidence
from slopenet.training.plan import Plan
from slopenet.training.start import Training


def posterior_of_start(
    training: Training, plan: Plan, units: Units, theta: Floats
) -> Posterior | None:
    """The posterior at θ; None if the plan wants none, or of a method without one."""
    optimizer, problem = training.optimizer, training.problem
    if plan.posterior == "none":
        return None
    if isinstance(optimizer, Kriging):
        several = len(problem.process) > 1
        state = replace(training.at.state, theta=theta)
        return optimizer.posterior(state, problem, units) if several else None
    if not isinstance(problem, LeastSquares):
        return None
    if isinstance(optimizer, Evidence):
        _, ridge, balance = optimizer.result(training.at.state)
        problem = problem.copy(l2=ridge / problem.samples, balance=balance)
    if problem.l2 == 0:  # nothing bounds the weights that the data do not determine
        return None
    return laplace_of(problem, theta, plan.sigmas_of(theta), units, full=plan.posterior == "full")

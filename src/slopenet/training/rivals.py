"""The networks that came next to the best, in its error bars."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from slopenet.parameters import count, unflatten
from slopenet.posterior.laplace import LaplacePosterior
from slopenet.posterior.posterior import Posterior
from slopenet.posterior.rivals import Rival
from slopenet.training.judge import log_error
from slopenet.training.plan import Plan
from slopenet.training.start import Training

# The most rivals, and by how much larger the error of one may be.
MOST, NEAR = 3, 3.0
# The most numbers of a posterior, so that a model file stays below 1 MB.
NUMBERS = 120_000
# The number of sizes of a network without hidden layers.
_LINEAR = 2

# A trained network.
Trained = tuple[Training, Plan]


def with_others(
    posterior: Posterior | None, best: Trained, others: Iterable[Trained]
) -> Posterior | None:
    """A projected Laplace posterior of the best that also knows its distances from others.

    Posteriors of other kinds stay as they are, and of networks without hidden layers, to which all
    starts lead. The others have learned the same rows in the same units. Errors that the evidence
    implies, or of rows held out, are compared: those of rows left out, to first order, are not good
    enough.
    """
    if not isinstance(posterior, LaplacePosterior) or len(best[1].sizes) <= _LINEAR:
        return posterior
    least = log_error(best[0])
    if not np.isfinite(least):
        return posterior
    with np.errstate(over="ignore"):
        pairs = [(float(np.exp(log_error(each[0]) - least)), _rival(*each)) for each in others]
    return with_rivals(posterior, _rival(*best), pairs)


def with_rivals(
    posterior: LaplacePosterior, best: Rival, others: Iterable[tuple[float, Rival]]
) -> LaplacePosterior:
    """The same, from the errors of others in that of the best."""
    left, rivals, shares = NUMBERS - posterior.root.size, list[Rival](), list[float]()
    for ratio, each in sorted(others, key=lambda each: each[0]):
        size = count(each.sizes)
        if ratio <= NEAR and size <= left and len(rivals) < MOST:
            left -= size
            rivals.append(each.above(best.biases[-1]))
            shares.append(1 / (1 + ratio**2))
    return posterior.compared(rivals, shares) if rivals else posterior


def _rival(training: Training, plan: Plan) -> Rival:
    theta = training.theta
    return Rival(*unflatten(theta, plan.sizes_of(theta)), plan.sigmas_of(theta))

"""Optimisation of expensive functions: expected improvement, proposals, and a loop of both.

    found = minimise(function, [(-5, 10), (0, 15)], 30, slopes=True, rng=0)
    found.x, found.value

`minimise` fits, proposes and evaluates in turn. `propose` gives the next points for a loop of your
own, `expected_improvement` the criterion with its exact gradient.
"""

from slopenet.optimize.improvement import expected_improvement
from slopenet.optimize.minimise import Minimum, minimise
from slopenet.optimize.propose import propose

__all__ = ["Minimum", "expected_improvement", "minimise", "propose"]

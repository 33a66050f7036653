"""The Cholesky factor of a matrix that rounding may have made indefinite."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from scipy.linalg import lapack

from slopenet._types import Floats

_TRIES = 40
Ridge = TypeVar("Ridge", float, Floats)


def factor(A: Floats) -> Floats:
    """L of A = L Lᵀ, A being positive definite but for rounding; see `factor_with`."""
    least = 1e-15 * float(A.diagonal().max())
    return factor_with(A, 0.0, lambda ridge: max(10 * ridge, least))


def factor_with(A: Floats, ridge: Ridge, more: Callable[[Ridge], Ridge]) -> Floats:
    """L of A + diag(ridge) = L Lᵀ, with `more` of the ridge until there is one.

    Raises
    ------
    ValueError
        If A is not finite.
    """
    for _ in range(_TRIES):
        damped = A.copy()
        damped.flat[:: len(A) + 1] += ridge
        found, failed = lapack.dpotrf(damped, lower=1, clean=1, overwrite_a=1)
        if not failed and np.isfinite(found.diagonal()).all():
            return np.asarray(found)
        ridge = more(ridge)
    raise ValueError("the posterior of this network has a covariance that is not a number")

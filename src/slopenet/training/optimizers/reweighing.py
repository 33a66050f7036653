"""The weights of the cost that follow from the mean squares of the residuals.

Independent normal noise of unknown variance in every column of values and slopes has the log
likelihood -½ N Σ log MSE, MSE being the mean squares of the residuals of the columns. Its gradient
is that of -½ Σ r²/MSE. With the values of each output weighted by 1, as in the cost, its slopes
have

    λ_ki = MSE_k/MSE_ki,    μ_k = MSE_k/(MSE of the slopes along directions)

up to a factor of 2, and weights of variance 1/α have the penalty ½ (α MSE) ‖W‖². The first weights
of layer 2 have the variance 1/n_1, so N l2 = n_1 MSE, the mean over the outputs. Known slopes limit
the weights too: with them N l2 is a third of that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.training.problem import MeanSquares, Weights

# The rows on which residuals are taken: a share of all, within limits.
_SHARE, _FEWEST, _MOST = 0.25, 256, 1024
# The step from old weights to those that the last residuals ask for, in logarithms.
_STEP = 0.3
# The least mean square of a column, as a share of the mean over its output's columns; the least and
# the largest λ and μ, as multiples of the first ones.
_FLOOR, _SMALLEST, _LARGEST = 1e-2, 1e-4, 1e4
# Heavy-tailed and correlated noise make λ and μ uncertain by such a factor: they come nearer to the
# first ones by it.
_UNSURE = 2.0
# N l2 with slopes, as a share of that without.
_WITH_SLOPES = 1 / 3
_TINY = 1e-300


def rows_to_judge(samples: int) -> int:
    """Number of rows on which residuals are taken after an epoch."""
    return min(samples, max(_FEWEST, min(_MOST, int(_SHARE * samples))))


def next_l2(old: float, squares: MeanSquares, samples: int, *, slopes: bool, first: bool) -> float:
    """The l2 of the next epoch; the `first` one that is learned owes nothing to the old one.

    Where no value is known, slopes say how large the noise is.
    """
    inputs = squares.slopes.shape[1]
    values = squares.values[~np.isnan(squares.values)]
    if not values.size:
        values = squares.slopes[~np.isnan(squares.slopes)]
    if not values.size:
        return old
    wanted = inputs * float(values.mean()) * (_WITH_SLOPES if slopes else 1.0)
    wanted = wanted / samples + _TINY
    return wanted if first else float(_towards(old, wanted))


def next_slope_weights(
    old: tuple[Floats, Floats], squares: MeanSquares, first: Weights
) -> tuple[Floats, Floats]:
    """λ (n_L, n_1) and μ (n_L,) of the next epoch; the old ones where no slope is known."""
    known = ~np.isnan(squares.slopes)
    mean = np.where(known, squares.slopes, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    of_slopes = np.maximum(squares.slopes, _FLOOR * mean[:, None])
    return (
        _next(old[0], squares.values[:, None] / (of_slopes + _TINY), first.slope_weight),
        _next(old[1], squares.values / (squares.along + _TINY), first.dydv_weight),
    )


def weights_of(state: Any) -> Weights:
    """The weights in the state of an optimiser that learns them."""
    return Weights(state.l2, state.slope_weight, state.dydv_weight)


def next_weights(
    old: Weights, squares: MeanSquares, problem: Any, *, l2: bool, balance: bool, first: bool
) -> Weights:
    """The next weights of a problem: l2 and those of the slopes, as far as each is learned."""
    new_l2, of_slopes = old.l2, (old.slope_weight, old.dydv_weight)
    if l2:
        slopes, samples = problem.has_slopes, problem.samples
        new_l2 = next_l2(old.l2, squares, samples, slopes=slopes, first=first)
    if balance:
        of_slopes = next_slope_weights(of_slopes, squares, problem.weights)
    return Weights(new_l2, *of_slopes)


def _next(old: Floats, wanted: Floats, first: Floats) -> Floats:
    factor = wanted / first
    factor = np.clip(factor / np.clip(factor, 1 / _UNSURE, _UNSURE), _SMALLEST, _LARGEST)
    return np.asarray(np.where(np.isnan(wanted), old, _towards(old, factor * first)))


def _towards(old: Any, wanted: Any) -> Any:
    return old * (wanted / old) ** _STEP


def sum_of_logarithms(squares: MeanSquares) -> float:
    """½ Σ log MSE over the columns of values and slopes."""
    columns = np.concatenate([np.ravel(each) for each in squares])
    return 0.5 * float(np.log(columns[~np.isnan(columns)] + _TINY).sum())

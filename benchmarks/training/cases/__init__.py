"""The promises, one case per file; each has a `run` that takes a plan and returns an outcome."""

from collections.abc import Callable

from benchmarks.training.cases import (
    airfoil,
    balance,
    borehole,
    collapse,
    ego,
    error_bars,
    friedman,
    gradient,
    grid,
    higham,
    in_place,
    kriging,
    pathwise,
    rastrigin,
    rosenbrock,
    shape,
    sine,
    uncertainty,
)
from benchmarks.training.verdict import Outcome, Plan

CASES: dict[str, Callable[[Plan], Outcome]] = {
    "higham": higham.run,
    "rosenbrock": rosenbrock.run,
    "sine": sine.run,
    "rastrigin": rastrigin.run,
    "balance": balance.run,
    "airfoil": airfoil.run,
    "borehole": borehole.run,
    "grid": grid.run,
    "gradient": gradient.run,
    "kriging": kriging.run,
    "kriging-slopes": kriging.run_slopes,
    "friedman": friedman.run,
    "collapse": collapse.run,
    "pathwise": pathwise.run,
    "uncertainty": uncertainty.run,
    "shape": shape.run,
    "in-place": in_place.run,
    "error-bars": error_bars.run,
    "ego": ego.run,
}

__all__ = ["CASES"]

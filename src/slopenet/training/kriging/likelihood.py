"""The length scales and noises of the largest likelihood, by L-BFGS-B from several starts."""

from __future__ import annotations

import numpy as np

from slopenet._types import Floats
from slopenet.training.kriging.process import NOISES, SCALES, Process
from slopenet.training.kriging.processes import Processes

# log ℓ of the starts, less ½ log n_1, and log ν. Slopes tell the length scales more sharply.
_STARTS = ((0.5, -14.0), (-1.0, -14.0), (1.5, -9.0), (-2.5, -9.0), (0.0, -3.0))
_STARTS_WITH_SLOPES = ((0.5, -23.0), (1.2, -9.0), (-0.7, -14.0))
# So many rows in few inputs may have finer detail, below much noise.
_MANY_ROWS, _FEW_INPUTS, _FINE = 100, 3, (-2.0, -2.0)
_STEPS = 100


def starts(process: Process | Processes) -> list[Floats]:
    """The points to search from."""
    if isinstance(process, Processes):
        each = [starts(one) for _, one in process.groups]
        return [np.concatenate(together) for together in zip(*each, strict=True)]
    d = process.X.shape[1]
    pairs = _STARTS_WITH_SLOPES if process.slopes else _STARTS
    if len(process) >= _MANY_ROWS and d <= _FEW_INPUTS:
        pairs = (*pairs, _FINE)
    return [
        np.r_[np.full(d, 0.5 * np.log(d) + scale), np.full(process.noises, noise)]
        for scale, noise in pairs
    ]


def improve(process: Process | Processes, p: Floats, steps: int = _STEPS) -> tuple[Floats, float]:
    """Where -log L is least near p, and its value there, after so many steps at most."""
    if isinstance(process, Processes):
        own = np.split(p, len(process.groups))
        pairs = [
            improve(one, part, steps) for (_, one), part in zip(process.groups, own, strict=True)
        ]
        return np.concatenate([part for part, _ in pairs]), sum(cost for _, cost in pairs)
    from scipy.optimize import minimize  # loads many modules

    d = process.X.shape[1]
    bounds = [SCALES] * d + [NOISES] * process.noises
    found = minimize(
        process.cost,
        np.clip(p, *np.transpose(bounds)),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": steps},
    )
    return np.asarray(found.x), float(found.fun)

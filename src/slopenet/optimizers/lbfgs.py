"""L-BFGS by SciPy (Byrd, Lu, Nocedal & Zhu 1995): full batches, smooth objectives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from slopenet.arrays import Floats

MEMORY = 20


class _Stopped(Exception):  # noqa: N818
    pass


def minimise(
    function: Callable[[Floats], tuple[float, Floats]],
    theta: Floats,
    iterations: int,
    after: Callable[[int, Floats, float], bool],
) -> str:
    """Minimise from θ; ``after(iteration, theta, value)`` returns True to stop.

    Returns
    -------
    str
        Why it ended, as the end of a sentence.
    """
    count = 0

    def step(intermediate_result: Any) -> None:
        nonlocal count
        count += 1
        if after(count, intermediate_result.x.copy(), float(intermediate_result.fun)):
            raise _Stopped

    try:
        # Far out a trial step may overflow; the line search then shortens it.
        with np.errstate(over="ignore", invalid="ignore"):
            result = scipy.optimize.minimize(
                function,
                theta,
                jac=True,
                method="L-BFGS-B",
                callback=step,
                options={
                    "maxiter": iterations,
                    "maxfun": 10 * iterations + 100,
                    "maxcor": MEMORY,
                    "ftol": 1e-15,
                    "gtol": 1e-9,
                },
            )
    except _Stopped:
        return ""
    if result.nit >= iterations:
        return f"all {iterations} iterations were used"
    if result.success:
        return f"no step lowers the cost any more, after {result.nit} iterations"
    return f"it stopped after {result.nit} iterations ({result.message.strip().lower()})"

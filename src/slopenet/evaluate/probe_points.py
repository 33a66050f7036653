"""Points for testing a network: its first layer is not saturated there, in any units of the inputs.

The weights show where the data were. Far from there every bounded activation is flat, and a test of
its slopes would be meaningless.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from slopenet._types import Floats
from slopenet.activations import Head, LayerActivation, normalise

_ROWS = 64  # rows of W[2] that are used
_FLAT = 1e-3  # directions in which W[2] is flatter than this are ignored


def unsaturated(
    W: Floats,
    b: Floats,
    spread: ArrayLike,
    rng: np.random.Generator,
    activation: LayerActivation | None = None,
) -> Floats:
    """Points x (N, n_1) where z[2] = W[2] x + b[2] is about N(0, spread²).

    Where σ needs z > 0, log z is about N(0, (s spread)²) instead, with a scale s of each entry
    from 0.03 to 1.

    Parameters
    ----------
    W, b : array
        W[2] (n_2, n_1) and b[2] (n_2,).
    spread : array
        (N,), one number per point; if it is large, bounded activations are saturated.
    rng : Generator
    activation : Activation or Runs, optional
        σ of the first layer.
    """
    if activation is None or isinstance(activation, Head):
        activation = normalise("identity")
    runs = activation.runs(len(b))
    positive = np.repeat([each.info.domain[0] == 0 for each, _ in runs], [n for _, n in runs])
    rows = None if positive.any() else _ROWS
    first, offset = (np.asarray(a[:rows], np.float64) for a in (W, b))
    each: Any = np.asarray(spread, np.float64)[:, None]
    z = each * rng.standard_normal((len(each), len(offset)))
    if positive.any():
        with np.errstate(over="ignore"):
            z = np.where(positive, np.exp(z * 10 ** rng.uniform(-1.5, 0, z.shape)), z)
    return np.asarray((z - offset) @ np.linalg.pinv(first, rcond=_FLAT).T)

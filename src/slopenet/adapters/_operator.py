"""∂H/∂x at a point as a SciPy linear operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from slopenet._types import Floats
from slopenet.adapters._parts import require_network
from slopenet.network import Network
from slopenet.validate import arrays


def linear_operator(network: Network, x: Any) -> LinearOperator:
    """J = ∂H/∂x at a point as a LinearOperator (n_L, n_1), without forming the matrix.

    Products with J use jvp, products with Jᵀ use vjp; several columns are computed at once.

    Parameters
    ----------
    network : Network
    x : (n_1,)

    Raises
    ------
    TypeError, ValueError
        If x is not a point of the network.
    """
    n_1, n_L = require_network(network).sizes[0], network.sizes[-1]
    point = arrays.points("x", x, n_1, network.dtype, network.input_names).copy()
    arrays.require_shape("x", point, [(n_1,)])
    arrays.require_finite("x", point)

    def along(product: Callable[..., Floats]) -> Callable[[Floats], Floats]:
        """Map columns to columns, as a batch of rows at the one point."""

        def columns(V: Floats) -> Floats:
            rows = np.ascontiguousarray(V.T)
            return product(np.tile(point, (len(rows), 1)), rows).T

        return columns

    return LinearOperator(
        shape=(n_L, n_1),
        matvec=lambda v: network.jvp(point, v.ravel()),
        rmatvec=lambda u: network.vjp(point, u.ravel()),
        matmat=along(network.jvp),
        rmatmat=along(network.vjp),
        dtype=network.dtype,
    )

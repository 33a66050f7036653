"""Pyomo: a network as an external grey box with exact Jacobian and Hessian.

    m.wing = ExternalGreyBoxBlock(external_model=GreyBox(net))
    m.wing.inputs["span"], m.wing.outputs["drag"]        # variables, named as the network's

CyIpopt solves models with a grey box, through PyNumero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_matrix

from slopenet._types import Floats
from slopenet.adapters._last import Last
from slopenet.adapters._parts import bounds, input_names, output_names, require_network
from slopenet.network import Network
from slopenet.validate import arrays

try:
    from pyomo.contrib.pynumero.interfaces.external_grey_box import ExternalGreyBoxModel
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.pyomo needs Pyomo: pip install 'slopenet[pyomo]'"
    ) from error


class GreyBox(ExternalGreyBoxModel):  # type: ignore[misc, unused-ignore]
    """Outputs H(x) of inputs x, named as in the network, or x1, x2, ... and y1, y2, ...

    Parameters
    ----------
    network : Network
    bounded : bool
        Whether the ranges of the training data, if they are known, become bounds of the inputs.

    Raises
    ------
    TypeError
        If `network` is not a Network.
    """

    def __init__(self, network: Network, *, bounded: bool = True) -> None:
        self._network = require_network(network)
        self._bounded = bounded
        self._x = np.zeros(network.sizes[0])
        self._multipliers = np.zeros(network.sizes[-1])
        self._at = Last(network.value_and_jacobian)

    def input_names(self) -> list[str]:
        """Names of the components of x."""
        return list(input_names(self._network))

    def output_names(self) -> list[str]:
        """Names of the components of H."""
        return list(output_names(self._network))

    def finalize_block_construction(self, pyomo_block: Any) -> None:
        """Set the bounds of the inputs."""
        if not self._bounded:
            return
        for name, *ends in zip(input_names(self._network), *bounds(self._network), strict=True):
            lower, upper = (end if np.isfinite(end) else None for end in ends)
            pyomo_block.inputs[name].setlb(lower)
            pyomo_block.inputs[name].setub(upper)

    def set_input_values(self, input_values: Any) -> None:
        """Move to x (n_1,)."""
        self._x = _vector("input_values", input_values, len(self._x))

    def set_output_constraint_multipliers(self, output_con_multiplier_values: Any) -> None:
        """Set the u (n_L,) of `evaluate_hessian_outputs`."""
        self._multipliers = _vector(
            "output_con_multiplier_values", output_con_multiplier_values, len(self._multipliers)
        )

    def evaluate_outputs(self) -> Floats:
        """H (n_L,)."""
        return np.array(self._at(self._x)[0], float)

    def evaluate_jacobian_outputs(self) -> coo_matrix:
        """∂H/∂x (n_L, n_1), with all entries, zeros included, so that the structure is fixed."""
        J = self._at(self._x)[1].astype(float)
        return coo_matrix((J.ravel(), np.indices(J.shape).reshape(2, -1)), J.shape)

    def evaluate_hessian_outputs(self) -> coo_matrix:
        """Σ_k u_k ∇²H_k (n_1, n_1), its lower triangle."""
        total = self._network.weighted_hessian(self._x, self._multipliers).astype(float)
        rows, columns = np.tril_indices(len(total))
        return coo_matrix((total[rows, columns], (rows, columns)), total.shape)


def _vector(name: str, given: Any, n: int) -> Floats:
    """Return a copy, since the solver may change its array."""
    array = arrays.floats(name, given).copy()
    arrays.require_shape(name, array, [(n,)])
    return array

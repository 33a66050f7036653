"""CasADi: a network as a Function with exact Jacobian and Hessian, or as an expression.

    H = callback(net)                      # computed by the core, one point per call
    opti.subject_to(H(x) <= 1)             # keep a reference to H while opti is in use

    H = expression(net, x)                 # of SX, MX or DM: CasADi can expand it and write C

Both give IPOPT exact first and second derivatives. A callback suits wide networks. An expression
suits small ones, many points at once, and code that must run without Python.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.adapters._parts import bounds as ranges
from slopenet.adapters._parts import require_network
from slopenet.network import Network

try:
    import casadi as ca

    from slopenet.adapters.casadi._compiled import Compiled, matrix
    from slopenet.adapters.casadi._symbolic import sigma
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.casadi needs CasADi: pip install 'slopenet[casadi]'"
    ) from error


def expression(network: Network, x: Any) -> Any:
    """H as an expression in x.

    Parameters
    ----------
    network : Network
    x : SX, MX or DM, (n_1, N)
        Points as columns, as usual in CasADi.

    Returns
    -------
    SX, MX or DM, (n_L, N)
        In float64. Its first and second derivatives are exact to rounding, also in the tails of σ.

    Raises
    ------
    TypeError, ValueError
        If x is not a CasADi matrix with n_1 rows.
    """
    n_1 = require_network(network).sizes[0]
    if not isinstance(x, ca.SX | ca.MX | ca.DM):
        raise TypeError(f"x must be an SX, MX or DM, got {type(x).__name__}")
    if x.shape[0] != n_1:
        raise ValueError(f"x must have {n_1} rows, a point in each column, got {x.shape}")
    a = x
    for W, b, spec in zip(*network.chain(), strict=True):
        bias = ca.repmat(matrix(b[:, None]), 1, x.shape[1])
        a = sigma(spec, ca.mtimes(matrix(W), a) + bias)
    return a


def bounds(network: Network) -> dict[str, Any]:
    """``lbx`` and ``ubx`` (n_1, 1) for `nlpsol`: the ranges of the training data.

    They are infinite for a network without a card. ``solver(x0=x, **bounds(net))``.
    """
    return dict(zip(("lbx", "ubx"), map(ca.DM, ranges(require_network(network))), strict=True))


def callback(network: Network, name: str = "H", options: dict[str, Any] | None = None) -> Any:
    """H as a Function of x (n_1, 1) to H (n_L, 1), with Jacobian and Hessian by the core.

    Parameters
    ----------
    network : Network
    name : str
        Name of the Function.
    options : dict, optional
        Options of the Function.

    Returns
    -------
    casadi.Callback
        Keep a reference while expressions that call it are in use: CasADi does not keep one.

    Notes
    -----
    Reverse mode is vjp, and its Jacobian is Σ_k u_k ∇²H_k, so the Hessian of a Lagrangian costs
    about as much as that of one output. Third derivatives are not supported.
    """
    n_1, n_L = require_network(network).sizes[0], network.sizes[-1]
    x, H, J = (n_1, 1), (n_L, 1), (n_L, n_1)

    def hessian(*names: Any) -> Compiled:
        """∂vec(J)/∂x: rows in the order of J's columns, as CasADi counts them; 0 by H."""
        return Compiled(
            *names,
            inputs=[x, H, J],
            outputs=[(n_L * n_1, n_1), None],
            evaluate=lambda x, *_: [network.hessian(x).swapaxes(0, 1).reshape(-1, n_1)],
        )

    def jacobian(*names: Any) -> Compiled:
        """∂H/∂x."""
        return Compiled(
            *names,
            inputs=[x, H],
            outputs=[J],
            evaluate=lambda x, _: [network.jacobian(x)],
            jacobian=hessian,
        )

    def reverse(count: int, *names: Any) -> Compiled:
        """Jᵀ u of several u, the columns of the third input."""
        U, V = (n_L, count), (n_1, count)

        def products(x: Floats, u: Floats) -> Floats:
            rows = network.vjp(np.tile(x, (count, 1)), np.ascontiguousarray(u.T))
            return np.asarray(rows.T)

        def blocks(x: Floats, u: Floats) -> list[Floats]:
            curvature = network.weighted_hessian(np.tile(x, (count, 1)), np.ascontiguousarray(u.T))
            return [curvature.reshape(-1, n_1), np.kron(np.eye(count), network.jacobian(x).T)]

        def curvature(*names: Any) -> Compiled:
            """Σ_k u_k ∇²H_k by x, 0 by H, Jᵀ by u."""
            return Compiled(
                *names,
                inputs=[x, H, U, V],
                outputs=[(n_1 * count, n_1), None, (n_1 * count, n_L * count)],
                evaluate=lambda x, _, u, __: blocks(x, u),
            )

        return Compiled(
            *names,
            inputs=[x, H, U],
            outputs=[V],
            evaluate=lambda x, _, u: [products(x, u)],
            jacobian=curvature,
        )

    return Compiled(
        *(name, ["x"], ["H"], options or {}),
        inputs=[x],
        outputs=[H],
        evaluate=lambda x: [network(x)],
        jacobian=jacobian,
        reverse=reverse,
    )

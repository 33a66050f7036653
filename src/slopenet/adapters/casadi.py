"""CasADi: a network as a Function with exact Jacobian and Hessian, or as an expression.

    H = callback(net)                      # computed by the core, one point a call
    opti.subject_to(H(x) <= 1)             # keep H as long as what is built of it

    H = expression(net, x)                 # of SX, MX or DM: CasADi can expand it and write C

Both give IPOPT exact first and second derivatives. A callback suits wide networks; an expression
small ones, many points at once, and code that must run without Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from slopenet.adapters._parts import require_network
from slopenet.arrays import Floats
from slopenet.network import Network

try:
    import casadi as ca

    from slopenet.adapters._symbolic import sigma
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.casadi needs CasADi: pip install 'slopenet[casadi]'."
    ) from error

_Shape: TypeAlias = tuple[int, int]
_Derivative: TypeAlias = Callable[..., "_Compiled"]


def expression(network: Network, x: Any) -> Any:
    """H as an expression in x.

    Parameters
    ----------
    network : Network
    x : SX, MX or DM, (n_1, N)
        Points in columns, as is CasADi's way.

    Returns
    -------
    SX, MX or DM, (n_L, N)
        In float64. Its derivatives of first and second order are exact to rounding, in the tails
        of σ too.

    Raises
    ------
    TypeError, ValueError
        If x is no matrix of CasADi's, or not of n_1 rows.
    """
    n_1 = require_network(network).sizes[0]
    if not isinstance(x, ca.SX | ca.MX | ca.DM):
        raise TypeError(f"x must be an SX, MX or DM, got {type(x).__name__}")
    if x.shape[0] != n_1:
        raise ValueError(f"x must have {n_1} rows, a point in each column, got {x.shape}")
    a = x
    for W, b, spec in zip(*network.chain(), strict=True):
        bias = ca.repmat(_matrix(b[:, None]), 1, x.shape[1])
        a = sigma(spec, ca.mtimes(_matrix(W), a) + bias)
    return a


def callback(network: Network, name: str = "H", options: dict[str, Any] | None = None) -> Any:
    """H as a Function of x (n_1, 1) to H (n_L, 1), with Jacobian and Hessian by the core.

    Parameters
    ----------
    network : Network
    name : str
        Of the Function.
    options : dict, optional
        Of CasADi's Function.

    Returns
    -------
    casadi.Callback
        It must be kept as long as expressions that call it are used: CasADi does not keep it.

    Notes
    -----
    Reverse mode is vjp, and its Jacobian Σ_k u_k ∇²H_k, so that the Hessian of a Lagrangian costs
    about that of one output. Third derivatives are not there.
    """
    n_1, n_L = require_network(network).sizes[0], network.sizes[-1]
    x, H, J = (n_1, 1), (n_L, 1), (n_L, n_1)

    def hessian(*names: Any) -> _Compiled:
        """∂vec(J)/∂x: rows in the order of J's columns, as CasADi counts them; 0 by H."""
        return _Compiled(
            *names,
            inputs=[x, H, J],
            outputs=[(n_L * n_1, n_1), None],
            evaluate=lambda x, *_: [network.hessian(x).swapaxes(0, 1).reshape(-1, n_1)],
        )

    def jacobian(*names: Any) -> _Compiled:
        """∂H/∂x."""
        return _Compiled(
            *names,
            inputs=[x, H],
            outputs=[J],
            evaluate=lambda x, _: [network.jacobian(x)],
            jacobian=hessian,
        )

    def reverse(count: int, *names: Any) -> _Compiled:
        """Jᵀ u of several u, the columns of the third input."""
        U, V = (n_L, count), (n_1, count)

        def products(x: Floats, u: Floats) -> Floats:
            rows = network.vjp(np.tile(x, (count, 1)), np.ascontiguousarray(u.T))
            return np.asarray(rows.T)

        def blocks(x: Floats, u: Floats) -> list[Floats]:
            bent = network.weighted_hessian(np.tile(x, (count, 1)), np.ascontiguousarray(u.T))
            return [bent.reshape(-1, n_1), np.kron(np.eye(count), network.jacobian(x).T)]

        def curvature(*names: Any) -> _Compiled:
            """Σ_k u_k ∇²H_k by x, 0 by H, Jᵀ by u."""
            return _Compiled(
                *names,
                inputs=[x, H, U, V],
                outputs=[(n_1 * count, n_1), None, (n_1 * count, n_L * count)],
                evaluate=lambda x, _, u, __: blocks(x, u),
            )

        return _Compiled(
            *names,
            inputs=[x, H, U],
            outputs=[V],
            evaluate=lambda x, _, u: [products(x, u)],
            jacobian=curvature,
        )

    return _Compiled(
        *(name, ["x"], ["H"], options or {}),
        inputs=[x],
        outputs=[H],
        evaluate=lambda x: [network(x)],
        jacobian=jacobian,
        reverse=reverse,
    )


class _Compiled(ca.Callback):  # type: ignore[misc, unused-ignore]
    """A Function whose values NumPy computes: x as (n_1,), all other inputs as matrices.

    An output None is a block of zeros, that of derivatives by H, which nothing depends on. The
    derivatives that CasADi asks for are kept, as it does not keep them.
    """

    def __init__(
        self,
        name: str,
        names_in: list[str],
        names_out: list[str],
        options: dict[str, Any],
        *,
        inputs: list[_Shape],
        outputs: list[_Shape | None],
        evaluate: Callable[..., list[Floats]],
        jacobian: _Derivative | None = None,
        reverse: _Derivative | None = None,
    ) -> None:
        ca.Callback.__init__(self)
        self._names = names_in, names_out
        self._inputs, self._outputs = inputs, outputs
        self._evaluate, self._jacobian, self._reverse = evaluate, jacobian, reverse
        self._kept: list[_Compiled] = []
        self.construct(name, options)

    def get_n_in(self) -> int:
        return len(self._inputs)

    def get_n_out(self) -> int:
        return len(self._outputs)

    def get_name_in(self, i: int) -> str:
        return self._names[0][i]

    def get_name_out(self, i: int) -> str:
        return self._names[1][i]

    def get_sparsity_in(self, i: int) -> Any:
        return ca.Sparsity.dense(*self._inputs[i])

    def get_sparsity_out(self, i: int) -> Any:
        shape = self._outputs[i]
        if shape is not None:
            return ca.Sparsity.dense(*shape)
        rows = next(given[0] for given in self._outputs if given is not None)
        return ca.Sparsity(rows, self._inputs[i][0] * self._inputs[i][1])

    def eval(self, given: Sequence[Any]) -> list[Any]:
        x, *others = (matrix.full() for matrix in given)
        results = iter(self._evaluate(x.ravel(), *others))
        shapes = enumerate(self._outputs)
        return [
            ca.DM(self.get_sparsity_out(i)) if shape is None else _matrix(next(results), shape)
            for i, shape in shapes
        ]

    def has_jacobian(self) -> bool:
        return self._jacobian is not None

    def get_jacobian(self, *given: Any) -> Any:
        return self._keep(self._jacobian, given)

    def has_reverse(self, nadj: int) -> bool:
        return self._reverse is not None and nadj > 0

    def get_reverse(self, *given: Any) -> Any:
        return self._keep(self._reverse, given)

    def _keep(self, make: _Derivative | None, given: tuple[Any, ...]) -> _Compiled:
        if make is None:
            raise NotImplementedError(f"{self.name()} has no further derivative")
        self._kept.append(make(*given))
        return self._kept[-1]


def _matrix(array: Floats, shape: _Shape | None = None) -> Any:
    """A dense DM, zeros and all."""
    return ca.DM(np.asarray(array, float).reshape(shape or array.shape))

"""PyTorch: a network as a function of autograd, its derivatives from the compiled core.

    H = function(net)
    H(X).sum().backward()            # X.grad is Jᵀ u from the core
    fit_module(module, X, y, dydx)   # trains a module of torch in place

The weights are constants. `Network` itself accepts tensors too, on any device and with derivatives
of every order, computed by torch. This function uses the core, for float32 and float64 CPU tensors.

With u on H and w on x, entry by entry exact in the tails:

    values      H                 vjp         Jᵀ u
    jvp         J w               curvature   Σ_k u_k ∇²H_k w

The backward of values is vjp. The backward of vjp uses curvature and jvp, that of jvp uses
curvature and vjp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.adapters._parts import require_network
from slopenet.network import Network

try:
    import torch
    from torch.autograd import Function
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.torch needs PyTorch: pip install 'slopenet[torch]'"
    ) from error

from slopenet.adapters._torch_fit import fit_module

__all__ = ["fit_module", "function"]


def function(network: Network) -> Callable[[Any], Any]:
    """H as a function of CPU tensors, twice differentiable by autograd and torch.func.

    Parameters
    ----------
    network : Network

    Returns
    -------
    function
        Of X (..., n_1), float32 or float64, to H (..., n_L) of the same dtype, computed in the
        network's. Backward, double backward, forward mode and vmap work; a derivative of third
        order in X is an error.

    Raises
    ------
    TypeError
        If `network` is not a Network. The function raises TypeError for other dtypes, and
        ValueError for other shapes and devices, and for entries that are not finite.
    """
    n_1 = require_network(network).sizes[0]

    def H(X: Any) -> Any:
        if not isinstance(X, torch.Tensor) or X.dtype not in (torch.float32, torch.float64):
            what = getattr(X, "dtype", type(X).__name__)
            raise TypeError(f"X must be a tensor of float32 or float64, got {what}")
        if X.ndim == 0 or X.shape[-1] != n_1:
            raise ValueError(f"X must have shape (..., {n_1}), got {tuple(X.shape)}")
        if X.device.type != "cpu":
            raise ValueError(
                f"X is on {X.device}; the core computes on the CPU. Pass X.cpu(), or call the"
                " network itself, which computes where X is"
            )
        return _Values.apply(X, network)

    return H


def _rows(*tensors: Any) -> list[Floats]:
    """Tensors (..., n) as arrays (N, n)."""
    return [t.detach().numpy().reshape(-1, t.shape[-1]) for t in tensors]


def _like(X: Any, result: Floats) -> Any:
    """Rows (N, n) with the leading axes and the dtype of X."""
    return torch.from_numpy(result).to(X.dtype).reshape(*X.shape[:-1], result.shape[-1])


class _OfNetwork(Function):  # type: ignore[misc, unused-ignore]
    """A function of tensors (..., n) and a network, the last argument."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        *tensors, ctx.network = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> tuple[Any, int]:
        """One more leading axis, the same for all tensors."""
        *tensors, network = inputs
        front = [
            t.expand(info.batch_size, *t.shape) if at is None else t.movedim(at, 0)
            for t, at in zip(tensors, in_dims, strict=False)
        ]
        return cls.apply(*front, network), 0


class _Values(_OfNetwork):
    @staticmethod
    def forward(X: Any, network: Network) -> Any:
        return _like(X, network(*_rows(X)))

    @staticmethod
    def backward(ctx: Any, u: Any) -> tuple[Any, None]:
        (X,) = ctx.saved_tensors
        return _Vjp.apply(X, u, ctx.network), None

    @staticmethod
    def jvp(ctx: Any, w: Any, _: Any) -> Any:
        (X,) = ctx.saved_tensors
        return _Jvp.apply(X, w, ctx.network)


class _Vjp(_OfNetwork):
    @staticmethod
    def forward(X: Any, u: Any, network: Network) -> Any:
        return _like(X, network.vjp(*_rows(X, u)))

    @staticmethod
    def backward(ctx: Any, w: Any) -> tuple[Any, Any, None]:
        X, u = ctx.saved_tensors
        curvature = _Curvature.apply(X, u, w, ctx.network) if ctx.needs_input_grad[0] else None
        return curvature, _Jvp.apply(X, w, ctx.network) if ctx.needs_input_grad[1] else None, None

    @staticmethod
    def jvp(ctx: Any, w: Any, u_dot: Any, _: Any) -> Any:
        X, u = ctx.saved_tensors
        total = torch.zeros_like(X) if u_dot is None else _Vjp.apply(X, u_dot, ctx.network)
        return total if w is None else total + _Curvature.apply(X, u, w, ctx.network)


class _Jvp(_OfNetwork):
    @staticmethod
    def forward(X: Any, w: Any, network: Network) -> Any:
        return _like(X, network.jvp(*_rows(X, w)))

    @staticmethod
    def backward(ctx: Any, u: Any) -> tuple[Any, Any, None]:
        X, w = ctx.saved_tensors
        curvature = _Curvature.apply(X, u, w, ctx.network) if ctx.needs_input_grad[0] else None
        return curvature, _Vjp.apply(X, u, ctx.network) if ctx.needs_input_grad[1] else None, None


class _Curvature(_OfNetwork):
    @staticmethod
    def forward(X: Any, u: Any, w: Any, network: Network) -> Any:
        rows, u_rows, w_rows = _rows(X, u, w)
        if network.sizes[-1] <= network.sizes[0]:
            product = np.einsum("nk,nki->ni", u_rows, network.hvp(rows, w_rows))
        else:
            product = np.einsum("nij,nj->ni", network.weighted_hessian(rows, u_rows), w_rows)
        return _like(X, product)

    @staticmethod
    def backward(ctx: Any, _: Any) -> Any:
        raise NotImplementedError(
            "third derivatives of a network are not known here; call the network itself on the"
            " tensor, which torch differentiates as often as it is asked"
        )

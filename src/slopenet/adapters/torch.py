"""PyTorch: a network as a function of autograd, its derivatives from the compiled core.

    H = function(net)
    H(X).sum().backward()            # X.grad is Jᵀ u from the core
    fit_module(module, X, y, dydx)   # trains a module of torch in place

The weights are constants. `Network` itself accepts tensors too, on any device and with derivatives
of every order, computed by torch. This function uses the core, for float32 and float64 CPU tensors.

A call is one operator of torch (`_torch_operators`) in the graphs of make_fx, torch.compile and
torch.export, with derivatives of its own (`_torch_functions`).
"""

from __future__ import annotations

from typing import Any

from slopenet.adapters._parts import OfNetwork, require_network
from slopenet.network import Network

try:
    import torch
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.torch needs PyTorch: pip install 'slopenet[torch]'"
    ) from error

from slopenet.adapters._torch_fit import fit_module
from slopenet.adapters._torch_functions import Values
from slopenet.adapters._torch_operators import operator, register

__all__ = ["NetworkFunction", "fit_module", "function"]


def function(network: Network) -> NetworkFunction:
    """H as a function of CPU tensors, twice differentiable by autograd and torch.func.

    Parameters
    ----------
    network : Network

    Returns
    -------
    function
        Of X (..., n_1), float32 or float64, to H (..., n_L) of the same dtype, computed in the
        network's. Backward, double backward, forward mode, vmap, batched gradients, linearize,
        make_fx, torch.compile and torch.export work; a derivative of third order in X is an error.
        It pickles.

    Raises
    ------
    TypeError
        If `network` is not a Network. The function raises TypeError for other dtypes, and
        ValueError for other shapes and devices, and for entries that are not finite.
    """
    return NetworkFunction(require_network(network))


class NetworkFunction(OfNetwork):
    """H as a function of CPU tensors, as `function` returns it."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._key, self._kept = register(network)
        self._n_1 = network.sizes[0]

    def __call__(self, X: Any) -> Any:
        """H(X) (..., n_L), in the dtype of X (..., n_1)."""
        if not isinstance(X, torch.Tensor) or X.dtype not in (torch.float32, torch.float64):
            what = getattr(X, "dtype", type(X).__name__)
            raise TypeError(f"X must be a tensor of float32 or float64, got {what}")
        n_1 = self._n_1
        if X.ndim == 0 or X.shape[-1] != n_1:
            raise ValueError(f"X must have shape (..., {n_1}), got {tuple(X.shape)}")
        if X.device.type != "cpu":
            raise ValueError(
                f"X is on {X.device}; the core computes on the CPU. Pass X.cpu(), or call the"
                " network itself, which computes where X is"
            )
        if torch.compiler.is_compiling():
            return operator("values")(X, self._key)
        return Values.apply(X, self._key)

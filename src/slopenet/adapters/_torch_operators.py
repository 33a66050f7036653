"""A network's products as operators of torch, so that torch can trace, compile and batch them.

    values      H                       vjp         Jᵀ u
    jvp         J w                     curvature   Σ_k u_k ∇²H_k w
    second      v·∇²H_k w for every k

Each takes tensors (..., n) with equal leading axes, and the key of a network. A graph refers to its
network by the key, which depends on the weights alone: the graph of one process never reaches
another network in the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch

from slopenet._types import Floats
from slopenet.network import Network

_networks: WeakValueDictionary[str, Network] = WeakValueDictionary()
_traced: dict[str, Network] = {}  # graphs hold no reference to their networks


def register(network: Network) -> tuple[str, Network]:
    """The key of a network, and the network that has it; the caller keeps that one."""
    what = (network.sizes, network.dtype.str, network.activations, network.checksum)
    key = hashlib.sha256(repr(what).encode()).hexdigest()
    return key, _networks.setdefault(key, network)


def _of(key: str) -> Network:
    network = _networks.get(key)
    if network is None:
        raise RuntimeError(
            "this graph of torch refers to a network that this process has not: call"
            " slopenet.adapters.torch.function(network) first, and keep its result"
        )
    return network


def keep(key: str) -> None:
    """Keep a network from now on, since a graph may refer to it."""
    _traced[key] = _of(key)


def _curvature(network: Network, X: Floats, u: Floats, w: Floats) -> Any:
    if network.sizes[-1] <= network.sizes[0]:
        return np.einsum("nk,nki->ni", u, network.hvp(X, w))
    return np.einsum("nij,nj->ni", network.weighted_hessian(X, u), w)


def _second(network: Network, X: Floats, v: Floats, w: Floats) -> Any:
    return np.einsum("nki,ni->nk", network.hvp(X, w), v)


_CORE: dict[str, Callable[..., Any]] = {
    "values": lambda network, X: network(X),
    "vjp": lambda network, X, u: network.vjp(X, u),
    "jvp": lambda network, X, w: network.jvp(X, w),
    "curvature": _curvature,
    "second": _second,
}
_TENSORS = {"values": "X", "vjp": "X u", "jvp": "X w", "curvature": "X u w", "second": "X v w"}
_OF_OUTPUTS = {"values", "jvp", "second"}  # (..., n_L), the others (..., n_1)


def compute(name: str, network: Network, *tensors: Any) -> Any:
    """A product of tensors that hold numbers, by the core."""
    X = tensors[0]
    rows = [t.detach().numpy().reshape(-1, t.shape[-1]) for t in tensors]
    result = torch.from_numpy(_CORE[name](network, *rows)).to(X.dtype)
    return result if X.ndim == 2 else result.reshape(*X.shape[:-1], result.shape[-1])


def operator(name: str) -> Any:
    """A product as an operator of torch, of its tensors and the key."""
    return getattr(torch.ops.slopenet, name).default


def product(name: str, key: str, *tensors: Any) -> Any:
    """A product without derivatives: by the core, or by its operator if torch traces."""
    if holds_numbers(*tensors):
        return compute(name, _of(key), *tensors)
    keep(key)
    with torch._C._AutoDispatchBelowAutograd():
        return operator(name)(*tensors, key)


def holds_numbers(*tensors: Any) -> bool:
    """Whether tensors are plain and no tracing is active, so that no operator is needed."""
    try:
        if torch._C._len_torch_dispatch_stack() or torch._C._are_functorch_transforms_active():
            return False
        batched = torch._C._functorch.is_legacy_batchedtensor
        return all(type(t) in _PLAIN and not batched(t) for t in tensors)
    except AttributeError:  # another version of torch; the operators are always right
        return False


_PLAIN = (torch.Tensor, torch.nn.Parameter)


def _kernel(name: str) -> Callable[..., Any]:
    def kernel(*arguments: Any) -> Any:
        *tensors, key = arguments
        return compute(name, _of(key), *tensors)

    return kernel


def _fake(name: str) -> Callable[..., Any]:
    def fake(*arguments: Any) -> Any:
        X, key = arguments[0], arguments[-1]
        keep(key)
        width = _of(key).sizes[-1 if name in _OF_OUTPUTS else 0]
        return X.new_empty((*X.shape[:-1], width))

    return fake


def define(derivatives: Callable[[str], Callable[..., Any]]) -> torch.library.Library:
    """Define the operators; `derivatives` of a name gives its function for autograd and torch.func.

    They live as long as the library that is returned.
    """
    library = torch.library.Library("slopenet", "DEF")
    register_fake = getattr(torch.library, "register_fake", None) or torch.library.impl_abstract
    for name, tensors in _TENSORS.items():
        arguments = ", ".join(f"Tensor {each}" for each in tensors.split())
        library.define(f"{name}({arguments}, str key) -> Tensor")
        library.impl(name, _kernel(name), "CPU")
        register_fake(f"slopenet::{name}", _fake(name), lib=library)
        for where in ("Autograd", "FuncTorchDynamicLayerFrontMode"):
            library.impl(name, derivatives(name), where)
    return library

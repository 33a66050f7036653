"""The modules of a forward while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from slopenet.activations import ActivationSpec
from slopenet.importers._steps import sigma
from slopenet.maps.affine import refuse


@contextmanager
def running_modules(
    path_of: list[str], module: Any, known: Mapping[type, ActivationSpec]
) -> Iterator[None]:
    """While modules run, the last of `path_of` names them; those of known classes are their σ."""

    def enter(path: str) -> Any:
        def hook(inner: Any, _: Any) -> None:
            path_of.append(f"module {path} ({type(inner).__name__})")
            _refuse_known(path_of[-1], inner)

        return hook

    def leave(*_: Any) -> None:
        path_of.pop()

    handles = []
    for path, inner in module.named_modules():
        spec = next((spec for kind, spec in known.items() if isinstance(inner, kind)), None)
        if spec is not None:
            inner.forward = _activation(f"module {path} ({type(inner).__name__})", spec)
        if path:
            handles.append(inner.register_forward_pre_hook(enter(path)))
            handles.append(inner.register_forward_hook(leave))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _refuse_known(where: str, module: Any) -> None:
    """Refuse a module whose operations would not tell why no network is it."""
    from torch import nn

    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        refuse(where, "it is recurrent: its value depends on a state, not on one row alone")
    if isinstance(module, nn.MultiheadAttention):
        refuse(where, "attention multiplies values that depend on the input")


def _activation(where: str, spec: ActivationSpec) -> Any:
    """The forward of an activation of slopenet, made of operations that are one expression."""
    import torch
    from torch.nn import functional as F  # noqa: N812

    own = sigma(where, spec).uniform
    name = "identity" if own is None else own.name
    given: Any = 0.0 if own is None else own.parameter
    functions = {
        "identity": lambda z: z,
        "leaky_relu": lambda z: F.leaky_relu(z, given),
        "elu": lambda z: F.elu(z, given),
        "softplus": lambda z: F.softplus(z, given),
        "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
        "clip": lambda z: F.hardtanh(z, *given),
        "gaussian": lambda z: torch.exp(-z * z),
    }
    return functions.get(name) or getattr(torch, name, None) or getattr(F, name)

"""Networks of torch: Sequential stacks of Linear, activations, and layers that fold into them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._fold import network_of
from slopenet.importers._steps import Step, affine, batch_normalisation, refuse, scaled, sigma
from slopenet.importers._verify import Report, compare
from slopenet.network import Network

# Classes of torch.nn: those that change nothing in eval mode; σ and the attribute of its parameter.
_NOTHING = ("Identity", "Dropout", "AlphaDropout")
_ACTIVATIONS: dict[str, tuple[str, str | None]] = {
    "Sigmoid": ("sigmoid", None),
    "Tanh": ("tanh", None),
    "ReLU": ("relu", None),
    "LeakyReLU": ("leaky_relu", "negative_slope"),
    "ELU": ("elu", "alpha"),
    "SELU": ("selu", None),
    "Softplus": ("softplus", "beta"),
    "SiLU": ("silu", None),
    "Mish": ("mish", None),
    "Softsign": ("softsign", None),
}


def from_torch(
    module: Any,
    *,
    activations: Mapping[type, ActivationSpec] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    report: Report | None = None,
) -> Network:
    """Import a network of torch, as it is in eval mode; the module itself stays as it is.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential, nested as deep as you like, of Linear, activations, BatchNorm1d, Dropout,
        Flatten and Identity; or one of these. Of a module whose forward is your own, pass the
        Sequential inside, or its ``state_dict()`` to `from_state_dict`.
    activations : mapping of type to activation, optional
        Which σ a module class of your own is, as ``{Sine: "sin"}``.
    dtype : {float64, float32}, optional
        Of the network, instead of the module's. Folding BatchNorm1d in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    report : callable, optional
        Called with a `Comparison` of the network and the module on random points, as ``print``.

    Returns
    -------
    Network
        float32 if the weights are float32 or shorter, else float64.

    Raises
    ------
    UnsupportedNetworkError
        If a module is none of those above, which is named, or if the values differ.
    ImportError
        If torch is not installed.

    Notes
    -----
    torch's Softplus is z from ``threshold`` on; the network has the exact function, which differs
    by 2e-9/β there and, unlike torch's, has a continuous derivative.
    """
    try:
        import torch
    except ImportError as error:
        raise ImportError("from_torch needs PyTorch: pip install torch") from error
    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"module must be a torch.nn.Module, got {type(module).__name__};"
            " weights by name go to from_state_dict"
        )
    source = f"torch {type(module).__name__}"
    evaluated = copy.deepcopy(module).eval()
    steps = list(_walk(evaluated, "", activations or {}))
    network = network_of(
        source, steps, dtype=dtype, input_names=input_names, output_names=output_names
    )
    weight = next(evaluated.parameters())

    def values(X: Floats) -> Floats:
        with torch.no_grad():
            given = torch.from_numpy(X).to(device=weight.device, dtype=weight.dtype)
            return numpy_of(evaluated(given))

    single = weight.dtype != torch.float64
    return compare(source, network, values, np.float32 if single else np.float64, report)


def _walk(module: Any, path: str, known: Mapping[type, ActivationSpec]) -> Iterator[Step]:
    from torch import nn

    where = f"module {path or 'itself'} ({type(module).__name__})"
    if getattr(module, "has_uninitialized_params", bool)():
        refuse(where, "it has no weights yet; run it once")
    if module._forward_hooks or module._forward_pre_hooks:
        refuse(where, "it has forward hooks, whose effect is unknown")
    for kind, spec in known.items():
        if isinstance(module, kind):
            yield sigma(where, spec)
            return
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        # named_children() has a module that is used twice only once.
        for name, child in module._modules.items():
            if child is not None:
                yield from _walk(child, f"{path}.{name}" if path else name, known)
        return
    for name in (*_NOTHING, *_ACTIVATIONS, *_RULES):
        # A subclass that computes the same, as torch's parametrized ones do, is the same.
        kind = getattr(nn, name)
        if isinstance(module, kind) and type(module).forward is kind.forward:
            yield from _steps(where, name, module)
            return
    inside = [
        f"{name} ({type(child).__name__})"
        for name, child in module.named_children()
        if isinstance(child, nn.Sequential | nn.Linear)
    ]
    hint = f"; it has {', '.join(inside)} inside: pass that, or its weights" if inside else ""
    refuse(where, f"it is neither a dense layer nor an activation that slopenet has{hint}")


def _steps(where: str, name: str, module: Any) -> Iterator[Step]:
    """Steps of a module of a class of torch.nn."""
    if name in _ACTIVATIONS:
        known, attribute = _ACTIVATIONS[name]
        spec = known if attribute is None else (known, getattr(module, attribute))
        yield sigma(where, spec)
    elif name in _RULES:
        yield from _RULES[name](where, module)


def numpy_of(tensor: Any) -> Floats:
    """A tensor's numbers; of less than float32, as float32, which holds them exactly."""
    import torch

    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype != torch.float64:
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def _linear(where: str, m: Any) -> list[Step]:
    return [affine(where, numpy_of(m.weight), 0.0 if m.bias is None else numpy_of(m.bias))]


def _batch_norm(where: str, m: Any) -> list[Step]:
    if m.running_mean is None or m.running_var is None:
        refuse(where, "it has no running statistics, so a value depends on the whole batch")
    gamma, beta = (None if p is None else numpy_of(p) for p in (m.weight, m.bias))
    mean, variance = numpy_of(m.running_mean), numpy_of(m.running_var)
    return [batch_normalisation(where, mean, variance.astype(np.float64) + m.eps, gamma, beta)]


def _flatten(where: str, m: Any) -> list[Step]:
    if m.start_dim != 1:
        refuse(where, "it flattens the samples too")
    return []


def _prelu(where: str, m: Any) -> list[Step]:
    slopes = numpy_of(m.weight)
    if (slopes != slopes[0]).any():
        refuse(where, "its slopes differ between units; a layer has one")
    return [sigma(where, ("leaky_relu", float(slopes[0])))]


def _celu(where: str, m: Any) -> list[Step]:
    return scaled(where, 1 / m.alpha, "elu", m.alpha)


def _log_sigmoid(where: str, m: Any) -> list[Step]:
    del m
    return scaled(where, -1.0, "softplus", -1.0)


def _hardtanh(where: str, m: Any) -> list[Step]:
    return [sigma(where, ("clip", m.min_val, m.max_val))]


def _hardsigmoid(where: str, m: Any) -> list[Step]:
    """clip(z, -3, 3)/6 + 1/2."""
    del m
    return [sigma(where, ("clip", -3.0, 3.0)), affine(where, 1 / 6, 0.5)]


def _softmax(where: str, m: Any) -> list[Step]:
    return _head(where, m, "softmax")


def _log_softmax(where: str, m: Any) -> list[Step]:
    return _head(where, m, "log_softmax")


def _head(where: str, m: Any, name: str) -> list[Step]:
    if m.dim not in (1, -1):
        refuse(where, f"its dim is {m.dim}; 1 or -1 is wanted")
    return [sigma(where, name)]


def _gelu(where: str, m: Any) -> list[Step]:
    return [sigma(where, "gelu" if m.approximate == "none" else "gelu_tanh")]


_RULES: dict[str, Callable[[str, Any], list[Step]]] = {
    "Linear": _linear,
    "BatchNorm1d": _batch_norm,
    "Flatten": _flatten,
    "PReLU": _prelu,
    "CELU": _celu,
    "ReLU6": _hardtanh,
    "Hardtanh": _hardtanh,
    "Hardsigmoid": _hardsigmoid,
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "LogSigmoid": _log_sigmoid,
    "GELU": _gelu,
}

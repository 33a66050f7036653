"""Networks of torch: Sequential stacks of Linear, activations, and layers that fold into them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._options import Options
from slopenet.importers._steps import Step, scaled, sigma, sigmas
from slopenet.importers._verify import Report
from slopenet.importers.torch.forward import dtype_of, network_of_forward
from slopenet.importers.torch.numbers import numpy_of
from slopenet.maps.affine import UnsupportedNetworkError, affine, batch_normalisation, refuse
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


class _NotAStackError(UnsupportedNetworkError):
    """A module that is no stack of layers; its forward may still be traced."""


def from_torch(
    module: Any,
    *,
    example: Any = None,
    activations: Mapping[type, ActivationSpec] | None = None,
    dtype: DTypeLike | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_scaling: Any = None,
    output_scaling: Any = None,
    report: Report | None = None,
) -> Network:
    """Import a network of torch, as it is in eval mode; the module itself stays as it is.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential of Linear, activations, BatchNorm1d, Dropout, Flatten and Identity, or any
        module with a forward of your own that is made of these and of sums, concatenations,
        slices and other linear operations: residual networks, skips, branches, several inputs
        and outputs. Such a forward is traced, at one row and at batches of two and three rows.
    example : tensor, or sequence of tensors, optional
        Inputs of `module`, (N, ...) each, as for ``torch.onnx.export``; only their shapes matter.
        Needed where forward takes several inputs, or the number of inputs cannot be found from
        the weights. Inputs of several tensors are the columns of one after the other.
    activations : mapping of type to activation, optional
        Which σ a module class of your own is, as ``{Sine: "sin"}``.
    dtype : {float64, float32}, optional
        Of the network, instead of the module's. Folding BatchNorm1d in float32 may cost digits.
    input_names, output_names : sequence of str, optional
        Labels of the network.
    input_scaling, output_scaling : scaling, optional
        Maps that were applied to inputs and outputs before training, and are not part of the
        source; see `Network.scaled`. Names are then those of raw inputs and outputs.
    report : callable, optional
        Called with a `Comparison` of the network and the module on random points, as ``print``.

    Returns
    -------
    Network
        float32 if the weights are float32 or shorter, else float64.

    Raises
    ------
    UnsupportedNetworkError
        If a module or an operation of a forward is none of those above, which is named, if a
        forward decides by values of its input or changes a buffer, or if the values differ.
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
    _require_plain(source, module)
    evaluated = copy.deepcopy(module).eval()
    known = activations or {}
    options = Options(dtype, input_names, output_names, input_scaling, output_scaling, report)
    try:
        steps = list(_walk(evaluated, "", known))
    except _NotAStackError as error:
        refused: UnsupportedNetworkError | None = error
    else:
        refused = None
    if refused is None:
        network, values = options.network(source, steps), _values(evaluated)
    else:
        network, values = network_of_forward(source, module, example, known, options, refused)
    single = dtype_of(evaluated) != torch.float64
    return options.compared(source, network, values, np.float32 if single else np.float64)


def _require_plain(source: str, module: Any) -> None:
    """Refuse what would be traced wrongly, or with an error that does not say why."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        refuse(source, "it is compiled by TorchScript; pass the module that it was made of")
    for name, parameter in module.named_parameters():
        if parameter.dtype in (torch.float16, torch.bfloat16):
            refuse(
                source,
                f"{name!r} is {parameter.dtype}, in which it computes other values than slopenet;"
                " pass module.float()",
            )


def _values(module: Any) -> Callable[[Floats], Floats]:
    import torch

    weight = next(module.parameters())

    def values(X: Floats) -> Floats:
        with torch.no_grad():
            given = torch.from_numpy(X).to(device=weight.device, dtype=weight.dtype)
            return numpy_of(module(given))

    return values


def _walk(module: Any, path: str, known: Mapping[type, ActivationSpec]) -> Iterator[Step]:
    from torch import nn

    where = f"module {path or 'itself'} ({type(module).__name__})"
    if getattr(module, "has_uninitialized_params", bool)():
        refuse(where, "it has no weights yet; run it once")
    if module._forward_hooks or module._forward_pre_hooks:
        raise _NotAStackError(f"{where}: it has forward hooks")
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
    raise _NotAStackError(
        f"{where}: it is neither a dense layer nor an activation that slopenet has"
    )


def _steps(where: str, name: str, module: Any) -> Iterator[Step]:
    """Steps of a module of a class of torch.nn."""
    if name in _ACTIVATIONS:
        known, attribute = _ACTIVATIONS[name]
        spec = known if attribute is None else (known, getattr(module, attribute))
        yield sigma(where, spec)
    elif name in _RULES:
        yield from _RULES[name](where, module)


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
    if len(slopes) == 1:
        return [sigma(where, ("leaky_relu", float(slopes[0])))]
    return [sigmas(where, [("leaky_relu", float(slope)) for slope in slopes])]


def _rrelu(where: str, m: Any) -> list[Step]:
    """As in eval mode: the mean of its slopes."""
    return [sigma(where, ("leaky_relu", (m.lower + m.upper) / 2))]


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
    "RReLU": _rrelu,
    "CELU": _celu,
    "ReLU6": _hardtanh,
    "Hardtanh": _hardtanh,
    "Hardsigmoid": _hardsigmoid,
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "LogSigmoid": _log_sigmoid,
    "GELU": _gelu,
}

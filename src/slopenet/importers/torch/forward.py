"""A module with a forward of its own as a network: traced, compiled, and compared with itself."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.activations import ActivationSpec
from slopenet.importers._options import Options
from slopenet.importers.torch.numbers import numpy_of
from slopenet.importers.torch.outputs import flat_outputs
from slopenet.importers.torch.trace import traced
from slopenet.maps.affine import UnsupportedNetworkError, refuse
from slopenet.network import Network

_ROWS = (3, 2, 1)  # of the batches that it is traced at
_MOST_WIDTHS = 50
_ADVICE = "pass example=, a tensor of a few rows, or a tuple of one for each input"


def network_of_forward(  # noqa: PLR0917
    source: str,
    module: Any,
    example: Any,
    known: Mapping[type, ActivationSpec],
    options: Options,
    refused: UnsupportedNetworkError,
) -> tuple[Network, Callable[[Floats], Floats]]:
    """The network of a module's forward, and its values as a function of X (N, n_1).

    Parameters
    ----------
    source : str
    module : torch.nn.Module
    example : tensor, sequence of tensors, or None
    known : mapping of type to activation
    options : Options
    refused : UnsupportedNetworkError
        Why it is no stack of layers: the reason, if it has no forward of its own.

    Raises
    ------
    UnsupportedNetworkError
        If an operation is none of a network, or its results depend on the number of rows.
    """
    import torch

    if any(getattr(each, "has_uninitialized_params", bool)() for each in module.modules()):
        refuse(source, "it has no weights yet; run it once")
    evaluated = copy.deepcopy(module).eval()
    shapes = _shapes(source, evaluated, example, refused)
    rng = np.random.default_rng(0)
    kind = np.float64 if dtype_of(evaluated) == torch.float64 else np.float32
    networks = []
    for rows in _ROWS:
        inputs = [
            torch.from_numpy(rng.standard_normal((rows, *shape))).to(_like(evaluated))
            for shape in shapes
        ]
        output, starts, heads = traced(source, copy.deepcopy(evaluated), inputs, known)
        networks.append(options.named(heads).network_of_graph(source, output, starts, dtype=kind))
    if any(network != networks[0] for network in networks):
        refuse(source, "its forward computes something else for one row than for a batch")

    def values(X: Floats) -> Floats:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        parts = np.split(np.ascontiguousarray(X), ends[:-1], axis=1)
        with torch.no_grad():
            inputs = [
                torch.from_numpy(part).to(_like(evaluated)).reshape(len(X), *shape)
                for part, shape in zip(parts, shapes, strict=True)
            ]
            found = [numpy_of(each) for _, each in flat_outputs(source, evaluated(*inputs))]
        return np.concatenate([each.reshape(len(X), -1) for each in found], axis=1)

    return networks[0], values


def dtype_of(module: Any) -> Any:
    """The dtype of torch that a module computes in."""
    return _like(module).dtype


def _like(module: Any) -> Any:
    """A tensor of the dtype and device of a module."""
    import torch

    tensors = (*module.parameters(), *module.buffers())
    found = next((x for x in tensors if x.is_floating_point()), None)
    return torch.zeros(()) if found is None else found.detach()


def _shapes(
    source: str, module: Any, example: Any, refused: UnsupportedNetworkError
) -> list[tuple[int, ...]]:
    """The shape of one row of each input."""
    import torch

    if example is not None:
        given = [example] if isinstance(example, torch.Tensor) else list(example)
        if not given or not all(isinstance(x, torch.Tensor) and x.ndim > 1 for x in given):
            raise ValueError("example must be a tensor (N, ...), or a sequence of such tensors")
        return [tuple(x.shape[1:]) for x in given]
    needed = [
        name
        for name, each in inspect.signature(module.forward).parameters.items()
        if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    ]
    if len(needed) > 1:
        refuse(source, f"its forward takes {', '.join(needed)}; {_ADVICE}")
    fitting = [n for n in _widths(module) if _runs(module, n)]
    wide = [n for n in fitting if n > 1] or fitting  # one number is broadcast to any
    if len(wide) == 1 and _runs(module, wide[0] + 1):
        wide.append(wide[0] + 1)  # it takes any number
    if len(wide) != 1:
        if not wide and _fails_everywhere(module):
            raise refused
        found = f"{' and '.join(map(str, wide))} fit" if wide else "none is found"
        refuse(source, f"how many inputs it takes is unknown, {found}; {_ADVICE}")
    return [(wide[0],)]


def _fails_everywhere(module: Any) -> bool:
    return next(module.parameters(), None) is None


def _widths(module: Any) -> Iterator[int]:
    """Numbers of inputs that weights suggest, each once."""
    tensors = (*module.parameters(), *module.buffers())
    sizes = (n for x in tensors for n in reversed(x.shape[-2:]))
    for i, n in enumerate(dict.fromkeys([*sizes, 1])):
        if i < _MOST_WIDTHS:
            yield n


def _runs(module: Any, width: int) -> bool:
    import torch

    like = _like(module)
    try:
        with torch.no_grad():
            copy.deepcopy(module)(torch.rand((2, width), dtype=like.dtype, device=like.device))
    except Exception:
        return False
    return True

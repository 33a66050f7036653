"""Operations of torch on each entry of tensors of a graph, and sums of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.importers._arithmetic import of_branches, refuse_branches, with_constant
from slopenet.importers._tensor import Tensor, by_entry, same, spread
from slopenet.importers.torch.call import Call, numbers_of
from slopenet.importers.torch.elementwise import expression_of

_BRANCHES = {"add": "Add", "sub": "Sub", "rsub": "Sub", "maximum": "Max", "minimum": "Min"}
_ARITHMETIC = {**_BRANCHES, "mul": "Mul", "div": "Div", "clamp_min": "Max", "clamp_max": "Min"}


def entrywise(call: Call, name: str, result: Any) -> Tensor | None:
    """An operation on each entry alone; a sum of any, or a product with constants."""
    import torch

    shape = tuple((result[0] if isinstance(result, tuple | list) else result).shape)
    given: list[Any] = []
    own = call.args
    if name == "rrelu_with_noise":  # the noise is of training alone
        own = [own[0], *own[2:]]
    for x in own:
        value = call.get(x) if isinstance(x, torch.Tensor) else None
        if value is not None:
            given.append(spread(value, shape))
        elif isinstance(x, torch.Tensor):
            given.append(float(x) if x.numel() == 1 else np.broadcast_to(numbers_of(x), shape))
        elif x is None or isinstance(x, str | bool):
            given.append(x)
        else:
            given.append(float(x))
    if any(isinstance(x, torch.Tensor) for x in call.kwargs.values()):
        return None
    values = [x for x in given if isinstance(x, Tensor)]
    first = values[0]
    alpha = float(call.kwargs.get("alpha", 1))
    if any(isinstance(x, np.ndarray) for x in given):
        return _with_constants(call, name, given, alpha)
    if all(same(x, first) for x in values):
        arguments = [x.f if isinstance(x, Tensor) else x for x in given]
        try:
            f = expression_of(call.where, name, arguments, call.kwargs)
        except TypeError:
            return None
        return None if f is None else Tensor(first.stem, f, first.index, first.dtype)
    found = None
    if len(values) == 2:
        a, b = values if name != "rsub" else values[::-1]
        found = of_branches(call.where, _BRANCHES.get(name, ""), a, b, call.rows, factor=alpha)
    if found is None:
        refuse_branches(call.where, name)
    return found


def _with_constants(call: Call, name: str, given: list[Any], alpha: float) -> Tensor | None:
    """An operation with one constant for each entry."""
    where, rows = call.where, call.rows
    if name not in _ARITHMETIC or len(given) != 2:
        return None
    x, constant = given if isinstance(given[0], Tensor) else given[::-1]
    swapped = given[0] is not x
    match name:
        case "add":
            k, c = (alpha, constant) if swapped else (1.0, alpha * constant)
            return by_entry(where, x, k, c, rows)
        case "sub" | "rsub":
            plus, minus = (constant, alpha) if swapped ^ (name == "rsub") else (1.0, alpha)
            if swapped ^ (name == "rsub"):
                return by_entry(where, x, -minus, plus, rows)
            return by_entry(where, x, 1.0, -minus * constant, rows)
    if name == "div" and call.kwargs:
        return None
    return with_constant(where, _ARITHMETIC[name], x, constant, rows, swapped=swapped)

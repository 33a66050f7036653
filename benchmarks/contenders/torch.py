"""PyTorch: torch.func's vmap of a function of one point, on the CPU.

The value is the auxiliary result of the transformation for the Jacobian, so it is computed once. A
batch is already a tensor; a single point is converted from and to NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender


def _network(problem: Problem) -> Callable[[Any], Any]:
    import torch

    layers = [
        (torch.from_numpy(W), torch.from_numpy(b))
        for W, b in zip(problem.weights, problem.biases, strict=True)
    ]

    def H(x: Any) -> Any:
        for W, b in layers[:-1]:
            x = torch.tanh(torch.nn.functional.linear(x, W, b))
        return torch.nn.functional.linear(x, *layers[-1])

    return H


def _call(problem: Problem, function: Callable[[Any], tuple[Any, ...]]) -> Call:
    """Turn a function of one point, which returns a tuple, into a call on the problem's points."""
    import torch

    if problem.single:
        return lambda: tuple(result.numpy() for result in function(torch.from_numpy(problem.X)))
    batch, X = torch.func.vmap(function), torch.from_numpy(problem.X)
    return lambda: batch(X)


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    import torch

    H = _network(problem)

    def twice(x: Any) -> Any:
        value = H(x)
        return value, value

    def call(transform: Any) -> Call:
        slope = transform(twice, has_aux=True)
        return _call(problem, lambda x: slope(x)[::-1])

    return {"reverse": call(torch.func.jacrev), "forward": call(torch.func.jacfwd)}


def hessian(problem: Problem) -> dict[str, Call]:
    """∇²H in three ways; `torch.func.hessian` is forward over reverse."""
    from torch.func import hessian, jacfwd, jacrev

    H = _network(problem)
    ways = {
        "forward over reverse": hessian(H),
        "reverse over reverse": jacrev(jacrev(H)),
        "forward over forward": jacfwd(jacfwd(H)),
    }

    def call(second: Any) -> Call:
        return _call(problem, lambda x: (second(x),))

    return {mode: call(second) for mode, second in ways.items()}


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH: the trace of ∇²H, or a sum over unit vectors of second derivatives along them."""
    import torch
    from torch.func import hessian, jacrev, jvp, vmap

    H = _network(problem)
    second = hessian(H)
    units = torch.eye(problem.X.shape[-1], dtype=torch.from_numpy(problem.X).dtype)

    def trace(x: Any) -> tuple[Any]:
        return (second(x).diagonal(dim1=-2, dim2=-1).sum(-1),)

    def along_gradient(x: Any) -> tuple[Any]:
        return (vmap(lambda e: jvp(jacrev(H), (x,), (e,))[1] @ e)(units).sum(0),)

    def along_tangent(x: Any) -> tuple[Any]:
        def twice(e: Any) -> Any:
            return jvp(lambda p: jvp(H, (p,), (e,))[1], (x,), (e,))[1]

        return (vmap(twice)(units).sum(0),)

    return {
        "trace of hessian": _call(problem, trace),
        "jvp of gradient": _call(problem, along_gradient),
        "jvp of jvp": _call(problem, along_tangent),
    }


CONTENDER = Contender(
    "PyTorch", "torch", {"jacobian": jacobian, "hessian": hessian, "laplacian": laplacian}
)

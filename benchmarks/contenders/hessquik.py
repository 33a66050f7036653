"""hessQuik: torch networks whose layers compute first and second derivatives by formulas.

Forward and reverse modes, both without a graph for autograd. The derivatives of each layer are
stored for every sample (n_l n_{l-1}² numbers for the Hessian), so a batch is processed in blocks of
about `NUMBERS` numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender

NUMBERS = 2**21


def _network(problem: Problem) -> Any:
    import torch
    from hessQuik.activations import identityActivation, tanhActivation
    from hessQuik.layers import singleLayer
    from hessQuik.networks import NN

    last, layers = len(problem.weights) - 1, []
    for i, (W, b) in enumerate(zip(problem.weights, problem.biases, strict=True)):
        act = identityActivation() if i == last else tanhActivation()
        layer = singleLayer(W.shape[1], W.shape[0], act=act, dtype=torch.from_numpy(W).dtype)
        with torch.no_grad():
            layer.K.copy_(torch.from_numpy(W).T)
            layer.b.copy_(torch.from_numpy(b))
        layers.append(layer)
    return NN(*layers)


def _call(problem: Problem, order: int, function: Callable[[Any], tuple[Any, ...]]) -> Call:
    """Turn a function of a few rows into a call on all of them, without a graph for autograd."""
    import torch

    def point() -> tuple[Any, ...]:
        with torch.no_grad():
            return tuple(part[0].numpy() for part in function(torch.from_numpy(problem.X)[None]))

    if problem.single:
        return point
    X = torch.from_numpy(problem.X)
    size = max(1, NUMBERS // max(W.size * W.shape[1] ** (order - 1) for W in problem.weights))

    def batch() -> tuple[Any, ...]:
        with torch.no_grad():
            parts = [function(x) for x in X.split(size)]
            return tuple(torch.cat(part) for part in zip(*parts, strict=True))

    return batch


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    net = _network(problem)

    def call(forward: bool) -> Call:
        def first(x: Any) -> tuple[Any, Any]:
            H, J, _ = net(x, do_gradient=True, forward_mode=forward)
            return H, J.mT

        return _call(problem, 1, first)

    return {"reverse": call(False), "forward": call(True)}


def hessian(problem: Problem) -> dict[str, Call]:
    """∇²H."""
    net = _network(problem)

    def call(forward: bool) -> Call:
        def second(x: Any) -> tuple[Any]:
            _, _, hessian = net(x, do_gradient=True, do_Hessian=True, forward_mode=forward)
            return (hessian.permute(0, 3, 1, 2),)

        return _call(problem, 2, second)

    return {"reverse": call(False), "forward": call(True)}


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH, in forward mode only."""
    net = _network(problem)

    def sweep(x: Any) -> tuple[Any]:
        return (net(x, do_gradient=True, do_Laplacian=True)[2][:, 0],)

    return {"forward": _call(problem, 1, sweep)}


CONTENDER = Contender(
    "hessQuik", "hessQuik", {"jacobian": jacobian, "hessian": hessian, "laplacian": laplacian}
)

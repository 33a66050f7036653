"""slopenet: one call, NumPy in and NumPy out; it chooses the order of products itself.

A second mode is timed too, but ratios use the default mode, which most users write. For a single
point it is `out=`, which writes into arrays made before the clock starts; for a batch it is one
thread, which shows whether waking the others pays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender

ONE_THREAD = "one thread"


def _network(problem: Problem) -> Any:
    import slopenet as sn

    hidden: list[sn.ActivationName] = ["tanh"] * (len(problem.weights) - 1)
    return sn.Network(problem.weights, problem.biases, [*hidden, "identity"])


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    net, X = _network(problem), problem.X
    if not problem.single:
        return {
            "": lambda: net.value_and_jacobian(X),
            ONE_THREAD: lambda: net.value_and_jacobian(X, threads=1),
        }
    out = tuple(np.empty_like(result) for result in net.value_and_jacobian(X))
    return {
        "": lambda: net.value_and_jacobian(X),
        "out=": lambda: net.value_and_jacobian(X, out=out),
    }


def hessian(problem: Problem) -> dict[str, Call]:
    """∇²H."""
    net, X = _network(problem), problem.X
    return {"": lambda: (net.hessian(X),)}


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH."""
    net, X = _network(problem), problem.X
    return {"": lambda: (net.laplacian(X),)}


CONTENDER = Contender(
    "slopenet",
    "slopenet",
    {"jacobian": jacobian, "hessian": hessian, "laplacian": laplacian},
)

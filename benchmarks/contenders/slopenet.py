"""slopenet: one call, NumPy in and NumPy out; it chooses the direction itself."""

from __future__ import annotations

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    import slopenet as sn

    activations = ["tanh"] * (len(problem.weights) - 1) + ["identity"]
    net = sn.Network(problem.weights, problem.biases, activations)
    return {"": lambda: net.value_and_jacobian(problem.X)}


CONTENDER = Contender("slopenet", "slopenet", {"jacobian": jacobian})

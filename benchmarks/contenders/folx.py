"""folx: the forward Laplacian, one sweep that carries values, tangents and Laplacians, in JAX.

Under jit and vmap, with the network of the JAX contender.
"""

from __future__ import annotations

from typing import Any

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender
from benchmarks.contenders.jax import compiled, network


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH."""
    import folx

    sweep = folx.forward_laplacian(network(problem))

    def total(x: Any) -> tuple[Any]:
        return (sweep(x).laplacian,)

    return {"": compiled(problem, total)}


CONTENDER = Contender("folx", "folx", {"laplacian": laplacian})

"""JAX: vmap of a function of one point under jit, compiled before the clock starts, on the CPU.

The value is the auxiliary result of the transformation for the Jacobian, so it is computed once. A
batch stays in JAX arrays, and the call returns when all results are ready. A single point is
converted from and to NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender


def network(problem: Problem) -> Callable[[Any], Any]:
    """H of one point, in JAX, on the CPU and with 64 bits."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    layers = [
        (jnp.asarray(W), jnp.asarray(b))
        for W, b in zip(problem.weights, problem.biases, strict=True)
    ]

    def H(x: Any) -> Any:
        for W, b in layers[:-1]:
            x = jnp.tanh(W @ x + b)
        W, b = layers[-1]
        return W @ x + b

    return H


def compiled(problem: Problem, function: Callable[[Any], tuple[Any, ...]]) -> Call:
    """Turn a function of one point, which returns a tuple, into a call on the problem's points."""
    import jax
    import jax.numpy as jnp

    if problem.single:
        point = jax.jit(function)
        return lambda: tuple(np.asarray(result) for result in point(problem.X))
    batch, X = jax.jit(jax.vmap(function)), jax.block_until_ready(jnp.asarray(problem.X))

    def ready() -> tuple[Any, ...]:
        results: tuple[Any, ...] = jax.block_until_ready(batch(X))
        return results

    return ready


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
    import jax

    H = network(problem)

    def twice(x: Any) -> Any:
        value = H(x)
        return value, value

    def call(transform: Any) -> Call:
        slope = transform(twice, has_aux=True)
        return compiled(problem, lambda x: slope(x)[::-1])

    return {"reverse": call(jax.jacrev), "forward": call(jax.jacfwd)}


def hessian(problem: Problem) -> dict[str, Call]:
    """∇²H in three ways; `jax.hessian` is forward over reverse."""
    import jax

    H = network(problem)
    ways = {
        "forward over reverse": jax.hessian(H),
        "reverse over reverse": jax.jacrev(jax.jacrev(H)),
        "forward over forward": jax.jacfwd(jax.jacfwd(H)),
    }

    def call(second: Any) -> Call:
        return compiled(problem, lambda x: (second(x),))

    return {mode: call(second) for mode, second in ways.items()}


def laplacian(problem: Problem) -> dict[str, Call]:
    """ΔH: the trace of ∇²H, or a sum over unit vectors of second derivatives along them."""
    import jax
    import jax.numpy as jnp

    H = network(problem)
    units = np.eye(problem.X.shape[-1], dtype=problem.X.dtype)

    def trace(x: Any) -> tuple[Any]:
        return (jnp.trace(jax.hessian(H)(x), axis1=-2, axis2=-1),)

    def along_gradient(x: Any) -> tuple[Any]:
        _, derivative = jax.linearize(jax.jacrev(H), x)
        return (jax.vmap(lambda e: derivative(e) @ e)(units).sum(0),)

    def along_tangent(x: Any) -> tuple[Any]:
        def second(e: Any) -> Any:
            return jax.jvp(lambda p: jax.jvp(H, (p,), (e,))[1], (x,), (e,))[1]

        return (jax.vmap(second)(units).sum(0),)

    return {
        "trace of hessian": compiled(problem, trace),
        "jvp of gradient": compiled(problem, along_gradient),
        "jvp of jvp": compiled(problem, along_tangent),
    }


CONTENDER = Contender(
    "JAX", "jax", {"jacobian": jacobian, "hessian": hessian, "laplacian": laplacian}
)

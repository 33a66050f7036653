"""JAX: vmap of jacrev or jacfwd under jit, compiled before the clock starts, on the CPU.

The value is the auxiliary result of the same transformation, so it is computed once. A batch stays
on JAX's side of the border, and the call returns when both results are ready. A single point
crosses the border both ways.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import Problem
from benchmarks.contenders.contender import Call, Contender


def jacobian(problem: Problem) -> dict[str, Call]:
    """H and ∂H/∂x."""
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
        value = W @ x + b
        return value, value

    def call(transform: Any) -> Call:
        slope = transform(H, has_aux=True)
        if problem.single:
            point = jax.jit(slope)

            def there_and_back() -> tuple[Any, ...]:
                J, value = point(problem.X)
                return np.asarray(value), np.asarray(J)

            return there_and_back
        batch, X = jax.jit(jax.vmap(slope)), jax.block_until_ready(jnp.asarray(problem.X))

        def ready() -> tuple[Any, ...]:
            J, value = jax.block_until_ready(batch(X))
            return value, J

        return ready

    return {"reverse": call(jax.jacrev), "forward": call(jax.jacfwd)}


CONTENDER = Contender("JAX", "jax", {"jacobian": jacobian})

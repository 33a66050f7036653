"""JAX: Adam and the loss written by hand, one step per call under jit, on the CPU with 64 bits.

The loss is that of the PyTorch contender; slopes are vmap of the reverse derivative of one point.
Steps are compiled before the clock starts, one for each batch size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.training.contenders.trainer import Trainer, each_rate
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task
from slopenet import Network

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def loss(layers: Any, X: Any, y: Any, dydx: Any, weight: float = 1.0) -> Any:
    """Mean squared errors of values and, weighted, of slopes (N, n_1), for one output."""
    import jax
    import jax.numpy as jnp

    def H(x: Any) -> Any:
        for W, b in layers[:-1]:
            x = jnp.tanh(W @ x + b)
        W, b = layers[-1]
        return (W @ x + b)[0]

    if dydx is None:
        return ((jax.vmap(H)(X) - y[:, 0]) ** 2).mean()
    values, slopes = jax.vmap(jax.value_and_grad(H))(X)
    return ((values - y[:, 0]) ** 2).mean() + weight * ((slopes - dydx) ** 2).mean()


def use_cpu() -> None:
    """Compute on the CPU, in float64."""
    import jax

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)


def _step(state: Any, batch: Any, rate: float) -> Any:
    """One step of Adam, as in the original paper."""
    import jax
    import jax.numpy as jnp

    layers, m, v, t = state
    g = jax.grad(loss)(layers, *batch)
    t = t + 1
    m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, g)
    v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, g)
    first, second = 1 - BETA_1**t, 1 - BETA_2**t

    def move(p: Any, m: Any, v: Any) -> Any:
        return p - rate * (m / first) / (jnp.sqrt(v / second) + EPSILON)

    return jax.tree.map(move, layers, m, v), m, v, t


def _train(task: Task, rate: float, seed: int, recorder: Recorder) -> Curve:
    use_cpu()
    import jax
    import jax.numpy as jnp

    data = task.standard
    arrays = [jnp.asarray(data.X), jnp.asarray(data.y)]
    arrays.append(None if data.dydx is None else jnp.asarray(data.dydx[:, 0]))
    layers = jax.tree.map(jnp.asarray, task.start(seed))
    zero = jax.tree.map(jnp.zeros_like, layers)
    state = (layers, zero, zero, jnp.zeros(()))
    step = jax.jit(_step)

    def batch(rows: Any) -> list[Any]:
        # a full batch is the arrays themselves: a slice of all rows would be a copy
        whole = isinstance(rows, slice)
        return arrays if whole else [None if a is None else a[rows] for a in arrays]

    def network() -> Network:
        return task.network([(np.array(W), np.array(b)) for W, b in state[0]])

    for rows in task.batches(np.random.default_rng(seed)):
        jax.block_until_ready(step(state, batch(rows), rate))
    rng = np.random.default_rng(seed)
    recorder.start()
    for _ in range(task.epochs):
        for rows in task.batches(rng):
            state = step(state, batch(rows), rate)
        jax.block_until_ready(state)
        if recorder.look(network):
            break
    return recorder.finish(network)


TRAINER = Trainer("JAX", "jax", each_rate(_train))

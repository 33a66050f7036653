"""Random functions of JAX: each is equal to JAX, or refused by name.

python -m tests.extras.random_functions 500
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import slopenet as sn
from tests.extras.random_sources import refusal, report, require_near

nn = jax.nn

UNARY: list[Any] = [
    jnp.tanh, jnp.sin, jnp.cos, jnp.abs, nn.relu, nn.silu, nn.gelu, nn.mish, nn.softplus,
    nn.sigmoid, nn.soft_sign, nn.selu, nn.elu, nn.celu, nn.log_sigmoid, nn.hard_tanh, nn.relu6,
    nn.hard_sigmoid, nn.leaky_relu, lambda z: nn.gelu(z, approximate=False),
    lambda z: jnp.clip(z, -0.5, 0.7), lambda z: z * nn.sigmoid(z), lambda z: jnp.exp(-(z**2)),
    lambda z: jnp.where(z > 0, z, 0.1 * z), lambda z: 1 - 2 * z, lambda z: -z / 3,
    lambda z: jnp.exp(-nn.softplus(z)), lambda z: jnp.log(2 + jnp.sin(z)), jax.jit(jnp.tanh),
    jax.checkpoint(lambda z: nn.silu(z) + z), lambda z: jnp.logaddexp(z, 0.5),
]  # fmt: skip
SHAPES: list[Any] = [
    lambda z: jnp.flip(z, -1), lambda z: z[..., ::2], lambda z: z[..., -1:],
    lambda z: jnp.pad(z, [(0, 0)] * (z.ndim - 1) + [(1, 2)]), lambda z: jnp.roll(z, 1, -1),
    lambda z: jnp.mean(z, -1, keepdims=True), lambda z: jnp.cumsum(z, -1),
    lambda z: jnp.stack([z, z], -1).reshape(*z.shape[:-1], -1), lambda z: jnp.repeat(z, 2, -1),
    lambda z: z - jnp.sum(z, -1, keepdims=True), lambda z: jnp.take(z, jnp.array([0, -1]), -1),
    lambda z: jnp.concatenate([z, jnp.ones_like(z)], -1), lambda z: z.at[..., 0].set(0.5),
    lambda z: z.at[..., -1].add(z[..., 0]), lambda z: jnp.moveaxis(jnp.moveaxis(z, -1, 0), 0, -1),
]  # fmt: skip
UNSUPPORTED: list[Any] = [
    nn.softmax, lambda z: z * jnp.flip(z, -1), jnp.square, lambda z: jnp.sort(z, -1),
    lambda z: z - z.mean(0), lambda z: jnp.cumprod(z, -1), nn.hard_silu, jnp.round, jnp.arctan,
    lambda z: z + jax.random.normal(jax.random.key(0), z.shape[-1:]), jnp.sinh, nn.standardize,
    lambda z: z if z.sum() > 0 else -z, lambda z: jnp.max(z, -1, keepdims=True),
    lambda z: jax.lax.cond(z.sum() > 0, jnp.sin, jnp.cos, z), lambda z: jnp.asarray(np.sin(z)),
    lambda z: jax.lax.fori_loop(0, 2, lambda i, h: jnp.tanh(h), z), lambda z: z + z.shape[0],
    lambda z: z / jnp.linalg.norm(z, axis=-1, keepdims=True), lambda z: z[::-1],
    lambda z: z.astype(jnp.float16).astype(z.dtype), lambda z: z @ z.T @ z,
]  # fmt: skip


@dataclass(frozen=True)
class RandomFunction:
    """Some ten random operations on (..., n); `hostile` adds one that no network is."""

    seed: int
    hostile: bool

    @property
    def inputs(self) -> int:
        return int(np.random.default_rng(self.seed).integers(2, 5))

    def __call__(self, x: Any) -> Any:
        rng = np.random.default_rng(self.seed)
        rng.integers(2, 5)
        values = [x]
        for _ in range(rng.integers(3, 11)):
            a, b = (values[-1 - i % len(values)] for i in rng.integers(0, 3, 2))
            n, width = min(a.shape[-1], b.shape[-1]), int(rng.integers(1, 7))
            match rng.integers(8):
                case 0 | 1:
                    values.append(self.layer(rng, a, width))
                case 2 | 3:
                    values.append(UNARY[rng.integers(len(UNARY))](a))
                case 4:
                    values.append(jnp.concatenate([a, b], -1)[..., :12])
                case 5:
                    values.append(a[..., :n] + float(rng.normal()) * b[..., -n:])
                case 6:
                    values.append(SHAPES[rng.integers(len(SHAPES))](a)[..., :12])
                case 7:
                    slopes = rng.uniform(0.1, 0.5, a.shape[-1])
                    values.append(jnp.where(a >= 0, a, slopes * a))
                    values.append(jnp.maximum(a[..., :n], b[..., :n]))
        if self.hostile:
            values.append(UNSUPPORTED[rng.integers(len(UNSUPPORTED))](values[-1]))
        return self.layer(rng, values[-1], 2)

    def layer(self, rng: np.random.Generator, a: Any, width: int) -> Any:
        n = a.shape[-1]
        return a @ (rng.normal(size=(n, width)) / np.sqrt(n)) + rng.normal(size=width)


def outcome(seed: int) -> str:
    """`equal`, or `refused: ...`; AssertionError if a network differs from JAX.

    Every third function has an operation that no network is, so that it may well be refused. One
    half are functions of a sample, the other of a batch. JAX must have float64.
    """
    function = RandomFunction(seed, hostile=seed % 3 == 0)
    batched = seed % 2 == 0
    example = jnp.zeros((2, function.inputs) if batched else function.inputs)
    try:
        net = sn.from_jax(function, example=example)
    except sn.UnsupportedNetworkError as error:
        return refusal(seed, error, ("operation ", "JAX "))
    X = np.random.default_rng(seed).normal(size=(40, function.inputs))
    wanted = np.asarray(jax.jit(function if batched else jax.vmap(function))(X))
    require_near(seed, "values", net(X), wanted, 1e-11)

    def one(x: Any) -> Any:
        return function(x[None])[0] if batched else function(x)

    J = np.asarray(jax.jit(jax.jacobian(one))(X[0]))
    require_near(seed, "slopes", net.jacobian(X[0]), J, 1e-10)
    return "equal"


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    report(outcome, 500, "functions")

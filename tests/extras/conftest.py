"""The array libraries that the tests of this folder run on, each skipped where it is absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest


@dataclass(frozen=True)
class Library:
    """One array library: how NumPy arrays become its own, and its automatic differentiation.

    `jit` saves time: operation by operation, JAX compiles each of them for each shape.
    """

    name: str
    array: Callable[..., Any]
    float32: Any
    kind: type
    transforms: Any = None
    jit: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda function: function

    def __call__(self, x: Any) -> Any:
        """`x`, a NumPy array or a sequence of them, in this library and float64."""
        return self.array(x) if isinstance(x, np.ndarray) else tuple(self.array(part) for part in x)

    def numpy(self, x: Any) -> np.ndarray:
        """`x`, an array of this library and of no other, as a NumPy array."""
        assert isinstance(x, self.kind)
        return np.asarray(x.detach() if hasattr(x, "detach") else x)


@pytest.fixture
def torch_library() -> Library:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    return Library("torch", torch.tensor, torch.float32, torch.Tensor, torch.func)


@pytest.fixture
def jax_library() -> Iterator[Library]:
    jax = pytest.importorskip("jax", reason="jax is not installed")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield Library("jax", jax.numpy.asarray, jax.numpy.float32, jax.Array, jax, jax.jit)
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def strict_library() -> Library:
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    return Library("strict", strict.asarray, strict.float32, type(strict.asarray(0.0)))


@pytest.fixture(params=["torch", "jax"])
def library(request: pytest.FixtureRequest) -> Library:
    """A library that differentiates by itself."""
    return request.getfixturevalue(f"{request.param}_library")


@pytest.fixture(params=["torch", "jax", "strict"])
def standard(request: pytest.FixtureRequest) -> Library:
    """A library of the array API standard; array-api-strict has the standard and nothing else."""
    return request.getfixturevalue(f"{request.param}_library")

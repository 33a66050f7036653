"""JAX: a network as a pure function for jit, vmap, grad and hessian.

    H = function(net)
    jax.jit(jax.vmap(jax.hessian(H)))(X)

The weights are constants. `Network` itself accepts JAX arrays too. This function uses σ' and σ'' of
the table, computed from z, so that JAX's derivatives keep their digits in the tails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from slopenet.activations import Head, LayerActivation, sigma
from slopenet.adapters._parts import OfNetwork, require_network
from slopenet.network import Network

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise ImportError("slopenet.adapters.jax needs JAX: pip install 'slopenet[jax]'") from error


class NetworkFunction(OfNetwork):
    """H as a pure function of a JAX array, as `function` returns it."""

    def __call__(self, x: Any) -> Any:
        """H(x) (..., n_L), in the dtype of x (..., n_1)."""
        W, b, specs = self.network.chain()
        n_1 = self.network.sizes[0]
        a = jnp.asarray(x)
        if not jnp.issubdtype(a.dtype, jnp.floating):
            raise TypeError(f"x has dtype {a.dtype}; a real floating dtype is wanted")
        if a.ndim == 0 or a.shape[-1] != n_1:
            raise ValueError(f"x must have shape (..., {n_1}), got {a.shape}")
        for w, v, spec in zip(W, b, specs, strict=True):
            weights, bias = jnp.asarray(w.T, a.dtype), jnp.asarray(v, a.dtype)
            z = jnp.matmul(a, weights, precision=jax.lax.Precision.HIGHEST) + bias
            a = getattr(jax.nn, spec.name)(z) if isinstance(spec, Head) else _sigma(spec, 0)(z)
        return a


def function(network: Network) -> NetworkFunction:
    """H as a pure function of a JAX array, in the array's dtype.

    Parameters
    ----------
    network : Network

    Returns
    -------
    function
        Of x (..., n_1) to H (..., n_L). First and second derivatives use σ' and σ'' of the table;
        those of third order and above are JAX's of σ''. JAX has float64 only after
        ``jax.config.update("jax_enable_x64", True)``.

    Raises
    ------
    TypeError
        If `network` is not a Network. The function raises TypeError for an array that is not real
        floating, and ValueError for other shapes.
    """
    return NetworkFunction(require_network(network))


@cache
def _sigma(spec: LayerActivation, order: int) -> Callable[[Any], Any]:
    """σ, σ' or σ'', whose derivative is the next of them."""

    def value(z: Any) -> Any:
        return sigma(spec, z, order)

    if order == 2:
        return value
    differentiable: Callable[[Any], Any] = jax.custom_jvp(value)

    def along(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
        (z,), (s,) = primals, tangents
        return differentiable(z), _sigma(spec, order + 1)(z) * s

    differentiable.defjvp(along)  # type: ignore[attr-defined]
    return differentiable

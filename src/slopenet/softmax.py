"""softmax and log-softmax as the last layer: all derivatives in closed form, over the array API.

With the logits z(x), their Jacobian rows J_k, and p = softmax(z), ℓ = log p:

    g_k = J_k - Σ_m p_m J_m                                       ∇ℓ_k = g_k,    ∇p_k = p_k g_k
    ∇²ℓ_k = ∇²z_k - Σ_m p_m ∇²z_m - Σ_m p_m g_m g_mᵀ              ∇²p_k = p_k (g_k g_kᵀ + ∇²ℓ_k)

Where one p_m is nearly 1, sums over p are taken of differences from that output, whose own term is
then exactly 0: results that are small keep their digits. The core has the same closed form
(`src/core/kernels/sweeps/softmax.hpp`); this one is its reference, and for torch, JAX and CuPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device

from slopenet.activations import Array, real_part

Logits = Callable[..., Any]
"""A method of the network of the logits by its name, with the vectors that it takes."""


def value(z: Array, *, log: bool) -> Array:
    """Return p, or ℓ, of the logits (..., n_L); neither overflows."""
    e, rest, largest = _parts(z)
    xp = array_namespace(z)
    if log:
        return z - _largest_of(largest, z) - xp.log1p(rest)
    return e / (1 + rest)


def result(name: str, logits: Logits, vector: Any = None, *, log: bool) -> Any:
    """Return the result of a method of `Derivatives`, from those of the logits.

    Parameters
    ----------
    name : str
        ``"values"``, ``"jacobian"``, ``"value_jacobian_hessian"``, ...
    logits : callable
        Of the name of a method and its vectors.
    vector : array, optional
        v (..., n_1) or u (..., n_L).
    log : bool
        log-softmax instead of softmax.
    """
    given = () if vector is None else (vector,)
    return _RESULTS[name](Probabilities(logits("values"), log=log), logits, *given)


class Probabilities:
    """p at the logits z (..., n_L), and sums weighed by it."""

    def __init__(self, z: Array, *, log: bool) -> None:
        e, self._rest, self._is_largest = _parts(z)
        self.log, self.p = log, e / (1 + self._rest)
        self.value = self.p
        if log:
            logarithm = array_namespace(z).log1p(self._rest)
            self.value = z - _largest_of(self._is_largest, z) - logarithm

    def centred(self, a: Array) -> Array:
        """a_k - Σ_m p_m a_m of an array (..., n_L, ...), whose first axes are those of p."""
        extra = a.ndim - self.p.ndim
        difference = a - _largest_of(self._like(self._is_largest, extra), a, extra)
        return difference - self.mean(difference)

    def mean(self, a: Array) -> Array:
        """Σ_m p_m a_m, (..., 1, ...)."""
        extra = a.ndim - self.p.ndim
        return _sum(self._like(self.p, extra) * a, extra)

    def scaled(self, a: Array) -> Array:
        """a_k, times p_k if it is of softmax."""
        return a if self.log else self._like(self.p, a.ndim - self.p.ndim) * a

    def pulled(self, u: Array) -> Array:
        """The weights of the logits in u·ℓ or u·p: its gradient in z."""
        u = u + 0 * self.p
        if not self.log:
            return self.p * self.centred(u)
        xp = array_namespace(u)
        others = _sum(xp.where(self._is_largest, xp.zeros_like(u), u), 0)
        total = _sum(u, 0)
        of_largest = u * (self._rest * self.p) - self.p * others
        return xp.where(self._is_largest, of_largest, u - self.p * total)

    @staticmethod
    def _like(a: Array, extra: int) -> Array:
        for _ in range(extra):
            a = a[..., None]
        return a


def _parts(z: Array) -> tuple[Array, Array, Array]:
    """exp(z_k - z_r), the sum of all but the largest of them, and whether k = r."""
    xp = array_namespace(z)
    index = xp.argmax(real_part(xp, z), axis=-1, keepdims=True)
    is_largest = xp.arange(z.shape[-1], device=device(z)) == index
    e = xp.exp(z - _largest_of(is_largest, z))
    return e, _sum(xp.where(is_largest, xp.zeros_like(e), e), 0), is_largest


def _largest_of(is_largest: Array, a: Array, extra: int = 0) -> Array:
    """a_r, (..., 1, ...)."""
    xp = array_namespace(a)
    return _sum(xp.where(is_largest, a, xp.zeros_like(a)), extra)


def _sum(a: Array, extra: int) -> Array:
    """The sum over outputs, behind which there are so many axes."""
    return array_namespace(a).sum(a, axis=a.ndim - 1 - extra, keepdims=True)


def _values(head: Probabilities, _: Logits) -> Array:
    return head.value


def _jacobian(head: Probabilities, logits: Logits) -> Array:
    return head.scaled(head.centred(logits("jacobian")))


def _value_and_jacobian(head: Probabilities, logits: Logits) -> tuple[Array, Array]:
    return head.value, _jacobian(head, logits)


def _jvp(head: Probabilities, logits: Logits, v: Array) -> Array:
    return head.scaled(head.centred(logits("jvp", v)))


def _vjp(head: Probabilities, logits: Logits, u: Array) -> Array:
    return logits("vjp", head.pulled(u))


def _squares(g: Array) -> Array:
    """g_k g_kᵀ."""
    return g[..., :, None] * g[..., None, :]


def _jacobian_and_hessian(head: Probabilities, logits: Logits) -> tuple[Array, Array]:
    g = head.centred(logits("jacobian"))
    squares = _squares(g)
    curved = head.centred(logits("hessian")) - head.mean(squares)
    return head.scaled(g), head.scaled(curved if head.log else squares + curved)


def _hessian(head: Probabilities, logits: Logits) -> Array:
    return _jacobian_and_hessian(head, logits)[1]


def _hvp(head: Probabilities, logits: Logits, v: Array) -> Array:
    g, t = head.centred(logits("jacobian")), head.centred(logits("jvp", v))
    products = g * t[..., None]
    curved = head.centred(logits("hvp", v)) - head.mean(products)
    return head.scaled(curved if head.log else products + curved)


def _weighted_hessian(head: Probabilities, logits: Logits, u: Array) -> Array:
    """Σ_k u_k ∇²: that of the logits with pulled weights w, and Σ_k w_k g_k g_kᵀ.

    For log-softmax the last sum has the weights -p_k Σ_m u_m.
    """
    g, w = head.centred(logits("jacobian")), head.pulled(u)
    weights = -head.p * _sum(u + 0 * head.p, 0) if head.log else w
    products = _sum(weights[..., None, None] * _squares(g), 2)
    return logits("weighted_hessian", w) + products[..., 0, :, :]


def _jacobian_and_laplacian(head: Probabilities, logits: Logits) -> tuple[Array, Array]:
    g = head.centred(logits("jacobian"))
    squares = array_namespace(g).sum(g * g, axis=-1)
    curved = head.centred(logits("laplacian")) - head.mean(squares)
    return head.scaled(g), head.scaled(curved if head.log else squares + curved)


def _laplacian(head: Probabilities, logits: Logits) -> Array:
    return _jacobian_and_laplacian(head, logits)[1]


def _value_jacobian_hessian(head: Probabilities, logits: Logits) -> tuple[Array, Array, Array]:
    return head.value, *_jacobian_and_hessian(head, logits)


def _value_jacobian_laplacian(head: Probabilities, logits: Logits) -> tuple[Array, Array, Array]:
    return head.value, *_jacobian_and_laplacian(head, logits)


_RESULTS: dict[str, Callable[..., Any]] = {
    "values": _values,
    "jacobian": _jacobian,
    "value_and_jacobian": _value_and_jacobian,
    "jvp": _jvp,
    "vjp": _vjp,
    "hessian": _hessian,
    "hvp": _hvp,
    "weighted_hessian": _weighted_hessian,
    "laplacian": _laplacian,
    "value_jacobian_hessian": _value_jacobian_hessian,
    "value_jacobian_laplacian": _value_jacobian_laplacian,
}

"""Steps of least squares with a ridge, from J or from what its rows are made of.

    g = Jᵀr + l2 Pθ,  M = l2 P + μ I,  P is 1 for what is penalised and 0 for the rest
    primal    (JᵀJ + M) d = -g
    dual      d = -M⁻¹(Jᵀs + l2 Pθ),  (I + J M⁻¹ Jᵀ) s = r - J M⁻¹ l2 Pθ,  for few rows

The dual needs no J. In layer l a row of it is one or two outer products, of a value G aᵀ, of a
slope E aᵀ + G A'ᵀ, with G or E itself for the bias, and the product of two rows is made of products
of those: (G·G)(a·a + 1) and its like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from scipy.linalg import lapack

from slopenet._types import Floats
from slopenet.parameters import unflatten

# Entries that are made at a time of the products of all rows.
_BLOCK = 1 << 18


class Ridge(NamedTuple):
    """l2, P (p,), and Pθ (p,) where the residuals were linearised."""

    l2: float
    P: Floats
    theta: Floats

    @property
    def cost(self) -> float:
        """½ l2 ‖Pθ‖²."""
        return 0.5 * self.l2 * float(self.theta @ self.theta)


class Information(NamedTuple):
    """log det (I + J M⁻¹ Jᵀ), and how many parameters, and penalised ones, the data determine."""

    log_det: float
    all: float
    penalised: float


class Linearised(Protocol):
    """What an optimiser asks of r(θ + d) ≈ r + J d."""

    cost: float
    gradient: Floats
    largest: float  # the largest entry of JᵀJ's or J Jᵀ's diagonal: a scale for μ

    def step(self, damping: float) -> tuple[Floats, float] | None:
        """d, and the decrease of f that it promises; None if rounding defeats it."""

    def information(self, free: float) -> Information:
        """Of a ridge of l2 on what is penalised, and `free` on the rest; NaN if it fails."""


class Products(NamedTuple):
    """JᵀJ (p, p), Jᵀr (p,) and ‖r‖² of some rows; those of more rows are their sums."""

    JJ: Floats
    Jr: Floats
    rr: float

    @classmethod
    def of(cls, blocks: Iterable[tuple[Floats, Floats]], p: int) -> Products:
        """Sums over pairs r, J of some samples at a time."""
        JJ, Jr, rr = np.zeros((p, p)), np.zeros(p), 0.0
        for r, J in blocks:
            JJ += J.T @ J
            Jr += J.T @ r
            rr += float(r @ r)
        return cls(JJ, Jr, rr)


class Summed:
    """The primal of products that may have been summed anywhere."""

    def __init__(self, products: Products, ridge: Ridge) -> None:
        self._ridge, self._A = ridge, products.JJ
        self.gradient = products.Jr + ridge.l2 * ridge.theta
        self.cost = 0.5 * products.rr + ridge.cost
        self.largest = float(self._A.diagonal().max())

    def _damped(self, M: Floats) -> Floats:
        A = self._A.copy()
        A.flat[:: len(A) + 1] += M
        return A

    def step(self, damping: float) -> tuple[Floats, float] | None:
        """See `Linearised`."""
        A = self._damped(self._ridge.l2 * self._ridge.P + damping)
        _, d, failed = lapack.dposv(A, -self.gradient, lower=1, overwrite_a=1)
        return None if failed else _promise(d, damping, self.gradient)

    def information(self, free: float) -> Information:
        """See `Linearised`."""
        M, inverse, log_det = self._inverse(free)
        kept = 1 - M * inverse.diagonal()
        log_det -= float(np.log(M).sum())
        return Information(log_det, float(kept.sum()), float(kept @ self._ridge.P))

    def _inverse(self, free: float) -> tuple[Floats, Floats, float]:
        M = np.where(self._ridge.P > 0, self._ridge.l2, free)
        return M, *_inverse(self._damped(M))


class Primal(Summed):
    """JᵀJ (p, p), summed over `blocks()`, pairs r, J of some samples at a time."""

    def __init__(self, blocks: Callable[[], Iterable[tuple[Floats, Floats]]], ridge: Ridge) -> None:
        super().__init__(Products.of(blocks(), len(ridge.P)), ridge)
        self._blocks = blocks

    def left_out(self, free: float, shares: Floats) -> float:
        """Mean over the samples of Σ shares r² of a sample's rows, had it not been learned from."""
        _, inverse, _ = self._inverse(free)
        each, errors = len(shares), []
        for r, J in self._blocks():
            J3 = J.reshape(-1, each, len(inverse))
            rest = np.eye(each) - J3 @ inverse @ J3.transpose(0, 2, 1)
            errors.append(_left_out(r, rest, shares))
        return float(np.concatenate(errors).mean())


class Factors(NamedTuple):
    """A row of J in one layer: first aᵀ + second alongᵀ, the second of slopes alone.

    a (N, n_{l-1}), first (N, 1 + M, n_L, n_l), along (N, M, n_{l-1}), second (N, M, n_L, n_l).
    """

    a: Floats
    first: Floats
    along: Floats
    second: Floats


class Dual:
    """J Jᵀ (R, R) in two parts, of the weights and of the biases, which are not penalised.

    Of both, as of all that is made of them, what is above the diagonal does not count.
    """

    def __init__(
        self, r: Floats, layers: Sequence[Factors], sizes: Sequence[int], ridge: Ridge
    ) -> None:
        self._r, self._layers, self._sizes, self._ridge = r, layers, sizes, ridge
        self._penalised, self._free = np.zeros((r.size, r.size)), np.zeros((r.size, r.size))
        for layer in layers:
            _add_products(layer, self._penalised, self._free)
        self.cost = 0.5 * float(r @ r) + ridge.cost
        self.gradient = self._transposed(r) + ridge.l2 * ridge.theta
        self.largest = float((self._penalised.diagonal() + self._free.diagonal()).max())

    def _damped(self, penalised: float, free: float) -> Floats:
        K = self._penalised * (1 / penalised)
        K += self._free * (1 / free)
        K.flat[:: len(K) + 1] += 1.0
        return K

    def step(self, damping: float) -> tuple[Floats, float] | None:
        """See `Linearised`."""
        l2, P, theta = self._ridge
        M = l2 * P + damping
        right = self._r - self._times(l2 * theta / M)
        K = self._damped(l2 + damping, damping)
        _, s, failed = lapack.dposv(K.T, right, lower=0, overwrite_a=1)  # a copy for Fortran less
        if failed:
            return None
        return _promise(-(self._transposed(s) + l2 * theta) / M, damping, self.gradient)

    def information(self, free: float) -> Information:
        """See `Linearised`."""
        inverse, log_det = _inverse(self._damped(self._ridge.l2, free))
        diagonal = inverse.diagonal()
        below = float(np.vdot(np.tril(inverse, -1), self._penalised))
        penalised = (2 * below + float(diagonal @ self._penalised.diagonal())) / self._ridge.l2
        return Information(log_det, len(inverse) - float(diagonal.sum()), penalised)

    def left_out(self, free: float, shares: Floats) -> float:
        """See `Primal`."""
        inverse, _ = _inverse(self._damped(self._ridge.l2, free))
        each = len(shares)
        n = len(inverse) // each
        own = inverse.reshape(n, each, n, each)[range(n), :, range(n)]
        return float(_left_out(self._r, own, shares).mean())

    def _times(self, v: Floats) -> Floats:
        """J v."""
        total = np.zeros(self._layers[0].first.shape[:3])
        for layer, W, b in zip(self._layers, *unflatten(v, self._sizes), strict=True):
            total += _dot(layer.first, (layer.a @ W.T + b)[:, None, None, :])
            total[:, 1:] += _dot(layer.second, (layer.along @ W.T)[:, :, None, :])
        return total.ravel()

    def _transposed(self, u: Floats) -> Floats:
        """Jᵀ u."""
        v = np.zeros_like(self._ridge.theta)
        each = u.reshape(self._layers[0].first.shape[:3])[..., None]
        for layer, W, b in zip(self._layers, *unflatten(v, self._sizes), strict=True):
            first = (layer.first * each).sum(axis=(1, 2))
            second = (layer.second * each[:, 1:]).sum(axis=2)
            W[...] = first.T @ layer.a + np.tensordot(second, layer.along, ([0, 1], [0, 1]))
            b[...] = first.sum(axis=0)
        return v


def _promise(d: Floats, damping: float, gradient: Floats) -> tuple[Floats, float] | None:
    promised = 0.5 * float(d @ (damping * d - gradient))
    return (d, promised) if np.isfinite(promised) else None


def _left_out(r: Floats, rest: Floats, shares: Floats) -> Floats:
    """Σ shares ((I - H_ss)⁻¹ r_s)² of each sample s, H_ss its part of the hat matrix."""
    each = len(shares)
    e = np.linalg.solve(rest + 1e-14 * np.eye(each), r.reshape(-1, each, 1))
    squares: Floats = e[..., 0] ** 2 @ shares
    return squares


def _inverse(A: Floats) -> tuple[Floats, float]:
    """Of a symmetric positive definite matrix, with its log det; NaN if it is none by rounding."""
    factor, failed = lapack.dpotrf(A, lower=1, clean=1)
    if failed:
        return np.full_like(A, np.nan), np.nan
    log_det = 2 * float(np.log(factor.diagonal()).sum())
    inverse, _ = lapack.dpotri(factor, lower=1)
    return np.tril(inverse) + np.tril(inverse, -1).T, log_det


def _dot(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.einsum("...j,...j->...", x, y))


def _add_products(layer: Factors, weights: Floats, biases: Floats) -> None:
    """Add a layer's part of the products of all rows with each other, on and below the diagonal.

    Some samples' rows at a time, by those before them: what is made on the way stays in cache.
    """
    n, kinds, outputs, width = layer.first.shape
    M, each = kinds - 1, kinds * outputs
    first, second = layer.first.reshape(-1, width), layer.second.reshape(-1, width)
    along = layer.along.reshape(n * M, layer.a.shape[1])
    run = max(1, _BLOCK // (n * each * each))
    for lo in range(0, n, run):
        hi = min(lo + run, n)
        own, past = slice(lo * each, hi * each), slice(hi * each)
        shape = (hi - lo, kinds, outputs, hi, kinds, outputs)
        same = first[own] @ first[past].T
        biases[own, past] += same
        total = same.reshape(shape)
        total *= (layer.a[lo:hi] @ layer.a[:hi].T)[:, None, None, :, None, None]
        if M:
            mine, theirs = slice(lo * M, hi * M), slice(hi * M)
            bent, bents = second[lo * M * outputs : hi * M * outputs], second[: hi * M * outputs]
            cross = (first[own] @ bents.T).reshape(hi - lo, kinds, outputs, hi, M, outputs)
            cross *= (layer.a[lo:hi] @ along[theirs].T).reshape(hi - lo, 1, 1, hi, M, 1)
            total[:, :, :, :, 1:] += cross
            cross = (bent @ first[past].T).reshape(hi - lo, M, outputs, hi, kinds, outputs)
            cross *= (along[mine] @ layer.a[:hi].T).reshape(hi - lo, M, 1, hi, 1, 1)
            total[:, 1:] += cross
            both = (bent @ bents.T).reshape(hi - lo, M, outputs, hi, M, outputs)
            both *= (along[mine] @ along[theirs].T).reshape(hi - lo, M, 1, hi, M, 1)
            total[:, 1:, :, :, 1:] += both
        weights[own, past] += same

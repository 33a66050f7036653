"""Steps of least squares with a ridge, from J or from the factors of its rows.

    g = Jᵀr + l2 Pθ,  M = l2 P + μ I,  P is 1 for penalised parameters and 0 for the rest
    primal    (JᵀJ + M) d = -g
    dual      d = -M⁻¹(Jᵀs + l2 Pθ),  (I + J M⁻¹ Jᵀ) s = r - J M⁻¹ l2 Pθ,  for few rows

The dual does not need J. In layer l a row of J is a sum of outer products: G aᵀ for a value,
E aᵀ + G A'ᵀ for a slope, and G or E itself for the bias. The product of two rows is then a sum of
products of their factors, such as (G·G)(a·a + 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from scipy.linalg import lapack

from slopenet._types import Floats
from slopenet.parameters import unflatten

# Entries of J Jᵀ that are computed at a time.
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
    """log det (I + J M⁻¹ Jᵀ), and the numbers of all and of penalised parameters determined."""

    log_det: float
    all: float
    penalised: float


class Stepped(Protocol):
    """The model r(θ + d) ≈ r + J d, as Levenberg-Marquardt sees it."""

    cost: float
    gradient: Floats
    largest: float  # the largest entry of JᵀJ's or J Jᵀ's diagonal: a scale for μ

    def step(self, damping: float) -> tuple[Floats, float] | None:
        """d, and the decrease of f that it promises; None if the matrix is singular by rounding."""


class Linearised(Stepped, Protocol):
    """The same as a search for the evidence sees it."""

    def information(self, free: float) -> Information:
        """With a ridge of l2 on penalised parameters, and `free` on the rest; NaN if it fails."""


class Products(NamedTuple):
    """JᵀJ (p, p), Jᵀr (p,) and ‖r‖² of some rows; for more rows they are added up."""

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
    """The primal, from products that may have been summed anywhere."""

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
        return None if failed else promise(d, damping, self.gradient)

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

    def left_out(self, free: float, weights: Floats) -> float:
        """Mean over the samples of Σ weights r² of a sample's rows, the sample left out."""
        return float((self.residuals_left_out(free, len(weights)) ** 2 @ weights).mean())

    def residuals_left_out(self, free: float, each: int) -> Floats:
        """r of each sample's rows (N, each), the sample left out."""
        _, inverse, _ = self._inverse(free)
        residuals = []
        for r, J in self._blocks():
            J3 = J.reshape(-1, each, len(inverse))
            rest = np.eye(each) - J3 @ inverse @ J3.transpose(0, 2, 1)
            residuals.append(_left_out(r, rest))
        return np.concatenate(residuals)


class Factors(NamedTuple):
    """The rows of J in one layer: on_a aᵀ, and for slopes + on_tangents tangentsᵀ.

    a (N, n_{l-1}), on_a (N, 1 + M, n_L, n_l), tangents (N, M, n_{l-1}),
    on_tangents (N, M, n_L, n_l).
    """

    a: Floats
    on_a: Floats
    tangents: Floats
    on_tangents: Floats


class Dual:
    """J Jᵀ (R, R) in two parts, of the weights and of the biases, which are not penalised.

    In both, and in every matrix made from them, only the lower triangle is defined.
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
        _, s, failed = lapack.dposv(
            K.T, right, lower=0, overwrite_a=1
        )  # K.T saves a copy for Fortran
        if failed:
            return None
        return promise(-(self._transposed(s) + l2 * theta) / M, damping, self.gradient)

    def information(self, free: float) -> Information:
        """See `Linearised`."""
        inverse, log_det = _inverse(self._damped(self._ridge.l2, free))
        diagonal = inverse.diagonal()
        below = float(np.vdot(np.tril(inverse, -1), self._penalised))
        penalised = (2 * below + float(diagonal @ self._penalised.diagonal())) / self._ridge.l2
        return Information(log_det, len(inverse) - float(diagonal.sum()), penalised)

    def left_out(self, free: float, weights: Floats) -> float:
        """See `Primal`."""
        return float((self.residuals_left_out(free, len(weights)) ** 2 @ weights).mean())

    def residuals_left_out(self, free: float, each: int) -> Floats:
        """See `Primal`."""
        inverse, _ = _inverse(self._damped(self._ridge.l2, free))
        n = len(inverse) // each
        blocks = inverse.reshape(n, each, n, each)[range(n), :, range(n)]
        return _left_out(self._r, blocks)

    def _times(self, v: Floats) -> Floats:
        """J v."""
        total = np.zeros(self._layers[0].on_a.shape[:3])
        for layer, W, b in zip(self._layers, *unflatten(v, self._sizes), strict=True):
            total += _dot(layer.on_a, (layer.a @ W.T + b)[:, None, None, :])
            total[:, 1:] += _dot(layer.on_tangents, (layer.tangents @ W.T)[:, :, None, :])
        return total.ravel()

    def _transposed(self, u: Floats) -> Floats:
        """Jᵀ u."""
        v = np.zeros_like(self._ridge.theta)
        each = u.reshape(self._layers[0].on_a.shape[:3])[..., None]
        for layer, W, b in zip(self._layers, *unflatten(v, self._sizes), strict=True):
            on_a = (layer.on_a * each).sum(axis=(1, 2))
            on_tangents = (layer.on_tangents * each[:, 1:]).sum(axis=2)
            on_weights = np.tensordot(on_tangents, layer.tangents, ([0, 1], [0, 1]))
            W[...] = on_a.T @ layer.a + on_weights
            b[...] = on_a.sum(axis=0)
        return v


def promise(d: Floats, damping: float, gradient: Floats) -> tuple[Floats, float] | None:
    """A step, and the decrease of f that the damped model promises; None if it is not finite."""
    promised = 0.5 * float(d @ (damping * d - gradient))
    return (d, promised) if np.isfinite(promised) else None


def _left_out(r: Floats, rest: Floats) -> Floats:
    """(I - H_ss)⁻¹ r_s of each sample s, with I - H_ss, its block of I - the hat matrix."""
    each = rest.shape[-1]
    e = np.linalg.solve(rest + 1e-14 * np.eye(each), r.reshape(-1, each, 1))
    return np.asarray(e[..., 0])


def _inverse(A: Floats) -> tuple[Floats, float]:
    """Inverse and log det of a symmetric matrix; NaN if it is not positive definite by rounding."""
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

    Rows of some samples at a time are multiplied by all rows up to them, so that intermediate
    results stay in the cache.
    """
    n, kinds, outputs, width = layer.on_a.shape
    M, each = kinds - 1, kinds * outputs
    on_a, on_tangents = layer.on_a.reshape(-1, width), layer.on_tangents.reshape(-1, width)
    a, tangents = layer.a, layer.tangents.reshape(n * M, layer.a.shape[1])
    run = max(1, _BLOCK // (n * each * each))
    for lo in range(0, n, run):
        hi = min(lo + run, n)
        here, upto = slice(lo * each, hi * each), slice(hi * each)
        shape = (hi - lo, kinds, outputs, hi, kinds, outputs)
        same = on_a[here] @ on_a[upto].T
        biases[here, upto] += same
        total = same.reshape(shape)
        total *= (a[lo:hi] @ a[:hi].T)[:, None, None, :, None, None]
        if M:
            A_here, A_upto = tangents[lo * M : hi * M], tangents[: hi * M]
            G_here = on_tangents[lo * M * outputs : hi * M * outputs]
            G_upto = on_tangents[: hi * M * outputs]
            cross = (on_a[here] @ G_upto.T).reshape(hi - lo, kinds, outputs, hi, M, outputs)
            cross *= (a[lo:hi] @ A_upto.T).reshape(hi - lo, 1, 1, hi, M, 1)
            total[:, :, :, :, 1:] += cross
            cross = (G_here @ on_a[upto].T).reshape(hi - lo, M, outputs, hi, kinds, outputs)
            cross *= (A_here @ a[:hi].T).reshape(hi - lo, M, 1, hi, 1, 1)
            total[:, 1:] += cross
            both = (G_here @ G_upto.T).reshape(hi - lo, M, outputs, hi, M, outputs)
            both *= (A_here @ A_upto.T).reshape(hi - lo, M, 1, hi, M, 1)
            total[:, 1:, :, :, 1:] += both
        weights[here, upto] += same

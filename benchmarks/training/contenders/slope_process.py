"""A Gaussian process on values and slopes: the reference for fits from slopes.

Notation, for rows p and q, inputs in units of their length scales, z = x/ℓ:

    s = z_p - z_q,   k = φ(|s|²),   φ', φ'', φ''': derivatives by |s|²

    cov(f, f)      =   φ
    cov(f, ∂_j f)  = - 2 φ' s_j
    cov(∂_i f, f)  =   2 φ' s_i
    cov(∂_i f, ∂_j f) = - 4 φ'' s_i s_j - 2 φ' δ_ij

Slopes are those by z, so the target slopes are multiplied by ℓ, and the diagonal of the matrix K
has only the entries φ(0) and -2 φ'(0), whatever the length scales. White noise is relative to them.
The constant mean and the variance are the best for given length scales and noise; these maximise
the likelihood, by L-BFGS-B with exact gradients from several starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

from benchmarks.training.contenders.kriging import Fitter, Rows, Surrogate
from benchmarks.training.functions import Numbers

Kernel: TypeAlias = Callable[[Numbers], tuple[Numbers, Numbers, Numbers, Numbers]]
"""φ, φ', φ'', φ''' at squared distances."""

STARTS, STEPS = 5, 100
LENGTHS, NOISE = (1e-2, 1e3), (1e-12, 1e-1)
FAILED = 1e10  # instead of the negative log-likelihood, where K is not positive definite


def rbf(square: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """φ = exp(-|s|²/2)."""
    value = np.exp(-0.5 * square)
    return value, -value / 2, value / 4, -value / 8


def matern(square: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """φ = (1 + ρ + ρ²/3) exp(-ρ), ρ = √5 |s|; its third derivative enters only times |s|³."""
    rho = np.sqrt(5 * square)
    decay = np.exp(-rho)
    third = -125 / 24 * decay / np.maximum(rho, 1e-150)
    return (1 + rho + rho**2 / 3) * decay, -5 / 6 * (1 + rho) * decay, 25 / 12 * decay, third


KERNELS: dict[str, Kernel] = {"rbf": rbf, "matern": matern}


def covariance(kernel: Kernel, s: Numbers) -> Numbers:
    """K without noise, (n, d + 1, n, d + 1), of the differences s (n, n, d)."""
    n, _, d = s.shape
    value, first, second, _ = kernel((s**2).sum(axis=2))
    K = np.empty((n, d + 1, n, d + 1))
    K[:, 0, :, 0] = value
    K[:, 0, :, 1:] = -2 * first[..., None] * s
    K[:, 1:, :, 0] = (2 * first[..., None] * s).transpose(0, 2, 1)
    K[:, 1:, :, 1:] = -4 * (second[..., None] * s).transpose(0, 2, 1)[..., None] * s[:, None]
    for i in range(1, d + 1):
        K[:, i, :, i] -= 2 * first
    return K


def length_gradient(kernel: Kernel, s: Numbers, W: Numbers) -> Numbers:
    """Σ W ∂K/∂log ℓ_k over all entries, for every k; W is symmetric, of the shape of K.

    As s_k is proportional to 1/ℓ_k, this is the sum over the pairs of rows of -s_k ∂E/∂s_k, where
    E = W_00 φ + 2 φ' u·s - 4 φ'' sᵀWs - 2 φ' tr W,   u_i = W_i0 - W_0i = 2 W_i0 in the sum.
    """
    _, first, second, third = kernel((s**2).sum(axis=2))
    u = 2 * W[:, 1:, :, 0].transpose(0, 2, 1)
    inner = W[:, 1:, :, 1:].transpose(0, 2, 1, 3)
    Ws = (inner @ s[..., None])[..., 0]
    radial = W[:, 0, :, 0] * first + 2 * second * ((u * s).sum(axis=2) - np.trace(inner, 0, 2, 3))
    radial -= 4 * third * (Ws * s).sum(axis=2)
    slope = 2 * (radial[..., None] * s + first[..., None] * u - 4 * second[..., None] * Ws)
    return np.asarray(-(s * slope).sum(axis=(0, 1)))


@dataclass(frozen=True)
class State:
    """The process for some length scales and noise: α = K⁻¹ (t - mean), mean, -log-likelihood."""

    alpha: Numbers
    mean: float
    cost: float
    gradient: Numbers


def state(kernel: Kernel, X: Numbers, t: Numbers, log: Numbers) -> State | None:
    """Return the process of targets t (n, d + 1), None if K is not positive definite.

    `log` has the logarithms of ℓ and of the noise of values and of slopes.
    """
    n, d = X.shape
    size, lengths, noise = t.size, np.exp(log[:d]), np.exp(log[d:])
    Z = X / lengths
    s = Z[:, None] - Z
    K = covariance(kernel, s)
    own = K.reshape(size, size).diagonal().reshape(n, d + 1)
    added = own * np.repeat(noise, (1, d))
    K.reshape(size, size)[np.diag_indices(size)] += added.ravel()
    factor, failed = lapack.dpotrf(K.reshape(size, size).T, lower=1, clean=0, overwrite_a=1)
    if failed:
        return None
    half = np.log(factor.diagonal()).sum()
    target = t * np.r_[1.0, lengths]
    ones = np.zeros_like(t)
    ones[:, 0] = 1.0
    both, _ = lapack.dpotrs(factor, np.stack([target.ravel(), ones.ravel()], axis=1), lower=1)
    by_target, by_ones = both.T
    mean = by_target @ ones.ravel() / (by_ones @ ones.ravel())
    alpha = by_target - mean * by_ones
    residual = (target - mean * ones).ravel()
    variance = residual @ alpha / size
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(inverse)
    W = lower + np.tril(inverse, -1).T
    W -= np.outer(alpha, alpha / variance)
    by_noise = 0.5 * added * W.diagonal().reshape(n, d + 1)
    by_length = 0.5 * length_gradient(kernel, s, W.reshape(n, d + 1, n, d + 1))
    by_length += (alpha.reshape(n, d + 1) * target)[:, 1:].sum(axis=0) / variance - n
    gradient = np.r_[by_length, by_noise[:, 0].sum(), by_noise[:, 1:].sum()]
    cost = 0.5 * size * np.log(variance) + half - n * log[:d].sum()
    return State(alpha.reshape(n, d + 1), float(mean), float(cost), gradient)


def best_lengths(kernel: Kernel, X: Numbers, t: Numbers) -> Numbers:
    """Logarithms of length scales and noise of the largest likelihood over all starts."""
    d = X.shape[1]
    rng = np.random.default_rng(0)
    bounds = [tuple(np.log(LENGTHS))] * d + [tuple(np.log(NOISE))] * 2

    def cost(log: Numbers) -> tuple[float, Numbers]:
        found = state(kernel, X, t, log)
        return (FAILED, np.zeros(d + 2)) if found is None else (found.cost, found.gradient)

    results: list[Any] = []
    for start in np.linspace(-0.5, 1.5, STARTS):
        lengths = start + 0.5 * np.log(d) + rng.uniform(-0.3, 0.3, d)
        first = np.r_[lengths, np.log([1e-8, 1e-8])]
        results.append(
            minimize(
                cost, first, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
            )
        )
    return np.asarray(min(results, key=lambda r: r.fun).x)


def predictor(kernel: Kernel, Z: Numbers, found: State) -> Callable[[Numbers], Numbers]:
    """Function from points z (N, d) to the value and the slopes by z, (N, d + 1)."""
    by_value, by_slope = found.alpha[:, 0], found.alpha[:, 1:]

    def predict(points: Numbers) -> Numbers:
        s = points[:, None] - Z
        value, first, second, _ = kernel((s**2).sum(axis=2))
        along = np.einsum("pqi,qi->pq", s, by_slope)
        H = found.mean + value @ by_value - 2 * (first * along).sum(axis=1)
        radial = 2 * first * by_value - 4 * second * along
        J = np.einsum("pq,pqi->pi", radial, s) - 2 * first @ by_slope
        return np.column_stack([H, J])

    def in_parts(points: Numbers) -> Numbers:
        return np.concatenate([predict(part) for part in np.array_split(points, 20)])

    return in_parts


def slope_process(name: str) -> Fitter:
    """The process with the kernel "rbf" or "matern" (ν = 5/2)."""
    kernel = KERNELS[name]

    def fit(rows: Rows) -> Surrogate:
        middle, width = rows.X.mean(axis=0), rows.X.std(axis=0)
        mean, spread = rows.y.mean(), rows.y.std()
        X, slopes = (rows.X - middle) / width, rows.dydx * width / spread
        t = np.column_stack([(rows.y - mean) / spread, slopes])
        log = best_lengths(kernel, X, t)
        lengths = np.exp(log[: X.shape[1]])
        found = state(kernel, X, t, log)
        if found is None:
            raise ArithmeticError("no start of the process has a positive definite matrix")
        predict = predictor(kernel, X / lengths, found)

        def both(T: Numbers) -> Numbers:
            return predict((T - middle) / width / lengths)

        return Surrogate(
            lambda T: mean + spread * both(T)[:, 0],
            lambda T: spread * both(T)[:, 1:] / (lengths * width),
        )

    return fit

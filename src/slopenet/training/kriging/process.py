"""A Gaussian process on values and slopes: kriging with an unknown constant mean.

Its length scales ℓ and the variances ν of the noise of values and of slopes, relative to the
variances of f and of ∂_i f, maximise the likelihood of the R targets t of each output. With
A = K + ν, where a slope's ν is divided by ℓ_i², the vector 1 of 1 for a value and 0 for a slope,
a = 1ᵀA⁻¹1, w = A⁻¹(t - 1 1ᵀA⁻¹t/a) and q = tᵀw,

    -log L = ½ Σ_k (R - 1) log(q_k/(R - 1)) + ½ n_L (log det A + log a)

where the variance of f of each output is the best one, q_k/(R - 1) (Rasmussen & Williams 2006,
sections 2.7 and 5.4.1).
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, solve_triangular

from slopenet._types import Floats
from slopenet.posterior.kernel import (
    by_scales,
    covariance,
    squares,
    values_by_scales,
    values_covariance,
)

# Limits of log ℓ, in standard units, and of log ν.
SCALES = (-6.0, 9.0)
NOISES = (float(np.log(1e-14)), 2.0)
# Entries of a covariance that are computed at a time.
_BLOCK = 1 << 21
# The most squared differences that a process keeps, 160 MB.
_PAIRS = 2e7


class Posterior(NamedTuple):
    """A process given its targets.

    `mean` (n_L,) of f, `weights` w (R, n_L), `variance` q/(R - 1) (n_L,), the Cholesky factor of A
    (R, R), A⁻¹1 (R,) and a.
    """

    mean: Floats
    weights: Floats
    variance: Floats
    factor: Floats
    ones: Floats
    a: float

    @property
    def log_det(self) -> float:
        """Log det A + log a."""
        return 2 * float(np.log(self.factor.diagonal()).sum()) + float(np.log(self.a))

    def inverse(self) -> Floats:
        """A⁻¹ - A⁻¹1 1ᵀA⁻¹/a."""
        inverse, _ = lapack.dpotri(self.factor, lower=1)  # the upper triangle stays 0
        full: Floats = inverse + inverse.T
        full.flat[:: len(full) + 1] *= 0.5
        full -= self.ones[:, None] * (self.ones / self.a)
        return full


class Process:
    """A Gaussian process on the targets of some rows, in standard units.

    Parameters
    ----------
    X : (n, n_1)
    targets : (n, kinds, n_L)
        The value of each row, then its slopes if kinds is 1 + n_1; NaN where one is missing for
        all outputs. Where no value is known, f is known up to a constant.
    counts : (n,), optional
        The weight of each row: the variance of its noise is divided by it.

    Attributes
    ----------
    residuals : int
        Number of known targets, of all outputs.
    """

    def __init__(self, X: Floats, targets: Floats, counts: Floats | None = None) -> None:
        self.X, self.targets = X, targets
        self.counts = np.ones(len(X)) if counts is None else counts
        n, kinds, outputs = targets.shape
        self.slopes = kinds > 1
        # a target is known if it is for all outputs
        known = np.asarray(~np.isnan(targets).any(axis=2))
        # with an unknown constant mean, one made-up value says nothing
        self._made_up = not known[:, 0].any()
        if self._made_up:
            known[0, 0] = True
            targets = targets.copy()
            targets[0, 0] = 0.0
        self._known = known.ravel()
        self._t = targets.reshape(n * kinds, outputs)[self._known]
        self._rows = np.repeat(np.arange(n), kinds)[self._known]
        self._kind = np.tile(np.arange(kinds), n)[self._known]
        self._one = np.where(self._kind == 0, 1.0, 0.0)
        self._share = 1 / self.counts[self._rows]
        if self._made_up:
            self._share[0] = 0.0
        self.residuals = (len(self._t) - self._made_up) * outputs

    def __len__(self) -> int:
        return len(self.X)

    def some(self, rows: Floats) -> Process:
        """The process on some of the rows."""
        return Process(self.X[rows], self.targets[rows], self.counts[rows])

    @property
    def known(self) -> Floats:
        """1 where a target is known of all outputs, else 0: (n, kinds)."""
        return np.asarray(~np.isnan(self.targets).any(axis=2), np.float64)

    @property
    def noises(self) -> int:
        """Number of variances ν."""
        return 2 if self.slopes else 1

    def scales(self, p: Floats) -> Floats:
        """ℓ (n_1,) of p = (log ℓ, log ν)."""
        return np.exp(p[: self.X.shape[1]])

    def noisier(self, p: Floats, factor: float) -> Floats:
        """The parameters with so many times the noise."""
        d = self.X.shape[1]
        return np.concatenate([p[:d], p[d:] + np.log(factor)])

    def noise_of_kinds(self, p: Floats) -> Floats:
        """ν of a value, and of each slope if there are any: (kinds,)."""
        d = self.X.shape[1]
        of_slopes = np.exp(p[-1]) / self.scales(p) ** 2 if self.slopes else np.zeros(0)
        return np.concatenate([np.exp(p[d : d + 1]), of_slopes])

    def posterior(self, p: Floats) -> Posterior | None:
        """The process given its targets; None if A is singular by rounding."""
        return self._given(p, covariance(self.X, self.X, self.scales(p), slopes=self.slopes).full)

    def cost(self, p: Floats) -> tuple[float, Floats]:
        """-log L and its gradient at p; a large number where A is singular by rounding."""
        scales, pairs = self.scales(p), self._squares
        if pairs is None:
            found = covariance(self.X, self.X, scales, slopes=self.slopes)
            full = found.full
        else:
            full = values_covariance(pairs, scales)
        given = self._given(p, full)
        if given is None:
            return 1e25, np.zeros_like(p)
        outputs = self._t.shape[1]
        M = outputs * given.inverse() - (given.weights / given.variance) @ given.weights.T
        M *= 0.5
        by_noise = M.diagonal() * self._noise(p)
        gradient = np.zeros_like(p)
        on_all = self._over_all(M).reshape(full.shape)
        if pairs is None:
            gradient[: len(scales)] = by_scales(found, scales, on_all)
        else:
            gradient[: len(scales)] = values_by_scales(pairs, scales, on_all * full)
        each = np.bincount(self._kind, by_noise, self.targets.shape[1])
        gradient[len(scales)] = each[0]
        if self.slopes:
            gradient[-1] = each[1:].sum()
            gradient[: len(scales)] -= 2 * each[1:]
        return self.minus_log(given), gradient

    @cached_property
    def _squares(self) -> Floats | None:
        """Squared differences of all pairs of rows, for values alone; None if they are too many."""
        rows, inputs = self.X.shape
        few = not self.slopes and rows**2 * inputs <= _PAIRS
        return squares(self.X) if few else None

    def minus_log(self, given: Posterior) -> float:
        """-log L."""
        R, outputs = self._t.shape
        logs = max(R - 1, 1) * np.log(given.variance).sum() + outputs * given.log_det
        return 0.5 * float(logs)

    def mean(self, p: Floats, given: Posterior, Z: Floats) -> Floats:
        """Mean of values and slopes at the points Z (m, n_1): (m, 1 + n_1, n_L)."""
        n, d = self.X.shape
        weights = np.zeros((len(self._known), given.weights.shape[1]))
        weights[self._known] = given.weights
        step = max(1, _BLOCK // (n * (1 + d) * (1 + d * self.slopes)))
        found = np.concatenate(
            [
                np.tensordot(self._on_all(Z[i : i + step], p), weights, 1)
                for i in range(0, len(Z), step)
            ]
        )
        found[:, 0] += given.mean
        return found

    def variance(self, p: Floats, given: Posterior, Z: Floats) -> Floats:
        """Variance of the values at the points Z (m, n_1), without noise: (m, n_L).

        Where no value is known, it is that of the differences from the first row.
        """
        on_all = self._on_all(Z, p)[:, 0, self._known].T
        half = solve_triangular(given.factor, on_all, lower=True)
        share = 1 - np.einsum("rm,rm->m", half, half) + (1 - given.ones @ on_all) ** 2 / given.a
        return np.asarray(np.maximum(share, 0.0)[:, None] * given.variance)

    def left_out(self, given: Posterior) -> Floats:
        """Errors of each row's targets, the row left out: as `targets`, NaN where one is missing.

        Exact for given ℓ and ν: (A⁻¹)_ss⁻¹ (A⁻¹t)_s (Dubrule 1983).
        """
        return self._over_targets(self._each_left_out(given)[0])

    def standardised_left_out(self, given: Posterior) -> Floats:
        """The same errors over their standard deviations, the noise included."""
        errors, variances = self._each_left_out(given)
        return self._over_targets(errors / np.sqrt(variances[:, None] * given.variance))

    def _each_left_out(self, given: Posterior) -> tuple[Floats, Floats]:
        """Errors (R, n_L), and their variances relative to that of f (R,)."""
        inverse = given.inverse()
        errors, variances = np.empty_like(given.weights), np.ones(len(given.weights))
        ends = np.searchsorted(self._rows, np.arange(len(self.X) + 1))
        for first, last in pairwise(ends):
            own = slice(first, last)
            block = inverse[own, own]
            errors[own] = np.linalg.lstsq(block, given.weights[own])[0]
            variances[own] = np.linalg.pinv(block, hermitian=True).diagonal()
        return errors, np.maximum(variances, 1e-300)

    def _over_targets(self, found: Floats) -> Floats:
        """Numbers of the known targets (R, n_L) in the shape of `targets`, NaN elsewhere."""
        every = np.full((len(self._known), found.shape[1]), np.nan)
        every[self._known] = found
        if self._made_up:
            every[0] = np.nan
        return every.reshape(self.targets.shape)

    @property
    def shortfall(self) -> Floats:
        """√(R/(R - h)) of each output (n_L,), by which errors of rows left out are too small.

        A row left out has taken part in choosing h numbers: log ℓ, log ν, a mean and a variance.
        """
        R, outputs = self._t.shape
        freedom = max(R - (self.X.shape[1] + self.noises + 2), 1.0)
        return np.full(outputs, np.sqrt(R / freedom))

    def _given(self, p: Floats, full: Floats) -> Posterior | None:
        A = full.reshape(len(self._known), -1)
        A = A.copy() if self._known.all() else A[np.ix_(self._known, self._known)]
        A.flat[:: len(A) + 1] += self._noise(p)
        factor, failed = lapack.dpotrf(A, lower=1, clean=1)
        if failed or not np.isfinite(factor.diagonal()).all():
            return None
        ones, _ = lapack.dpotrs(factor, self._one, lower=1)
        a = float(self._one @ ones)
        if not a > 0:
            return None
        mean = ones @ self._t / a
        weights, _ = lapack.dpotrs(factor, self._t - self._one[:, None] * mean, lower=1)
        q = np.einsum("rk,rk->k", weights, self._t) / max(len(self._t) - 1, 1)
        return Posterior(mean, weights, np.maximum(q, 1e-300), factor, ones, a)

    def _noise(self, p: Floats) -> Floats:
        """Variance of the noise of each known target."""
        return self._share * self.noise_of_kinds(p)[self._kind]

    def _on_all(self, Z: Floats, p: Floats) -> Floats:
        """Covariances of values and slopes at Z with all targets: (m, 1 + n_1, n kinds)."""
        m, d = Z.shape
        scales = self.scales(p)
        k, u, full = covariance(Z, self.X, scales, slopes=self.slopes)
        if not self.slopes:
            by_point = -(k[..., None] * u / scales).transpose(0, 2, 1)
            full = np.concatenate([full[:, :, :, 0], by_point], axis=1)
        return full.reshape(m, 1 + d, -1)

    def _over_all(self, M: Floats) -> Floats:
        if self._known.all():
            return M
        full = np.zeros((len(self._known),) * 2)
        full[np.ix_(self._known, self._known)] = M
        return full

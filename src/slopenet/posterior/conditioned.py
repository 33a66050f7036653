"""A Gaussian process with an unknown constant mean, conditioned on its known targets.

With A = K + ν of the known targets T, A = L Lᵀ, a = 1ᵀA⁻¹1 and, for a value or a slope at a point,

    h = L⁻¹ cov(T, ·),  g = (1 or 0 - 1ᵀA⁻¹ cov(T, ·))/√a

the covariance of two of them over σ² is cov(·,·') - h·h' + g g' (Rasmussen & Williams 2006,
section 2.7). The targets themselves take no part in it. Where no value is known, it is the
covariance of f less its mean over the points.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, solve_triangular

from slopenet._types import Floats
from slopenet.posterior.cholesky import factor_with
from slopenet.posterior.kernel import covariance

# The factor by which the noise grows where A is singular by rounding, and the least noise then.
_MORE_NOISE, _LEAST_NOISE = 10.0, 1e-15


class Numbers(NamedTuple):
    """The numbers from which covariances are computed, next to the points and ℓ.

    Attributes
    ----------
    targets : (R,)
        The known targets among all n kinds.
    factor : (R, R)
        L.
    ones : (R,)
        A⁻¹1/√a.
    root : float
        1/√a.
    level : (R + 2,) or None
        Where no value is known: the means of h and of g over the rows, and that of the kernel.
    """

    targets: Floats
    factor: Floats
    ones: Floats
    root: float
    level: Floats | None


class Conditioned:
    """See the module; covariances are relative to σ².

    Parameters
    ----------
    X : (n, n_1)
        The points of the targets.
    counts : (n,)
        The weight of each row: the variance of its noise is divided by it.
    known : (n, kinds)
        1 where a target is known, else 0.
    scales : (n_1,)
        ℓ.
    noise : (kinds,)
        ν.
    """

    def __init__(
        self, X: Floats, counts: Floats, known: Floats, scales: Floats, noise: Floats
    ) -> None:
        n, kinds = known.shape
        self._X, self._scales, self._slopes = X, scales, kinds > 1
        self._level = not known[:, 0].any()
        share = np.repeat(1 / counts, kinds)
        mask = known.ravel() > 0
        if self._level:  # with an unknown constant mean, one made-up value says nothing
            mask[0], share[0] = True, 0.0
        self._mask = mask
        A = covariance(X, X, scales, slopes=self._slopes).full.reshape(n * kinds, -1)
        noises: Floats = (share * np.tile(noise, n))[mask]
        self._factor = factor_with(A[np.ix_(mask, mask)], noises, _more)
        one = np.where(np.arange(n * kinds) % kinds == 0, 1.0, 0.0)[mask]
        self._ones, _ = lapack.dpotrs(self._factor, one, lower=1)
        self._a = max(float(one @ self._ones), 1e-300)

    @property
    def targets(self) -> int:
        """n kinds."""
        return len(self._mask)

    @property
    def numbers(self) -> Numbers:
        """The numbers that remain when the targets are known."""
        level = None
        if self._level:
            of_h, of_g = self._means
            level = np.concatenate([of_h, [of_g, self._mean_of_mean]])
        root = 1 / np.sqrt(self._a)
        targets = np.flatnonzero(self._mask)
        return Numbers(targets, self._factor, self._ones * root, float(root), level)

    def covariance(self, Z: Floats) -> Floats:
        """Of the value and the slopes at each point (N, n_1): (N, 1 + n_1, 1 + n_1)."""
        h, g = self._parts(Z, slopes=True)
        H = h.transpose(1, 2, 0)
        C = g[:, :, None] * g[:, None, :] - H @ H.transpose(0, 2, 1)
        i = np.arange(C.shape[1])
        C[:, i, i] += self._prior(len(i))
        if self._level:
            on_mean = self._on_mean(Z, slopes=True)
            C[:, 0] -= on_mean
            C[:, :, 0] -= on_mean
            C[:, 0, 0] += self._mean_of_mean
        return np.asarray(C)

    def variances(self, Z: Floats, *, slopes: bool) -> Floats:
        """The diagonal of `covariance` (N, 1 + n_1), or that of values (N, 1)."""
        h, g = self._parts(Z, slopes=slopes)
        found = self._prior(g.shape[1]) + g**2 - np.einsum("rni,rni->ni", h, h)
        if self._level:
            found[:, 0] += self._mean_of_mean - 2 * self._on_mean(Z, slopes=False)[:, 0]
        return np.asarray(found)

    def terms(self, Z: Floats) -> Floats:
        """The size of the terms of the variances: (N, 1 + n_1).

        With w = A⁻¹ cov(T, ·) and the standard deviations s and s_T before any data it is
        s (s + |w|·s_T), because rounding of cov(T, ·) by ε s s_T changes a variance by that much.
        """
        h, g = self._parts(Z, slopes=True)
        w = solve_triangular(
            self._factor, h.reshape(len(h), -1), lower=True, trans=1, check_finite=False
        )
        prior = np.sqrt(self._prior(g.shape[1]))
        kinds = 1 + Z.shape[1] if self._slopes else 1
        own = np.tile(prior[:kinds], len(self._X))[self._mask]
        return np.asarray(prior * (prior + self._level + (own @ np.abs(w)).reshape(g.shape)))

    def joint(self, Z: Floats, *, slopes: bool) -> Floats:
        """Of the values, and the slopes, at all points: (N, kinds, N, kinds)."""
        h, g = self._parts(Z, slopes=slopes)
        found = covariance(Z, Z, self._scales, slopes=slopes).full
        g, h = g.ravel(), h.reshape(len(h), -1)
        found += (g[:, None] * g - h.T @ h).reshape(found.shape)
        if self._level:
            on_mean = self._on_mean(Z, slopes=slopes)
            found[:, 0] -= on_mean
            found[:, :, :, 0] -= on_mean[:, :, None]
            found[:, 0, :, 0] += self._mean_of_mean
        return np.asarray(found)

    def _parts(self, Z: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """H (R, N, kinds) and g (N, kinds), less their means over the rows if no value is known."""
        h, g = self._plain_parts(Z, slopes=slopes)
        if self._level:
            of_h, of_g = self._means
            h[:, :, 0] -= of_h[:, None]
            g[:, 0] -= of_g
        return h, g

    @cached_property
    def _means(self) -> tuple[Floats, float]:
        h, g = self._plain_parts(self._X, slopes=False)
        return h[:, :, 0].mean(axis=1), float(g.mean())

    def _plain_parts(self, Z: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        kinds = 1 + Z.shape[1] if slopes else 1
        k, u, full = covariance(Z, self._X, self._scales, slopes=self._slopes)
        if slopes and not self._slopes:
            by_point = -(k[..., None] * u / self._scales).transpose(0, 2, 1)
            full = np.concatenate([full[:, :, :, 0], by_point], axis=1)
        on_all = full.reshape(len(Z), full.shape[1], -1)[:, :kinds, self._mask]
        on_all = on_all.reshape(-1, len(self._ones))
        h = solve_triangular(self._factor, on_all.T, lower=True, check_finite=False)
        g = -(on_all @ self._ones).reshape(len(Z), kinds)
        g[:, 0] += 1.0
        return h.reshape(-1, len(Z), kinds), g / np.sqrt(self._a)

    def _prior(self, kinds: int) -> Floats:
        """Variances of the value and of each slope before any data."""
        return np.concatenate([[1.0], self._scales[: kinds - 1] ** -2.0])

    def _on_mean(self, Z: Floats, *, slopes: bool) -> Floats:
        """Covariance, before any data, of values and slopes with the mean over all rows."""
        k, u, _ = covariance(Z, self._X, self._scales, slopes=False)
        by_value = k.mean(axis=1)[:, None]
        by_slope = -(k[..., None] * u).mean(axis=1) / self._scales
        return np.asarray(np.concatenate([by_value, by_slope], axis=1) if slopes else by_value)

    @cached_property
    def _mean_of_mean(self) -> float:
        return float(covariance(self._X, self._X, self._scales, slopes=False).k.mean())


def _more(noise: Floats) -> Floats:
    return np.maximum(noise * _MORE_NOISE, _LEAST_NOISE)

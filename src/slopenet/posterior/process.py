"""The exact posterior of a Gaussian process with an unknown constant mean.

With A = K + ν of the known targets T, A = L Lᵀ, a = 1ᵀA⁻¹1 and, for a value or a slope at a point,

    h = L⁻¹ cov(T, ·),  g = (1 or 0 - 1ᵀA⁻¹ cov(T, ·))/√a

the covariance of two of them is σ² (cov(·,·') - h·h' + g g') (Rasmussen & Williams 2006, section
2.7). The targets themselves take no part in it: points, length scales and noise are all there is to
keep. Where no value of an output is known, it is the covariance of f less its mean over the points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, solve_triangular

from slopenet._types import Floats
from slopenet.posterior.kernel import covariance
from slopenet.posterior.posterior import Network, Posterior
from slopenet.posterior.units import Units

# Entries of a covariance with the targets that are computed at a time.
_BLOCK = 1 << 21
# The factor by which the noise grows where A is singular by rounding.
_MORE_NOISE = 10.0
# The most targets of a process from a file: its covariance matrix has so many rows.
MOST_TARGETS = 4096


class Group(NamedTuple):
    """Outputs that are known at the same rows.

    `known` (n, kinds) is 1 where a target is known, `scales` ℓ (n_1,), `noise` ν (kinds,).
    """

    outputs: Floats
    known: Floats
    scales: Floats
    noise: Floats


class Given(NamedTuple):
    """L, A⁻¹1, a, and the means over all rows of h and of g, which are 0 if a value is known."""

    factor: Floats
    ones: Floats
    a: float
    h: Floats
    g: float
    level: bool


class ProcessPosterior(Posterior):
    """See the module.

    Parameters
    ----------
    X : (n, n_1)
        The points of the targets, in standard units.
    counts : (n,)
        The weight of each row: the variance of its noise is divided by it.
    groups : sequence of Group
    variance : (n_L,)
        σ².
    inflation : (n_L,)
        The factor of all standard deviations, except those of the noise, that makes up for what
        the process takes as known.
    distance : (n_L, 1 + n_1)
        RMS distances of the network's value and slopes from those of the process.
    units : Units
    """

    kind = "process"

    def __init__(  # noqa: PLR0917
        self,
        X: Floats,
        counts: Floats,
        groups: Sequence[Group],
        variance: Floats,
        inflation: Floats,
        distance: Floats,
        units: Units,
    ) -> None:
        self.X, self.counts, self.groups = X, counts, list(groups)
        self.process_variance, self.inflation = variance, inflation
        self.distance, self.units = distance, units
        self.noise = np.zeros(distance.shape)
        for each in self.groups:
            share = np.zeros(distance.shape[1])
            share[: len(each.noise)] = each.noise
            self.noise[each.outputs] = np.sqrt(variance[each.outputs, None] * share)

    def some(self, outputs: Sequence[int]) -> ProcessPosterior:
        """See `Posterior`."""
        chosen = list(outputs)
        groups = []
        for each in self.groups:
            own = np.flatnonzero(np.isin(chosen, each.outputs))
            if own.size:
                groups.append(each._replace(outputs=own))
        each = (self.process_variance, self.inflation, self.distance)
        rest = (*(numbers[chosen] for numbers in each), self.units.some(chosen))
        return ProcessPosterior(self.X, self.counts, groups, *rest)

    @cached_property
    def _given(self) -> list[Given]:
        return [self._factorised(each) for each in self.groups]

    def _factorised(self, group: Group) -> Given:
        n, kinds = group.known.shape
        known = group.known.ravel() > 0
        made_up = not group.known[:, 0].any()
        share = np.repeat(1 / self.counts, kinds)
        if made_up:  # with an unknown constant mean, one made-up value says nothing
            known[0], share[0] = True, 0.0
        full = covariance(self.X, self.X, group.scales, slopes=kinds > 1).full
        A = full.reshape(n * kinds, -1)[np.ix_(known, known)]
        noise = share[known] * np.tile(group.noise, n)[known]
        one = np.where(np.arange(n * kinds) % kinds == 0, 1.0, 0.0)[known]
        factor: Floats
        while True:
            damped = A.copy()
            damped.flat[:: len(A) + 1] += noise
            factor, failed = lapack.dpotrf(damped, lower=1, clean=1, overwrite_a=1)
            if not failed and np.isfinite(factor.diagonal()).all():
                break
            noise = np.maximum(noise * _MORE_NOISE, 1e-15)
        ones, _ = lapack.dpotrs(factor, one, lower=1)
        found = Given(factor, ones, max(float(one @ ones), 1e-300), np.zeros(len(A)), 0.0, made_up)
        if not made_up:
            return found
        h, g = self._parts(group, found, self.X, slopes=False)
        return found._replace(h=h[:, :, 0].mean(axis=1), g=float(g[:, 0].mean()))

    def _parts(
        self, group: Group, given: Given, X: Floats, *, slopes: bool
    ) -> tuple[Floats, Floats]:
        """H (R, N, kinds) and g (N, kinds) of values, and slopes, at X."""
        kinds = 1 + X.shape[1] if slopes else 1
        known = group.known.ravel() > 0
        if given.level:
            known[0] = True
        with_slopes = group.known.shape[1] > 1
        k, u, full = covariance(X, self.X, group.scales, slopes=with_slopes)
        if slopes and not with_slopes:
            by_point = -(k[..., None] * u / group.scales).transpose(0, 2, 1)
            full = np.concatenate([full[:, :, :, 0], by_point], axis=1)
        on_all = full.reshape(len(X), full.shape[1], -1)[:, :kinds, known].reshape(-1, known.sum())
        h = solve_triangular(given.factor, on_all.T, lower=True, check_finite=False)
        one = np.zeros((len(X), kinds))
        one[:, 0] = 1.0
        g = (one - (on_all @ given.ones).reshape(len(X), kinds)) / np.sqrt(given.a)
        h = h.reshape(-1, len(X), kinds)
        h[:, :, 0] -= given.h[:, None]
        g[:, 0] -= given.g
        return h, g

    def _standard(self, network: Network, X: Floats) -> Floats:  # noqa: ARG002
        kinds = 1 + self.inputs
        C = np.empty((len(X), self.outputs, kinds, kinds))
        for group, given, rows, Z in self._blocks(X, kinds):
            share = self._share(group, given, Z)
            C[rows, group.outputs] = share[:, None] * self._variance_of(group)[:, None, None]
        np.einsum("nkii->nki", C)[...] += self.distance**2
        return C

    def _diagonal(self, network: Network, X: Floats, *, slopes: bool) -> Floats:  # noqa: ARG002
        kinds = 1 + self.inputs if slopes else 1
        found = np.empty((len(X), self.outputs, kinds))
        for group, given, rows, Z in self._blocks(X, kinds):
            h, g = self._parts(group, given, Z, slopes=slopes)
            share = _prior(group, kinds) + g**2 - np.einsum("rni,rni->ni", h, h)
            if given.level:
                share[:, 0] += self._mean_of_mean(group)
                share[:, 0] -= 2 * self._on_mean(group, Z, slopes=False)[:, 0]
            found[rows, group.outputs] = share[:, None] * self._variance_of(group)[:, None]
        return found + self.distance[:, :kinds] ** 2

    def _blocks(self, X: Floats, kinds: int) -> Iterator[tuple[Group, Given, slice, Floats]]:
        """Each group with some rows at a time, and their points."""
        Z = self.units.standard(X)
        n, targets = self.groups[0].known.shape
        step = max(1, _BLOCK // (n * (kinds * targets + self.inputs)))
        for group, given in zip(self.groups, self._given, strict=True):
            for first in range(0, len(X), step):
                rows = slice(first, first + step)
                yield group, given, rows, Z[rows]

    def _variance_of(self, group: Group) -> Floats:
        own = group.outputs
        return np.asarray(self.process_variance[own] * self.inflation[own] ** 2)

    def _share(self, group: Group, given: Given, Z: Floats) -> Floats:
        """Covariance at each point, relative to σ²: (N, kinds, kinds)."""
        h, g = self._parts(group, given, Z, slopes=True)
        H = h.transpose(1, 2, 0)
        C = g[:, :, None] * g[:, None, :] - H @ H.transpose(0, 2, 1)
        i = np.arange(C.shape[1])
        C[:, i, i] += _prior(group, len(i))
        if given.level:
            on_mean = self._on_mean(group, Z, slopes=True)
            C[:, 0] -= on_mean
            C[:, :, 0] -= on_mean
            C[:, 0, 0] += self._mean_of_mean(group)
        return np.asarray(C)

    def _on_mean(self, group: Group, Z: Floats, *, slopes: bool) -> Floats:
        """Prior covariance of values and slopes with the mean over all rows (N, kinds)."""
        k, u, _ = covariance(Z, self.X, group.scales, slopes=False)
        by_value = k.mean(axis=1)[:, None]
        if not slopes:
            return by_value
        by_slope = -(k[..., None] * u).mean(axis=1) / group.scales
        return np.concatenate([by_value, by_slope], axis=1)

    def _mean_of_mean(self, group: Group) -> float:
        return float(covariance(self.X, self.X, group.scales, slopes=False).k.mean())

    def _standard_joint(self, network: Network, X: Floats) -> Floats:  # noqa: ARG002
        Z = self.units.standard(X)
        C = np.zeros((self.outputs, len(X), len(X)))
        for group, given in zip(self.groups, self._given, strict=True):
            h, g = self._parts(group, given, Z, slopes=False)
            share = covariance(Z, Z, group.scales, slopes=False).k
            share += g * g.T - h[:, :, 0].T @ h[:, :, 0]
            if given.level:
                on_mean = self._on_mean(group, Z, slopes=False)
                share += self._mean_of_mean(group) - on_mean - on_mean.T
            C[group.outputs] = self._variance_of(group)[:, None, None] * share
        i = np.arange(len(X))
        C[:, i, i] = np.maximum(C[:, i, i], 0.0) + self.distance[:, :1] ** 2
        return C

    def stored(self) -> Mapping[str, Floats]:
        """See `Posterior`."""
        return {
            "points": self.X,
            "counts": self.counts,
            "known": np.stack([each.known for each in self.groups]),
            "length_scales": np.stack([each.scales for each in self.groups]),
            "relative_noise": np.stack([each.noise for each in self.groups]),
            "group": self._group_of_output(),
            "variance": self.process_variance,
            "inflation": self.inflation,
            "distance": self.distance,
            **self.units.stored(),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> ProcessPosterior:
        """See `Posterior`."""
        known, scales, noise = (
            arrays[name] for name in ("known", "length_scales", "relative_noise")
        )
        groups, of = [], arrays["group"]
        positive = all(
            (arrays[n] > 0).all() for n in ("counts", "length_scales", "variance", "inflation")
        )
        if not positive or (noise < 0).any() or (arrays["distance"] < 0).any():
            raise ValueError("the numbers of its posterior must not be negative")
        if not np.isin(of, np.arange(len(known))).all() or not np.isin(known, (0, 1)).all():
            raise ValueError("its posterior must have a group per output, and known targets or not")
        if known.shape[2] not in {1, 1 + scales.shape[1]}:
            raise ValueError("its posterior must be of values, or of values and slopes")
        if not 0 < known.sum(axis=(1, 2)).min() <= known.sum(axis=(1, 2)).max() <= MOST_TARGETS:
            raise ValueError(f"its posterior must be of 1 to {MOST_TARGETS} targets")
        for i in range(len(known)):
            outputs = np.flatnonzero(of == i)
            if outputs.size:
                groups.append(Group(outputs, known[i], scales[i], noise[i]))
        rest = *(arrays[n] for n in ("variance", "inflation", "distance")), Units.restored(arrays)
        return cls(arrays["points"], arrays["counts"], groups, *rest)

    def _group_of_output(self) -> Floats:
        found = np.zeros(self.outputs)
        for i, each in enumerate(self.groups):
            found[each.outputs] = i
        return found


def _prior(group: Group, kinds: int) -> Floats:
    """Variances of the value and of each slope before any data, relative to σ²."""
    return np.concatenate([[1.0], group.scales[: kinds - 1] ** -2.0])

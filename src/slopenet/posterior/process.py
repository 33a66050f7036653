"""The exact posterior of a Gaussian process: points, length scales and noise are all it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from slopenet._types import Floats
from slopenet.posterior.conditioned import Conditioned
from slopenet.posterior.posterior import Network, Posterior
from slopenet.posterior.units import Units

# Entries of a covariance with the targets that are computed at a time.
_BLOCK = 1 << 21
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


class ProcessPosterior(Posterior):
    """A process per group of outputs.

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
        for outputs, _, _, noise in self.groups:
            self.noise[outputs, : len(noise)] = np.sqrt(variance[outputs, None] * noise)

    def some(self, outputs: Sequence[int]) -> ProcessPosterior:
        """See `Posterior`."""
        chosen = list(outputs)
        places = [np.flatnonzero(np.isin(chosen, each.outputs)) for each in self.groups]
        pairs = zip(self.groups, places, strict=True)
        return ProcessPosterior(
            self.X,
            self.counts,
            [each._replace(outputs=own) for each, own in pairs if own.size],
            self.process_variance[chosen],
            self.inflation[chosen],
            self.distance[chosen],
            self.units.some(chosen),
        )

    def _terms(self, network: Network, X: Floats) -> Floats:  # noqa: ARG002
        kinds = 1 + self.inputs
        found = np.empty((len(X), self.outputs, kinds))
        for outputs, given, rows, Z in self._blocks(X, kinds):
            variance = self._variance_of(outputs)[:, None]
            found[rows, outputs] = given.terms(Z)[:, None] * variance
        return found

    @cached_property
    def given(self) -> list[Conditioned]:
        """The process of each group, given its targets."""
        return [Conditioned(self.X, self.counts, *each[1:]) for each in self.groups]

    def _standard(self, network: Network, X: Floats) -> Floats:  # noqa: ARG002
        kinds = 1 + self.inputs
        C = np.empty((len(X), self.outputs, kinds, kinds))
        for outputs, given, rows, Z in self._blocks(X, kinds):
            variance = self._variance_of(outputs)[:, None, None]
            C[rows, outputs] = given.covariance(Z)[:, None] * variance
        np.einsum("nkii->nki", C)[...] += self.distance**2
        return C

    def _diagonal(self, network: Network, X: Floats, *, slopes: bool) -> Floats:  # noqa: ARG002
        kinds = 1 + self.inputs if slopes else 1
        found = np.empty((len(X), self.outputs, kinds))
        for outputs, given, rows, Z in self._blocks(X, kinds):
            variance = self._variance_of(outputs)[:, None]
            found[rows, outputs] = given.variances(Z, slopes=slopes)[:, None] * variance
        return np.asarray(found + self.distance[:, :kinds] ** 2)

    def _standard_joint(self, network: Network, X: Floats, *, slopes: bool) -> Floats:  # noqa: ARG002
        Z, kinds = self.units.standard(X), 1 + self.inputs if slopes else 1
        C = np.zeros((self.outputs, len(X), kinds, len(X), kinds))
        for group, given in zip(self.groups, self.given, strict=True):
            variance = self._variance_of(group.outputs)[:, None, None, None, None]
            C[group.outputs] = variance * given.joint(Z, slopes=slopes)
        diagonal = np.einsum("kaiai->kai", C)  # a view
        diagonal[...] = np.maximum(diagonal, 0.0) + self.distance[:, None, :kinds] ** 2
        return C

    def _blocks(self, X: Floats, kinds: int) -> Iterator[tuple[Floats, Conditioned, slice, Floats]]:
        """Outputs of a group, its process, and some rows at a time with their points."""
        Z = self.units.standard(X)
        for group, given in zip(self.groups, self.given, strict=True):
            step = max(1, _BLOCK // (given.targets * kinds + self.X.size))
            for first in range(0, len(X), step):
                rows = slice(first, first + step)
                yield group.outputs, given, rows, Z[rows]

    def _variance_of(self, outputs: Floats) -> Floats:
        return np.asarray(self.process_variance[outputs] * self.inflation[outputs] ** 2)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "given"}

    def stored(self) -> Mapping[str, Floats]:
        """See `Posterior`."""
        group = np.zeros(self.outputs)
        for i, each in enumerate(self.groups):
            group[each.outputs] = i
        return {
            "points": self.X,
            "counts": self.counts,
            "known": np.stack([each.known for each in self.groups]),
            "length_scales": np.stack([each.scales for each in self.groups]),
            "relative_noise": np.stack([each.noise for each in self.groups]),
            "group": group,
            "variance": self.process_variance,
            "inflation": self.inflation,
            "distance": self.distance,
            **self.units.stored(),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> ProcessPosterior:
        """See `Posterior`."""
        known, scales = arrays["known"], arrays["length_scales"]
        noise, group = arrays["relative_noise"], arrays["group"]
        positive = ("counts", "length_scales", "variance", "inflation")
        right = all((arrays[name] > 0).all() for name in positive)
        if not right or (noise < 0).any() or (arrays["distance"] < 0).any():
            raise ValueError("the numbers of its posterior must not be negative")
        if set(group.tolist()) != set(range(len(known))) or not np.isin(known, (0, 1)).all():
            raise ValueError("its posterior must have groups of outputs, and known targets or not")
        if known.shape[2] not in {1, 1 + scales.shape[1]}:
            raise ValueError("its posterior must be of values, or of values and slopes")
        targets = known.sum(axis=(1, 2))
        if not (targets.min() > 0 and known[0].size <= MOST_TARGETS):
            raise ValueError(f"its posterior must be of 1 to {MOST_TARGETS} targets")
        groups = [
            Group(np.flatnonzero(group == i), known[i], scales[i], noise[i])
            for i in range(len(known))
        ]
        numbers = arrays["variance"], arrays["inflation"], arrays["distance"]
        return cls(arrays["points"], arrays["counts"], groups, *numbers, Units.restored(arrays))

"""Processes on outputs that are known at different rows, or with other slopes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from slopenet._types import Floats
from slopenet.training.kriging.process import Posterior, Process

# The outputs that are known at the same rows, and their process.
Group: TypeAlias = tuple[Floats, Process]


class Processes:
    """A process per group of outputs with the same known targets.

    The parameters, attributes and methods are those of `Process`; p has the log ℓ and log ν of one
    group after the other.
    """

    def __init__(self, X: Floats, targets: Floats, counts: Floats | None = None) -> None:
        self.X, self.targets = X, targets
        self.groups: list[Group] = [
            (outputs, Process(X, targets[:, :, outputs], counts)) for outputs in alike(targets)
        ]
        first = self.groups[0][1]
        self.counts, self.slopes = first.counts, first.slopes
        self.residuals = sum(each.residuals for _, each in self.groups)

    def __len__(self) -> int:
        return len(self.X)

    @property
    def shortfall(self) -> Floats:
        """See `Process`."""
        found = np.empty(self.targets.shape[2])
        for outputs, each in self.groups:
            found[outputs] = each.shortfall
        return found

    def some(self, rows: Floats) -> Processes:
        """The processes on some of the rows."""
        return Processes(self.X[rows], self.targets[rows], self.counts[rows])

    def scales(self, p: Floats) -> Floats:
        """ℓ of each group (groups, n_1)."""
        return np.stack([each.scales(own) for _, each, own in self.each(p)])

    def noisier(self, p: Floats, factor: float) -> Floats:
        """The parameters with so many times the noise."""
        return np.concatenate([each.noisier(own, factor) for _, each, own in self.each(p)])

    def posterior(self, p: Floats) -> list[Posterior] | None:
        """Each process given its targets; None if one is singular by rounding."""
        found = [each.posterior(own) for _, each, own in self.each(p)]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else None

    def minus_log(self, given: list[Posterior]) -> float:
        """-log L of all outputs."""
        pairs = zip(self.groups, given, strict=True)
        return sum(each.minus_log(own) for (_, each), own in pairs)

    def mean(self, p: Floats, given: list[Posterior], Z: Floats) -> Floats:
        """Mean of values and slopes at the points Z (m, n_1): (m, 1 + n_1, n_L)."""
        found = zip(self.each(p), given, strict=True)
        return self._of_all([each.mean(own, known, Z) for (_, each, own), known in found])

    def variance(self, p: Floats, given: list[Posterior], Z: Floats) -> Floats:
        """Variance of the values at the points Z (m, n_1), without noise: (m, n_L)."""
        found = zip(self.each(p), given, strict=True)
        return self._of_all([each.variance(own, known, Z) for (_, each, own), known in found])

    def left_out(self, given: list[Posterior]) -> Floats:
        """Errors of each row's targets, the row left out; NaN where one is missing."""
        pairs = zip(self.groups, given, strict=True)
        return self._of_all([each.left_out(own) for (_, each), own in pairs])

    def each(self, p: Floats) -> list[tuple[Floats, Process, Floats]]:
        """Outputs and process of each group, with its part of p."""
        own = np.split(p, len(self.groups))
        return [(*group, part) for group, part in zip(self.groups, own, strict=True)]

    def _of_all(self, found: list[Floats]) -> Floats:
        """Results of all groups, outputs last, in the order of the outputs."""
        order = np.argsort(np.concatenate([outputs for outputs, _ in self.groups]))
        return np.concatenate(found, axis=-1)[..., order]


def alike(targets: Floats) -> list[Floats]:
    """Indices of the outputs, by the targets (n, kinds, n_L) that are known of them."""
    known = ~np.isnan(targets)
    groups: dict[bytes, list[int]] = {}
    for k in range(targets.shape[2]):
        groups.setdefault(known[:, :, k].tobytes(), []).append(k)
    return [np.array(outputs) for outputs in groups.values()]


def process_of(X: Floats, targets: Floats, counts: Floats | None = None) -> Process | Processes:
    """One process if all outputs are known at the same rows, else several."""
    return (Process if len(alike(targets)) == 1 else Processes)(X, targets, counts)

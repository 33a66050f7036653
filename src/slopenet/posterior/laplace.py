"""The linearised Laplace approximation of a network, projected on a few functions of x.

Near its weights θ, a network trained by Levenberg-Marquardt is a linear model whose weights have
the covariance C = s² (JᵀJ + Λ)⁻¹. The variance of the value H_k at x is then j C jᵀ, j = ∂H_k/∂θ,
too much work for networks of thousands of weights. With the functions φ(x) of
`slopenet.posterior.features`, it is nearly

    ‖φ(x) F_k‖²,  the same of each slope with ∂φ/∂x_i,

where F_k (m, r) is the root of the projected covariance: see `slopenet.training.laplace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.derivation import Chain
from slopenet.posterior.features import Last, learned_sizes
from slopenet.posterior.posterior import Network, Posterior
from slopenet.posterior.units import Units

# Entries of functions at points that are computed at a time.
_BLOCK = 1 << 19


class LaplacePosterior(Posterior):
    """See the module.

    Parameters
    ----------
    root : (n_L, m, r)
        F_k, in standard units.
    noise : (n_L, 1 + n_1)
        Standard deviations of the noise, in standard units.
    units : Units
    """

    kind = "laplace"

    def __init__(self, root: Floats, noise: Floats, units: Units) -> None:
        self.root, self.noise, self.units = root, noise, units
        self._learned = Last(units)

    def some(self, outputs: Sequence[int]) -> LaplacePosterior:
        """See `Posterior`: the functions of an output do not depend on the others."""
        chosen = list(outputs)
        return LaplacePosterior(self.root[chosen], self.noise[chosen], self.units.some(chosen))

    def suits(self, chain: Chain) -> bool:
        """See `Posterior`."""
        m: int = self.root.shape[1]
        return m == 1 + sum(learned_sizes(chain, self.units)[:-1])

    def _blocks(
        self, network: Network, X: Floats, *, slopes: bool
    ) -> Iterator[tuple[slice, Floats]]:
        """Some rows at a time, and Φ(x) F_k at these rows: (n, kinds, n_L, r)."""
        learned = self._learned(network)
        outputs, m, r = self.root.shape
        roots = np.ascontiguousarray(self.root.transpose(1, 0, 2).reshape(m, -1))
        Z = np.ascontiguousarray(self.units.standard(X))
        kinds = 1 + self.inputs if slopes else 1
        step = max(1, _BLOCK // (kinds * max(m, outputs * r)))
        for first in range(0, len(Z), step):
            rows = slice(first, first + step)
            half = learned.combined(Z[rows], roots, slopes=slopes)
            yield rows, half.reshape(-1, kinds, outputs, r)

    def _standard(self, network: Network, X: Floats) -> Floats:
        found = np.empty((len(X), self.outputs, 1 + self.inputs, 1 + self.inputs))
        for rows, half in self._blocks(network, X, slopes=True):
            found[rows] = half.transpose(0, 2, 1, 3) @ half.transpose(0, 2, 3, 1)
        return found

    def _diagonal(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        found = np.empty((len(X), self.outputs, 1 + self.inputs if slopes else 1))
        for rows, half in self._blocks(network, X, slopes=slopes):
            found[rows] = np.einsum("nikr,nikr->nki", half, half)
        return found

    def _standard_joint(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        kinds = 1 + self.inputs if slopes else 1
        found = np.empty((self.outputs, len(X), kinds, self.root.shape[2]))
        for rows, half in self._blocks(network, X, slopes=slopes):
            found[:, rows] = half.transpose(2, 0, 1, 3)
        half = found.reshape(self.outputs, -1, found.shape[3])
        C = half @ half.transpose(0, 2, 1)
        return np.asarray(C.reshape(*found.shape[:3], len(X), kinds))

    def stored(self) -> Mapping[str, Floats]:
        """See `Posterior`."""
        return {"root": self.root, "noise": self.noise, **self.units.stored()}

    @classmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> LaplacePosterior:
        """See `Posterior`."""
        if (arrays["noise"] < 0).any():
            raise ValueError("the noise of its posterior must not be negative")
        return cls(arrays["root"], arrays["noise"], Units.restored(arrays))

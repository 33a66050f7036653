"""The linearised Laplace approximation of a network, projected on a few functions of x.

Near its weights θ, a network trained by Levenberg-Marquardt is a linear model whose weights have
the covariance C = s² (JᵀJ + Λ)⁻¹. The variance of the value H_k at x is then j C jᵀ, j = ∂H_k/∂θ,
too much work for networks of thousands of weights. With the functions φ(x) of
`slopenet.posterior.features`, it is nearly

    ‖φ(x) F_k‖²,  the same of each slope with ∂φ/∂x_i,

where F_k (m, r) is the root of the projected covariance: see `slopenet.training.laplace`. The
functions of a network with rivals g_j (see `slopenet.posterior.rivals`) are also g_j - H, for each
output its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.derivation import Chain
from slopenet.posterior.features import Last, learned_sizes
from slopenet.posterior.posterior import Network, Posterior
from slopenet.posterior.rivals import Rival
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
    rivals : sequence of Rival, optional
        The last rows of F_k are of these.
    """

    kind = "laplace"

    def __init__(
        self, root: Floats, noise: Floats, units: Units, rivals: Sequence[Rival] = ()
    ) -> None:
        self.root, self.noise, self.units = root, noise, units
        self.rivals = tuple(rivals)
        self._learned = Last(units)

    def with_root(self, root: Floats) -> LaplacePosterior:
        """The same of other combinations of the functions."""
        return LaplacePosterior(root, self.noise, self.units, self.rivals)

    def compared(self, rivals: Sequence[Rival], shares: Sequence[float]) -> LaplacePosterior:
        """With rivals, too: the mean of p_j ‖g_j - H‖² is added to the variances.

        `shares` are p_j.
        """
        outputs, m, r = self.root.shape
        root = np.zeros((outputs, m + len(rivals), r + len(rivals)))
        root[:, :m, :r] = self.root
        root[:, m:, r:] = np.diag(np.sqrt(np.divide(shares, len(rivals))))
        return LaplacePosterior(root, self.noise, self.units, (*self.rivals, *rivals))

    def some(self, outputs: Sequence[int]) -> LaplacePosterior:
        """See `Posterior`: the functions of an output do not depend on the others."""
        chosen = list(outputs)
        units, rivals = self.units.some(chosen), [each.some(chosen) for each in self.rivals]
        return LaplacePosterior(self.root[chosen], self.noise[chosen], units, rivals)

    def suits(self, chain: Chain) -> bool:
        """See `Posterior`."""
        m: int = self.root.shape[1] - len(self.rivals)
        ends = {(each.sizes[0], each.sizes[-1]) for each in self.rivals}
        right = ends <= {(self.inputs, self.outputs)}
        return right and m == 1 + sum(learned_sizes(chain, self.units)[:-1])

    def _blocks(
        self, network: Network, X: Floats, *, slopes: bool
    ) -> Iterator[tuple[slice, Floats]]:
        """Some rows at a time, and Φ(x) F_k at these rows: (n, kinds, n_L, r)."""
        learned = self._learned(network)
        outputs, _, r = self.root.shape
        m = learned.number
        roots = self.root[:, :m].transpose(1, 0, 2).reshape(m, -1)
        if self.rivals:
            roots = np.concatenate([roots, learned.last], axis=1)
        Z, roots = np.ascontiguousarray(self.units.standard(X)), np.ascontiguousarray(roots)
        kinds = 1 + self.inputs if slopes else 1
        step = max(1, _BLOCK // (kinds * max(m, outputs * r)))
        for first in range(0, len(Z), step):
            rows = slice(first, first + step)
            both = learned.combined(Z[rows], roots, slopes=slopes)
            half = both[:, :, : outputs * r].reshape(-1, kinds, outputs, r)
            for rival, own in zip(self.rivals, self.root[:, m:].transpose(1, 0, 2), strict=True):
                distance = rival(Z[rows], slopes=slopes) - both[:, :, outputs * r :]
                half = half + distance[..., None] * own
            yield rows, half

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
    def restored(
        cls, arrays: Mapping[str, Floats], rivals: Sequence[Rival] = ()
    ) -> LaplacePosterior:
        """See `Posterior`."""
        if (arrays["noise"] < 0).any():
            raise ValueError("the noise of its posterior must not be negative")
        return cls(arrays["root"], arrays["noise"], Units.restored(arrays), rivals)

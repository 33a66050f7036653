"""The linearised Laplace approximation of a network, with the covariance of all its weights.

It keeps the points and the factors of the residuals; the Jacobian comes from the network itself,
when it is first needed. A variance costs p² operations, p being the number of weights.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slopenet._types import Floats
from slopenet.derivation import Chain
from slopenet.parameters import count, weight_mask
from slopenet.posterior.features import Learned, learned_sizes
from slopenet.posterior.posterior import Network, Posterior
from slopenet.posterior.units import Units
from slopenet.posterior.weights import Covariance

# The most weights or residuals, whichever are fewer, and entries of the Jacobian.
MOST, MOST_ENTRIES = 6000, 1 << 27
# Entries of a Jacobian that are computed at a time.
_BLOCK = 1 << 20


class FullPosterior(Posterior):
    """See the module.

    Parameters
    ----------
    X : (n, n_1)
        The points of the residuals, in standard units.
    scale : (n, columns)
        The factor of each residual: values, then slopes if there are any; 0 where it is unknown.
    ridge : (3,)
        The ridge of weights and of biases, and the variance s²/N of a residual.
    noise : (n_L, 1 + n_1)
        Standard deviations of the noise, in standard units.
    units : Units
    """

    kind = "full"

    def __init__(
        self, X: Floats, scale: Floats, ridge: Floats, noise: Floats, units: Units
    ) -> None:
        self.X, self.scale, self.ridge = X, scale, ridge
        self.noise, self.units = noise, units
        self._of: tuple[weakref.ref[Network], Learned, Covariance] | None = None

    def some(self, outputs: Sequence[int]) -> Posterior | None:
        """None: the weights of the other outputs would be lost."""
        return self if list(outputs) == list(range(self.outputs)) else None

    def suits(self, chain: Chain) -> bool:
        """See `Posterior`."""
        sizes = learned_sizes(chain, self.units)
        return bool(sizes) and not too_large(count(sizes), int((self.scale > 0).sum()))

    def factor(self, network: Network) -> Floats:
        """L (p, p) of the covariance s²/N (L Lᵀ)⁻¹ of the weights, if these are few."""
        return self._known(network)[1].factor

    def _known(self, network: Network) -> tuple[Learned, Covariance]:
        known = self._of
        if known is None or known[0]() is not network:
            learned = Learned.of(network.chain(), self.units)
            known = weakref.ref(network), learned, self._covariance(learned)
            self._of = known
        return known[1], known[2]

    def _covariance(self, learned: Learned) -> Covariance:
        p, residuals = len(learned.theta), int((self.scale > 0).sum())
        if too_large(p, residuals):
            raise ValueError(
                f"a full posterior of {p} weights is too large: posterior='auto' suits"
            )
        kinds = self.scale.shape[1] // self.outputs
        of_weights, of_biases, _ = self.ridge
        ridge = np.asarray(np.where(weight_mask(learned.sizes) > 0, of_weights, of_biases))

        def blocks() -> Iterator[Floats]:
            step = max(1, _BLOCK // (self.scale.shape[1] * p))
            for first in range(0, len(self.X), step):
                rows = slice(first, first + step)
                J = learned.rows(self.X[rows], kinds=kinds).reshape(-1, p)
                scale = self.scale[rows].reshape(-1)
                yield (scale[:, None] * J)[scale > 0]

        return Covariance(blocks(), residuals, ridge)

    def _rows(self, network: Network, X: Floats, kinds: int) -> Iterator[tuple[slice, Floats]]:
        learned, _ = self._known(network)
        Z = np.ascontiguousarray(self.units.standard(X))
        step = max(1, _BLOCK // (kinds * self.outputs * len(learned.theta)))
        for first in range(0, len(Z), step):
            rows = slice(first, first + step)
            yield rows, learned.rows(Z[rows], kinds=kinds)

    def _standard(self, network: Network, X: Floats) -> Floats:
        kinds = 1 + self.inputs
        found = np.empty((len(X), self.outputs, kinds, kinds))
        _, covariance = self._known(network)
        for rows, J in self._rows(network, X, kinds):
            each = J.transpose(0, 2, 1, 3).reshape(-1, kinds, J.shape[3])
            found[rows] = covariance.grams(each).reshape(-1, self.outputs, kinds, kinds)
        return np.asarray(found * self.ridge[2])

    def _diagonal(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        kinds = 1 + self.inputs if slopes else 1
        found = np.empty((len(X), self.outputs, kinds))
        _, covariance = self._known(network)
        for rows, J in self._rows(network, X, kinds):
            squares = covariance.variance(J.reshape(-1, J.shape[3]))
            found[rows] = squares.reshape(-1, kinds, self.outputs).transpose(0, 2, 1)
        return np.asarray(found * self.ridge[2])

    def _standard_joint(self, network: Network, X: Floats, *, slopes: bool) -> Floats:
        kinds = 1 + self.inputs if slopes else 1
        _, covariance = self._known(network)
        J = np.concatenate([J for _, J in self._rows(network, X, kinds)])
        found = [
            covariance.gram(np.ascontiguousarray(J[:, :, k]).reshape(-1, J.shape[3]))
            for k in range(self.outputs)
        ]
        shape = (self.outputs, len(X), kinds, len(X), kinds)
        return np.asarray(np.stack(found).reshape(shape) * self.ridge[2])

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_of": None}

    def stored(self) -> Mapping[str, Floats]:
        """See `Posterior`."""
        return {
            "points": self.X,
            "residual_scale": self.scale,
            "ridge": self.ridge,
            "noise": self.noise,
            **self.units.stored(),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> FullPosterior:
        """See `Posterior`."""
        X, scale, ridge, noise = (
            arrays[name] for name in ("points", "residual_scale", "ridge", "noise")
        )
        outputs, kinds = len(noise), noise.shape[1]
        if not (ridge > 0).all() or (scale < 0).any() or (noise < 0).any():
            raise ValueError("the numbers of its posterior must not be negative")
        if scale.shape[1] not in {outputs, outputs * kinds}:
            raise ValueError("its posterior must be of values, or of values and slopes")
        return cls(X, scale, ridge, noise, Units.restored(arrays))


def too_large(weights: int, residuals: int) -> bool:
    """Whether a network of so many weights, trained on so many residuals, is too large."""
    return min(weights, residuals) > MOST or weights * residuals > MOST_ENTRIES

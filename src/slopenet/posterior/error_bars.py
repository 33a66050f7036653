"""The methods of a network that say how far the true function may be from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet._types import Floats, Points
from slopenet.derivation import Chain
from slopenet.posterior.posterior import Posterior
from slopenet.validate import arrays, settings

_MISSING = (
    "this network has no posterior, so it does not know its errors: `fit` makes one with"
    " method='kriging' or 'lm' on rows in memory (posterior='auto'); networks of other methods can"
    " be trained several times, as fit(..., ensemble=5).ensemble, and their spread asked for"
)


class ErrorBars:
    """Standard deviations and covariances of a network H at points X, (N, n_1), or one point.

    They describe the true function f given the training data, so the chance that f(x) is within
    1.645 standard deviations of H(x) is about 90 %. For a single point (n_1,) the shapes below have
    no N.
    """

    __slots__ = ()
    _posterior: Posterior | None
    _input_names: tuple[str, ...] | None

    @property
    def posterior(self) -> Posterior | None:
        """The posterior of the true function; None for a network without one.

        `fit` makes it, and `save` keeps it.
        """
        return self._posterior

    def std(self, X: Points, *, noise: bool = False) -> Floats:
        """Standard deviation of f_k(x): (N, n_L), in the units of the outputs.

        s_k(x)² = cov(f_k(x), f_k(x) | data).

        Parameters
        ----------
        X : (N, n_1) or (n_1,)
        noise : bool
            Whether to add the learned noise: the deviation of a measurement from H(x).

        Raises
        ------
        ValueError
            If X does not fit, or the network has no posterior.
        """
        points, found = self._asked(X)
        variances = found.variances(self, _rows(points), slopes=False, noise=noise)  # type: ignore[arg-type]
        return _as_given(np.sqrt(variances[:, :, 0]), points)

    def jacobian_std(self, X: Points, *, noise: bool = False) -> Floats:
        """Standard deviation of ∂f_k/∂x_i: (N, n_L, n_1), in the units of the slopes.

        s_ki(x)² = cov(∂f_k/∂x_i, ∂f_k/∂x_i | data). Parameters and errors are those of `std`; the
        noise is that of slopes that were learned from, 0 if there were none.
        """
        return self.value_and_jacobian_std(X, noise=noise)[1]

    def value_and_jacobian_std(self, X: Points, *, noise: bool = False) -> tuple[Floats, Floats]:
        """`std` (N, n_L) and `jacobian_std` (N, n_L, n_1), together."""
        points, found = self._asked(X)
        both = np.sqrt(found.variances(self, _rows(points), slopes=True, noise=noise))  # type: ignore[arg-type]
        return _as_given(both[:, :, 0], points), _as_given(both[:, :, 1:], points)

    def covariance(self, X: Points, *, noise: bool = False) -> Floats:
        """Covariance of value and slopes at each point: (N, n_L, 1 + n_1, 1 + n_1).

        C = cov((f_k, ∂f_k/∂x_1, ..., ∂f_k/∂x_n), the same | data), so the standard deviation
        s = √C_00 has the slopes ∂s/∂x_i = C_0i/s. Parameters and errors are those of `std`.
        """
        points, found = self._asked(X)
        C = found.covariance(self, _rows(points), noise=noise)  # type: ignore[arg-type]
        return _as_given(C, points)

    def joint_covariance(self, X: Points, *, slopes: bool = False) -> Floats:
        """Covariance of the values at all points: (n_L, N, N).

        cov(f_k(x_a), f_k(x_b) | data).

        Parameters
        ----------
        X : (N, n_1) or (n_1,)
        slopes : bool
            Whether to include slopes: (n_L, N, 1 + n_1, N, 1 + n_1), the value of a point first,
            then its slopes. Entry [k, a, 1 + i, b, 0] is cov(∂f_k/∂x_i(x_a), f_k(x_b) | data), the
            derivative of that of the values by x_a,i.

        Raises
        ------
        ValueError
            As `std`.

        Examples
        --------
        >>> import numpy as np
        >>> import slopenet as sn
        >>> t = np.linspace(0, 3, 8)[:, None]
        >>> net = sn.fit(t, np.sin(t), method="kriging", rng=0).network
        >>> net.joint_covariance(t, slopes=True).shape
        (1, 8, 2, 8, 2)
        """
        points, found = self._asked(X)
        if slopes:
            return found.joint_with_slopes(self, _rows(points))  # type: ignore[arg-type]
        return found.joint(self, _rows(points))  # type: ignore[arg-type]

    def _asked(self, X: Any) -> tuple[Floats, Posterior]:
        posterior = known(self._posterior)
        points = arrays.points("X", X, posterior.inputs, np.float64, self._input_names)
        arrays.require_finite("X", points)
        return points, posterior


def known(posterior: Posterior | None) -> Posterior:
    """The posterior of a network that has one; others are told what to do."""
    if posterior is None:
        raise ValueError(_MISSING)
    return posterior


def require_posterior(posterior: Any, chain: Chain) -> None:
    """Raise an error unless it is None, or may be the posterior of a network of these layers."""
    if posterior is None:
        return
    if not isinstance(posterior, Posterior):
        raise TypeError(f"posterior must be a Posterior, got {settings.short(posterior)}")
    known, inputs, outputs = (posterior.inputs, posterior.outputs), *_ends(chain)
    if known != (inputs, outputs):
        raise ValueError(
            f"posterior must be of {inputs} inputs and {outputs} outputs,"
            f" got {known[0]} and {known[1]}"
        )
    if not posterior.suits(chain):
        raise ValueError("posterior must be of the layers of this network, got another number")


def _ends(chain: Chain) -> tuple[int, int]:
    return chain.W[0].shape[1], chain.W[-1].shape[0]


def _rows(points: Floats) -> Floats:
    return points.reshape(-1, points.shape[-1])


def _as_given(result: Floats, points: Floats) -> Floats:
    """A result of rows, without their axis if the points were one point."""
    return result[0] if points.ndim == 1 else result

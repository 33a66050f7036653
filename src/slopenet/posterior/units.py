"""Covariances in the user's units, from those of what was learned.

With u the inputs as they are learned, g the learned function, r_i = du_i/dx_i and s_y its scale,

    δf = s_y δg,  δ∂_i f = s_y r_i δ∂_i g.

Behind an exponential, f = (exp(s_y g + m_y) - d)/c, to first order (the delta method):

    δf = e s_y δg,  δ∂_i f = e s_y r_i δ∂_i g + (∂_i f/e) δf,  e = f + d/c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from slopenet._types import Floats


@dataclass(frozen=True, eq=False)
class Units:
    """The scales of inputs and outputs.

    Attributes
    ----------
    m_x, s_x : (n_1,)
        Centre and scale of the inputs, or of their logarithms.
    s_y : (n_L,)
        Scale of the outputs, or of their logarithms.
    log_x : (2, n_1), optional
        c and d of the logarithms log(c x + d) of the inputs.
    log_y : (2, n_L), optional
        The same of the outputs.
    """

    m_x: Floats
    s_x: Floats
    s_y: Floats
    log_x: Floats | None = None
    log_y: Floats | None = None

    @classmethod
    def of_outputs(cls, s_y: Floats, inputs: int, log_y: Floats | None = None) -> Units:
        """Those of a function of inputs as they are."""
        return cls(np.zeros(inputs), np.ones(inputs), s_y, log_y=log_y)

    def some(self, outputs: list[int]) -> Units:
        """Those of some of the outputs."""
        log_y = None if self.log_y is None else self.log_y[:, outputs]
        return Units(self.m_x, self.s_x, self.s_y[outputs], self.log_x, log_y)

    def standard(self, X: Floats) -> Floats:
        """The inputs as they are learned (N, n_1)."""
        if self.log_x is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                X = np.log(self.log_x[0] * X + self.log_x[1])
        return np.asarray((X - self.m_x) / self.s_x)

    def values(self, H: Floats) -> Floats:
        """df/dg of each output where the network gives H: (N, n_L)."""
        if self.log_y is None:
            return np.broadcast_to(self.s_y, H.shape)
        return np.asarray(self.s_y * (H + self.log_y[1] / self.log_y[0]))

    def kinds(self, X: Floats, values: Floats) -> Floats:
        """Factors of the value and of each slope (N, n_L, 1 + n_1), from those of `values`."""
        rate = 1 / self.s_x + np.zeros_like(X)
        if self.log_x is not None:
            c, d = self.log_x
            rate = rate * (c / (c * X + d))
        kinds = np.concatenate([np.ones((len(X), 1)), rate], axis=1)
        return np.asarray(values[:, :, None] * kinds[:, None])

    def covariance(self, C: Floats, X: Floats, H: Floats, J: Floats) -> Floats:
        """C (N, n_L, 1 + n_1, 1 + n_1) in the user's units; H and J are those of the network."""
        values = self.values(H)
        factors = self.kinds(X, values)
        C = C * factors[..., :, None] * factors[..., None, :]
        if self.log_y is not None:
            along = self._along(J, values)
            C[..., 1:, :] += along[..., :, None] * C[..., :1, :]
            C[..., :, 1:] += C[..., :, :1] * along[..., None, :]
        return C

    def joint(self, C: Floats, X: Floats, H: Floats, J: Floats) -> Floats:
        """C (n_L, N, 1 + n_1, N, 1 + n_1) of all points together, as `covariance`."""
        values = self.values(H)
        factors = self.kinds(X, values).transpose(1, 0, 2)
        C = C * factors[:, :, :, None, None] * factors[:, None, None]
        if self.log_y is not None:
            along = self._along(J, values).transpose(1, 0, 2)
            C[:, :, 1:] += along[:, :, :, None, None] * C[:, :, :1]
            C[..., 1:] += C[..., :1] * along[:, None, None]
        return C

    def _along(self, J: Floats, values: Floats) -> Floats:
        """∂_i f/e (N, n_L, n_1); 0 where the exponential underflows, as its slopes do."""
        ratio = np.divide(self.s_y, values, out=np.zeros_like(values), where=values != 0)
        return np.asarray(J * ratio[..., None])

    def stored(self) -> dict[str, Floats]:
        """The arrays of a model file."""
        found = {"centre": self.m_x, "scale": self.s_x, "scale_of_outputs": self.s_y}
        if self.log_x is not None:
            found["log_inputs"] = self.log_x
        if self.log_y is not None:
            found["log_outputs"] = self.log_y
        return found

    @classmethod
    def restored(cls, arrays: Mapping[str, Floats]) -> Units:
        """Units from the arrays of a model file, of the right shapes.

        Raises
        ------
        ValueError
            If a scale is not positive.
        """
        logs = arrays.get("log_inputs"), arrays.get("log_outputs")
        found = cls(arrays["centre"], arrays["scale"], arrays["scale_of_outputs"], *logs)
        factors = [each[0] for each in logs if each is not None]
        if not ((found.s_x > 0).all() and (found.s_y > 0).all() and all(map(np.all, factors))):
            raise ValueError("the scales of its posterior must be positive")
        return found

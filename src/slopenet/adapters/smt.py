"""SMT, the Surrogate Modeling Toolbox: `fit` on values and slopes as one of its surrogates.

sm = NetworkSurrogate(hidden=(12, 12), rng=0, print_global=False)
sm.set_training_values(xt, yt)
sm.set_training_derivatives(xt, dyt_dx0, 0)      # slopes along the inputs where they are known
sm.train()
sm.predict_values(x), sm.predict_derivatives(x, 0)
sm.predict_variances(x), sm.predict_variance_derivatives(x, 0)
"""

from __future__ import annotations

import os

import numpy as np

from slopenet._types import Floats
from slopenet.adapters import _fit
from slopenet.adapters._last import Last
from slopenet.adapters._parts import input_names, require_network
from slopenet.network import Network, load
from slopenet.training.fit import fit
from slopenet.validate.components import index_of, labels

try:
    from smt.surrogate_models.surrogate_model import SurrogateModel
except ImportError as error:
    raise ImportError("slopenet.adapters.smt needs SMT: pip install 'slopenet[smt]'") from error


class NetworkSurrogate(SurrogateModel):  # type: ignore[misc, unused-ignore]
    """A network with SMT's interface, trained by `slopenet.fit` on values and derivatives.

    Its options are the settings of `slopenet.fit`, with the same meanings and defaults, and SMT's
    own for printing. Derivatives are given at the points of the values. Derivatives by some inputs,
    or single entries (as NaN), may be missing. Variances are those of the network's posterior,
    without noise; a network without one refuses them.

    Attributes
    ----------
    network : Network
        After training, in the units of the training data.
    reason : str
        The chosen method, why it was chosen, and why training ended.
    """

    name = "slopenet"
    network: Network
    reason: str

    @staticmethod
    def of(network: Network) -> NetworkSurrogate:
        """Return a surrogate that is already trained."""
        sizes = require_network(network).sizes
        surrogate = NetworkSurrogate(print_global=False)
        surrogate.nt, surrogate.nx, surrogate.ny = 0, sizes[0], sizes[-1]
        surrogate._use(network)
        return surrogate

    @staticmethod
    def load(filename: str | os.PathLike[str]) -> NetworkSurrogate:
        """Return a surrogate of a saved network.

        Raises
        ------
        ModelFileError
            If the file is not a slopenet model.
        """
        return NetworkSurrogate.of(load(filename))

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Save the network, as `slopenet.Network.save` does; its options are not saved."""
        self.network.save(filename)

    def set_training_derivatives(
        self, xt: Floats, dyt_dxt: Floats, kx: int, name: str | None = None
    ) -> None:
        """Set slopes along input `kx`, -1 the last: SMT itself would take it for the values."""
        n_1 = np.shape(xt)[1] if np.ndim(xt) > 1 else 1
        k = index_of("kx", kx, labels(None, "x", n_1))
        super().set_training_derivatives(xt, dyt_dxt, k, name)

    def _initialize(self) -> None:
        for each in ("derivatives", "training_derivatives", "variances", "variance_derivatives"):
            self.supports[each] = True
        for name, default in _fit.settings().items():
            self.options.declare(name, default=default, desc=f"{name} of slopenet.fit")

    def _train(self) -> None:
        x, y, dydx = self._training_data()
        result = fit(x, y, dydx, **{name: self.options[name] for name in _fit.settings()})
        self.reason = result.reason
        self._use(result.network)

    def _use(self, network: Network) -> None:
        self.network = network
        # SMT requests the derivatives of a point for one input after another.
        self._jacobian = Last(network.jacobian)
        self._covariance = Last(network.covariance)

    def _training_data(self) -> tuple[Floats, Floats, Floats]:
        """X (N, n_1), y (N, n_L) and dydx (N, n_L, n_1), NaN where a slope was not set.

        Raises
        ------
        ValueError
            For derivatives at other points or of other shapes, and for data under a name, which is
            another fidelity.
        """
        named = [name for name, data in self.training_points.items() if data and name is not None]
        if named:
            raise ValueError(f"training data under the names {named}: one fidelity, None, is known")
        x, y = self.training_points[None][0]
        dydx = np.full((len(x), y.shape[1], x.shape[1]), np.nan)
        for order, (points, slopes) in self.training_points[None].items():
            if order == 0:
                continue
            k = order - 1  # as SMT numbers them
            if not np.array_equal(points, x):
                raise ValueError(
                    f"derivatives by input {k} must be at the points of the training values, in"
                    " their order; where one is not known, set NaN"
                )
            if slopes.shape != y.shape:
                raise ValueError(
                    f"derivatives by input {k} must have the shape of the values, {y.shape},"
                    f" got {slopes.shape}"
                )
            dydx[:, :, k] = slopes
        return x, y, dydx

    def _predict_values(self, x: Floats) -> Floats:
        return np.asarray(self.network(x))

    def _predict_derivatives(self, x: Floats, kx: int) -> Floats:
        k = index_of("kx", kx, input_names(self.network))
        return np.asarray(self._jacobian(x)[:, :, k])

    def _predict_variances(self, x: Floats) -> Floats:
        return np.asarray(self.network.std(x)) ** 2

    def _predict_variance_derivatives(self, x: Floats, kx: int) -> Floats:
        k = index_of("kx", kx, input_names(self.network))
        return 2 * np.asarray(self._covariance(x)[:, :, 0, 1 + k])

"""BoTorch: a network and its error bars as a model, for acquisition functions of single points.

    model = NetworkModel(net)
    acquisition = LogExpectedImprovement(model, best_f=y.min(), maximize=False)
    optimize_acqf(acquisition, bounds=bounds, q=1, num_restarts=8, raw_samples=256)

Means, variances and their gradients come from the core: with C the covariance of value and slopes,
the gradient of the variance C_00 is 2 C_0i.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slopenet.adapters._parts import output_names, require_network
from slopenet.network import Network
from slopenet.validate.components import index_of

try:
    import torch
    from botorch.models.model import Model
    from botorch.posteriors import GPyTorchPosterior
    from gpytorch.distributions import MultivariateNormal
    from linear_operator.operators import DiagLinearOperator
    from torch.autograd import Function
except ImportError as error:
    raise ImportError(
        "slopenet.adapters.botorch needs BoTorch: pip install 'slopenet[botorch]'"
    ) from error


class _Moments(Function):  # type: ignore[misc, unused-ignore]
    """Mean and variance (N,) of an output at X (N, n_1)."""

    @staticmethod
    def forward(ctx: Any, X: Any, network: Network, k: int) -> tuple[Any, Any]:
        points = X.detach().to(torch.float64).numpy()
        H, J = network.value_and_jacobian(points)
        C = network.covariance(points)[:, k]
        slopes = J[:, k], 2 * C[:, 0, 1:]
        ctx.save_for_backward(*(torch.from_numpy(np.array(each)).to(X) for each in slopes))
        found = H[:, k], C[:, 0, 0]
        mean, variance = (torch.from_numpy(np.array(each)).to(X) for each in found)
        return mean, variance

    @staticmethod
    def backward(ctx: Any, by_mean: Any, by_variance: Any) -> tuple[Any, None, None]:
        of_mean, of_variance = ctx.saved_tensors
        return by_mean[:, None] * of_mean + by_variance[:, None] * of_variance, None, None


class NetworkModel(Model):  # type: ignore[misc, unused-ignore]
    """A network as a model of BoTorch, of one output.

    Parameters
    ----------
    network : Network
        With a posterior, as from `slopenet.fit`.
    output : int or str
        The output, by index or name.

    Raises
    ------
    ValueError
        If the network has no posterior, or no such output.
    """

    def __init__(self, network: Network, output: int | str = 0) -> None:
        super().__init__()
        self.network = require_network(network)
        self._k = index_of("output", output, output_names(network))
        if network.posterior is None:
            network.std(np.zeros(network.sizes[0]))  # raises the error that tells what to do

    @property
    def num_outputs(self) -> int:
        """The outputs of the model: 1."""
        return 1

    @property
    def batch_shape(self) -> Any:
        """No batches of models."""
        return torch.Size()

    def posterior(
        self,
        X: Any,
        output_indices: Any = None,  # noqa: ARG002
        observation_noise: Any = False,
        posterior_transform: Any = None,
        **_: Any,
    ) -> Any:
        """The normal law of the value at X (..., 1, n_1), with gradients of first order.

        Raises
        ------
        NotImplementedError
            For several points together (q > 1), or for noise: `slopenet.optimize.propose` makes
            batches.
        """
        if X.shape[-2] != 1 or observation_noise is not False:
            raise NotImplementedError(
                "NetworkModel is for single points (q=1) without noise, got"
                f" q={X.shape[-2]}; slopenet.optimize.propose makes batches"
            )
        mean, variance = _Moments.apply(X.reshape(-1, X.shape[-1]), self.network, self._k)
        shape = X.shape[:-1]
        covariance = DiagLinearOperator(variance.reshape(shape))
        found = GPyTorchPosterior(MultivariateNormal(mean.reshape(shape), covariance))
        return found if posterior_transform is None else posterior_transform(found)

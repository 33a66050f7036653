"""BoTorch: a network and its error bars as a model, for acquisition functions of any points.

    model = NetworkModel(net)
    acquisition = LogExpectedImprovement(model, best_f=y.min(), maximize=False)
    optimize_acqf(acquisition, bounds=bounds, q=1, num_restarts=8, raw_samples=256)

Means, covariances and their gradients are exact. With C_ac = cov(f(x_a), f(x_c) | data) and
D_aic = cov(∂_i f(x_a), f(x_c) | data), a function with the gradient G by C has, by x_a,i,

    Σ_c (G_ac + G_ca) D_aic.
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


class _JointMoments(Function):  # type: ignore[misc, unused-ignore]
    """Mean (B, q) and covariance (B, q, q) of an output at B sets of q points X (B, q, n_1)."""

    @staticmethod
    def forward(ctx: Any, X: Any, network: Network, k: int) -> tuple[Any, Any]:
        sets = X.detach().to(torch.float64).numpy()
        B, q, n_1 = sets.shape
        H, J = network.value_and_jacobian(sets.reshape(-1, n_1))
        joint = np.empty((B, q, 1 + n_1, q))
        for found, points in zip(joint, sets, strict=True):
            found[...] = network.joint_covariance(points, slopes=True)[k, :, :, :, 0]
        slopes = J[:, k].reshape(B, q, n_1), joint[:, :, 1:]
        ctx.save_for_backward(*(torch.from_numpy(np.array(each)).to(X) for each in slopes))
        moments = H[:, k].reshape(B, q), joint[:, :, 0]
        mean, covariance = (torch.from_numpy(np.array(each)).to(X) for each in moments)
        return mean, covariance

    @staticmethod
    def backward(ctx: Any, by_mean: Any, by_covariance: Any) -> tuple[Any, None, None]:
        J, D = ctx.saved_tensors
        both = by_covariance + by_covariance.transpose(1, 2)
        return by_mean[:, :, None] * J + torch.einsum("bac,baic->bai", both, D), None, None


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
        """The normal law of the values at X (..., q, n_1), with gradients of first order.

        Raises
        ------
        NotImplementedError
            For noise.
        """
        if observation_noise is not False:
            raise NotImplementedError("NetworkModel is for values without noise")
        shape, sets = X.shape[:-1], X.reshape(-1, *X.shape[-2:])
        covariance: Any
        if X.shape[-2] == 1:  # one variance per point, without a loop over the points
            mean, variance = _Moments.apply(sets[:, 0], self.network, self._k)
            covariance = DiagLinearOperator(variance.reshape(shape))
        else:
            mean, joint = _JointMoments.apply(sets, self.network, self._k)
            covariance = joint.reshape(*shape, shape[-1])
        found = GPyTorchPosterior(MultivariateNormal(mean.reshape(shape), covariance))
        return found if posterior_transform is None else posterior_transform(found)

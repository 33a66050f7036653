"""The model of BoTorch has the network's moments and gradients, and drives its optimisers."""

from __future__ import annotations

import numpy as np
import pytest
from networks import random_network
from networks_with_error_bars import fitted

import slopenet as sn
from slopenet.optimize import expected_improvement
from slopenet.posterior.process import Group, ProcessPosterior
from slopenet.posterior.units import Units

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("botorch", reason="botorch is not installed")
pytestmark = pytest.mark.filterwarnings("default")

X = np.random.default_rng(0).uniform(-1, 1, (6, 2))


@pytest.fixture(scope="module")
def net() -> sn.Network:
    return fitted("process")


def model(net: sn.Network) -> object:
    from slopenet.adapters.botorch import NetworkModel

    return NetworkModel(net)


def test_moments_are_those_of_the_network(net: sn.Network) -> None:
    found = model(net).posterior(torch.from_numpy(X[:, None]))
    np.testing.assert_array_equal(found.mean[:, 0].numpy(), net(X))
    np.testing.assert_allclose(found.variance[:, 0].numpy(), net.std(X) ** 2, rtol=1e-9)


def test_log_expected_improvement_and_its_gradient_are_ours(net: sn.Network) -> None:
    from botorch.acquisition import LogExpectedImprovement

    points = torch.from_numpy(X[:, None].copy()).requires_grad_()
    own = LogExpectedImprovement(model(net), best_f=0.3, maximize=False)(points)
    own.sum().backward()
    logs, gradient = expected_improvement(net, X, 0.3, log=True, gradient=True)
    np.testing.assert_allclose(own.detach().numpy(), logs, rtol=1e-6)
    np.testing.assert_allclose(points.grad[:, 0].numpy(), gradient, rtol=1e-5, atol=1e-8)


def test_optimize_acqf_finds_a_point_of_the_box(net: sn.Network) -> None:
    from botorch.acquisition import LogExpectedImprovement
    from botorch.optim import optimize_acqf

    torch.manual_seed(0)
    acquisition = LogExpectedImprovement(model(net), best_f=0.3, maximize=False)
    box = torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    point, value = optimize_acqf(acquisition, bounds=box, q=1, num_restarts=2, raw_samples=16)
    assert point.abs().max() <= 1
    random = np.random.default_rng(1).uniform(-1, 1, (500, 2))
    assert value >= expected_improvement(net, random, 0.3, log=True).max() - 0.2


def known_process() -> sn.Network:
    """A network with the posterior of a process whose covariances keep their digits."""
    units = Units(np.zeros(2), np.array([1.2, 0.7]), np.array([3.0]))
    group = Group(np.array([0]), np.ones((6, 3)), np.array([0.9, 1.4]), np.full(3, 1e-3))
    numbers = [np.array([2.0]), np.array([1.1]), np.full((1, 3), 0.01)]
    posterior = ProcessPosterior(X, np.ones(6), [group], *numbers, units)
    return random_network((2, 4, 1)).with_posterior(posterior)


@pytest.mark.parametrize("kind", ["process", "laplace", "full"])
def test_several_points_have_the_joint_law_and_its_gradients(kind: str) -> None:
    """Against the network, and against central differences."""
    several, rng = known_process() if kind == "process" else fitted(kind), np.random.default_rng(1)
    sets, weights = rng.uniform(-1.5, 1.5, (2, 3, 2)), rng.normal(size=(2, 3, 3))
    law = model(several).posterior(torch.from_numpy(sets)).distribution
    wanted = np.concatenate([several.joint_covariance(points) for points in sets])
    np.testing.assert_allclose(law.mean.numpy(), several(sets.reshape(-1, 2)).reshape(2, 3))
    np.testing.assert_allclose(law.covariance_matrix.numpy(), wanted, rtol=1e-9, atol=1e-12)

    def total(points: torch.Tensor) -> torch.Tensor:
        law = model(several).posterior(points).distribution
        of_covariance = torch.from_numpy(weights / wanted.max()) * law.covariance_matrix
        return of_covariance.sum() + law.mean.sin().sum()

    points, h = torch.from_numpy(sets).requires_grad_(), 1e-4
    total(points).backward()
    for i in np.ndindex(sets.shape):
        step = np.zeros(sets.shape)
        step[i] = h
        up, down = (total(torch.from_numpy(sets + sign * step)) for sign in (1, -1))
        difference = float(up - down) / (2 * h)
        assert abs(difference - points.grad[i]) < 1e-5 * points.grad.abs().max()


def test_a_batch_of_two_is_proposed(net: sn.Network) -> None:
    from botorch.acquisition import qLogExpectedImprovement
    from botorch.acquisition.objective import LinearMCObjective
    from botorch.optim import optimize_acqf
    from botorch.sampling import SobolQMCNormalSampler

    torch.manual_seed(0)
    least = LinearMCObjective(torch.tensor([-1.0], dtype=torch.float64))
    sampler = SobolQMCNormalSampler(torch.Size([64]), seed=0)
    acquisition = qLogExpectedImprovement(model(net), -0.3, sampler=sampler, objective=least)
    box = torch.tensor([[-1.0, -1.0], [1.0, 1.0]], dtype=torch.float64)
    points, value = optimize_acqf(acquisition, bounds=box, q=2, num_restarts=2, raw_samples=16)
    assert (points[0] - points[1]).abs().max() > 1e-3
    assert value >= acquisition(points[:1]) - 1e-9


def test_noise_and_networks_without_error_bars_are_refused(net: sn.Network) -> None:
    with pytest.raises(NotImplementedError, match="without noise"):
        model(net).posterior(torch.from_numpy(X), observation_noise=True)
    with pytest.raises(ValueError, match="has no posterior"):
        model(sn.Network.random((2, 3, 1), rng=0))

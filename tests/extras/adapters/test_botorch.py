"""The model of BoTorch has the network's moments and gradients, and drives its optimisers."""

from __future__ import annotations

import numpy as np
import pytest
from networks_with_error_bars import fitted

import slopenet as sn
from slopenet.optimize import expected_improvement

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


def test_several_points_and_networks_without_error_bars_are_refused(net: sn.Network) -> None:
    with pytest.raises(NotImplementedError, match="single points"):
        model(net).posterior(torch.from_numpy(X))
    with pytest.raises(ValueError, match="has no posterior"):
        model(sn.Network.random((2, 3, 1), rng=0))

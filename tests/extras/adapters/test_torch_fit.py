"""Modules of torch that are trained in place by Levenberg-Marquardt."""

import copy
from typing import Any

import numpy as np
import pytest

import slopenet as sn

torch: Any = pytest.importorskip("torch", reason="torch is not installed")
from torch import nn  # noqa: E402
from torch.nn.utils.parametrizations import weight_norm  # noqa: E402

from slopenet.adapters.torch import fit_module  # noqa: E402

X = np.random.default_rng(0).uniform(-1, 1, (50, 2))
Y = np.sin(2 * X[:, 0]) * X[:, 1]
T = np.stack([2 * np.cos(2 * X[:, 0]) * X[:, 1], np.sin(2 * X[:, 0])], axis=1)


def module(*between: Any, dtype: Any = torch.float64) -> Any:
    torch.manual_seed(0)
    middle = between or (nn.Tanh(), nn.Sequential(nn.Linear(8, 6), nn.SiLU()))
    width = 6 if not between else 8
    return nn.Sequential(nn.Linear(2, 8), *middle, nn.Linear(width, 1)).to(dtype)


def values(net: Any) -> np.ndarray:
    dtype = net[0].weight.dtype
    return net.eval()(torch.from_numpy(X).to(dtype)).detach().numpy()


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
@pytest.mark.parametrize("slopes", [None, T], ids=["values", "slopes"])
def test_a_module_gives_the_values_that_are_reported(
    dtype: Any, atol: float, slopes: np.ndarray | None
) -> None:
    net = module(dtype=dtype)
    first = net[0].weight
    fit = fit_module(net, X, Y, slopes, rng=0, epochs=60)
    np.testing.assert_allclose(values(net), fit.network(X), atol=atol)
    assert np.sqrt(np.mean((values(net)[:, 0] - Y) ** 2)) < 0.02 * Y.std()
    assert net[0].weight is first
    assert net[0].weight.dtype == dtype
    assert fit.network == sn.from_torch(net)
    assert fit.network.card is not None


def test_training_starts_from_the_modules_own_weights() -> None:
    net = module()
    before = sn.from_torch(net)
    seen = []
    fit_module(
        *(net, X, Y),
        method="sgd",
        learning_rate=1e-9,
        epochs=1,
        rng=0,
        callback=lambda state: seen.append(state.network),
    )
    np.testing.assert_allclose(seen[0](X), before(X), atol=1e-6)


def test_tensors_are_data_and_training_goes_on() -> None:
    net = module()
    tensors = [torch.from_numpy(each) for each in (X, Y, T)]
    tensors[0].requires_grad_()
    fit_module(net, *tensors, rng=0, epochs=5)
    rough = np.abs(values(net)[:, 0] - Y).max()
    fit_module(net, *tensors, rng=0, epochs=100)
    assert np.abs(values(net)[:, 0] - Y).max() < rough / 2


def test_a_module_of_a_class_of_your_own_is_an_activation() -> None:
    class Sine(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.sin(x)

    net = module(Sine())
    fit = fit_module(net, X, Y, activations={Sine: "sin"}, rng=0, epochs=30)
    np.testing.assert_allclose(values(net), fit.network(X), atol=1e-12)


def frozen() -> Any:
    net = module(nn.Tanh())
    net[0].bias.requires_grad_(requires_grad=False)
    return net


def tied() -> Any:
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    other.weight = one.weight
    return nn.Sequential(one, nn.Tanh(), other, nn.Tanh(), nn.Linear(2, 1)).double()


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (lambda: module(nn.Tanh(), nn.BatchNorm1d(8)), r"module 2 \(BatchNorm1d\).*another layer"),
        (lambda: module(nn.CELU()), r"module 1 \(CELU\).*another layer"),
        (lambda: module(nn.Tanh(), nn.Linear(8, 8, bias=False), nn.Tanh()), "module 2.*no bias"),
        (lambda: module(nn.Linear(8, 8)), "3 Linear are 1 layers"),
        (frozen, r"module 0 \(Linear\).*frozen"),
        (tied, r"module 2 \(Linear\).*shares its weights"),
        (
            lambda: module(nn.Tanh(), weight_norm(nn.Linear(8, 8)), nn.Tanh()),
            "module 2.*parametrized",
        ),
    ],
)
def test_a_module_that_cannot_be_written_back_is_refused_by_name(net: Any, message: str) -> None:
    made = net()
    before = copy.deepcopy(made.state_dict())
    with pytest.raises(sn.UnsupportedNetworkError, match=message):
        fit_module(made, X, Y)
    assert all(torch.equal(before[name], x) for name, x in made.state_dict().items())


def test_an_error_leaves_the_module_as_it_was() -> None:
    net = module()
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ValueError, match="kriging"):
        fit_module(net, X, Y, method="kriging")
    assert all(torch.equal(before[name], x) for name, x in net.state_dict().items())

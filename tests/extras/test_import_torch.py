"""torch's networks come in with the values and derivatives that torch gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, autograd = torch.nn, torch.autograd.functional

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "prelu": nn.PReLU(init=0.3),
    "rrelu": nn.RReLU(0.1, 0.4),
    "elu": nn.ELU(1.7),
    "celu": nn.CELU(2.0),  # torch rounds 1/alpha to float32 in the derivative
    "selu": nn.SELU(),
    "softplus": nn.Softplus(0.6),
    "logsigmoid": nn.LogSigmoid(),
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "mish": nn.Mish(),
    "softsign": nn.Softsign(),
    "relu6": nn.ReLU6(),
    "hardtanh": nn.Hardtanh(-0.4, 1.1),
    "hardsigmoid": nn.Hardsigmoid(),
    "identity": nn.Identity(),
}
STRAIGHT = ("relu", "leaky_relu", "prelu", "rrelu", "relu6", "hardtanh", "hardsigmoid", "identity")


def unsaturated(module: Any) -> Any:
    """In eval mode, its running statistics far from 0 and 1."""
    torch.manual_seed(0)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.3, 2)
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    return module.eval()


def everything(activation: Any, dtype: Any = torch.float64) -> Any:
    torch.manual_seed(0)
    hidden = nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), activation, nn.Dropout(0.5))
    return unsaturated(
        nn.Sequential(
            nn.Flatten(), nn.BatchNorm1d(4), hidden, nn.Linear(9, 3, bias=False), nn.BatchNorm1d(3)
        ).to(dtype)
    )


def far(got: np.ndarray, wanted: Any) -> float:
    wanted = wanted.detach().numpy()
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_those_of_autograd(name: str) -> None:
    module = everything(ACTIVATIONS[name])
    said: list[sn.importers.Comparison] = []
    net = sn.from_torch(module, report=said.append)
    assert said[0].difference < 1e-12
    assert net.sizes == ((4, 3) if name == "identity" else (4, 9, 3))
    X = torch.randn(8, 4, dtype=torch.float64)
    assert far(net(X.numpy()), module(X)) < 1e-12
    jacobian = torch.stack([autograd.jacobian(lambda x: module(x[None])[0], x) for x in X])
    # torch rounds the slope 1/6 of Hardsigmoid to float32
    assert far(net.jacobian(X.numpy()), jacobian) < (1e-7 if name == "hardsigmoid" else 1e-12)
    if name in STRAIGHT:
        return
    hessian = torch.stack(
        [
            torch.stack(
                [autograd.hessian(lambda x, k=k: module(x[None])[0, k], x) for k in range(3)]
            )
            for x in X
        ]
    )
    assert far(net.hessian(X.numpy()), hessian) < 1e-10


def test_float32_stays_and_dtype_keeps_the_digits_of_a_fold() -> None:
    module = everything(nn.Tanh(), torch.float32)
    assert sn.from_torch(module).dtype == np.float32
    X = torch.randn(20, 4)
    assert far(sn.from_torch(module)(X.numpy()), module(X)) < 1e-5
    wide = sn.from_torch(module, dtype="float64")
    exact = everything(nn.Tanh(), torch.float32).double()
    assert far(wide(X.double().numpy()), exact(X.double())) < 1e-12
    brain = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).bfloat16()
    net = sn.from_torch(brain.float())
    assert np.array_equal(net.weights[0], brain[0].weight.detach().float().numpy())


def test_a_module_object_that_is_used_twice_counts_twice() -> None:
    torch.manual_seed(0)
    act, off, tied = nn.Tanh(), nn.Dropout(0.1), nn.Linear(6, 6)
    module = nn.Sequential(nn.Linear(3, 6), act, off, tied, act, off, tied, nn.Linear(6, 2))
    module = module.double().eval()
    net = sn.from_torch(module)
    assert net.activations == ("tanh", "tanh", "identity")
    X = torch.randn(5, 3, dtype=torch.float64)
    assert np.allclose(net(X.numpy()), module(X).detach(), rtol=0, atol=1e-14)


def test_the_module_stays_as_it_is() -> None:
    module = everything(nn.Tanh()).train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    sn.from_torch(module)
    assert module.training
    assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())


def test_a_subclass_that_computes_the_same_and_weight_norm_are_understood() -> None:
    class Mine(nn.Sequential):
        pass

    layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))
    net = sn.from_torch(Mine(layer, nn.Tanh(), nn.Linear(4, 1)))
    assert net.sizes == (3, 4, 1)


def test_a_custom_activation_may_be_named() -> None:
    class Sine(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.sin(x)

    module = nn.Sequential(nn.Linear(2, 5), Sine(), nn.Linear(5, 1))
    net = sn.from_torch(module, activations={Sine: "sin"})
    assert net.activations == ("sin", "identity")
    assert sn.from_torch(module) == net  # its forward is traced
    with pytest.raises(sn.UnsupportedNetworkError, match="computes more than its layers show"):
        sn.from_torch(module, activations={Sine: "tanh"})


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x: Any) -> Any:
        return self.body(x) ** 2


class Recurrent(nn.Module):
    """A GRU over one step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRU(2, 3, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.cell(x[:, None])[0][:, 0]


@pytest.mark.filterwarnings("ignore:Complex modules are a new feature")
def test_a_complex_module_is_refused() -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match="must be real, got dtype complex128"):
        sn.from_torch(nn.Linear(2, 3).to(torch.complex128))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_compiled_module_of_torchscript_is_refused() -> None:
    compiled = torch.jit.script(nn.Sequential(nn.Linear(2, 3), nn.Tanh()))
    with pytest.raises(sn.UnsupportedNetworkError, match="compiled by TorchScript; pass the"):
        sn.from_torch(compiled)


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.Sequential(nn.Linear(2, 3), nn.Threshold(1, 2)), r"module 1 \(Threshold\): .* jumps"),
        (nn.Sequential(nn.Sequential(nn.Conv2d(2, 3, 1))), "how many inputs it takes is unknown"),
        (nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)), r"module 1 \(LayerNorm\)"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1)), "module 1.*takes 2 numbers, and 3 come"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softplus(-1)), "beta of 'softplus' must be positive"),
        (nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False)), "no running statistics"),
        (nn.Sequential(nn.Linear(2, 3), nn.Flatten(0)), "flattens the samples too"),
        (nn.Sequential(nn.Tanh()), "it has no weights"),
        (nn.LazyLinear(3), "run it once"),
        (Net(), r"module itself \(Net\): Pow here belongs to no activation"),
        (nn.Linear(2, 3).half(), r"'weight' is torch\.float16, .*; pass module\.float\(\)"),
        (Recurrent(), r"module cell \(GRU\): it is recurrent: its value depends on a state"),
        (nn.TransformerEncoderLayer(4, 2), r"\(MultiheadAttention\): attention multiplies values"),
    ],
)
def test_an_unsupported_torch_module_is_refused_by_name(module: Any, sentence: Any) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_torch(module)


def test_a_state_dict_gives_the_same_network_as_the_module() -> None:
    module = nn.Sequential(nn.Linear(4, 9), nn.Mish(), nn.Linear(9, 9), nn.Mish(), nn.Linear(9, 2))
    assert sn.from_state_dict(module.state_dict(), "mish") == sn.from_torch(module)
    with pytest.raises(TypeError, match="weights by name go to from_state_dict"):
        sn.from_torch(module.state_dict())


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax"])
def test_classifiers_give_probabilities_and_their_slopes(kind: str) -> None:
    torch.manual_seed(0)
    layers = nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 4), getattr(nn, kind)(dim=-1)
    module = nn.Sequential(*layers).double()
    net = sn.from_torch(module)
    assert net.activations == ("tanh", "softmax" if kind == "Softmax" else "log_softmax")
    X = 3 * torch.randn(7, 3, dtype=torch.float64)
    assert far(net(X.numpy()), module(X)) < 1e-14
    J = torch.func.vmap(torch.func.jacrev(module))(X)
    hessian = torch.func.vmap(torch.func.hessian(module))(X)
    assert far(net.jacobian(X.numpy()), J) < 1e-13
    assert far(net.hessian(X.numpy()), hessian) < 1e-12
    v = torch.ones(7, 3, dtype=torch.float64)
    assert far(net.hvp(X.numpy(), v.numpy()), hessian.sum(dim=3)) < 1e-12


def test_a_softmax_inside_or_along_the_batch_is_refused() -> None:
    for module, sentence in (
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(1), nn.Linear(3, 1)), "must be the end of the"),
        (nn.Sequential(nn.Linear(2, 3), nn.Softmax(0)), "its dim is 0; 1 or -1 is wanted"),
    ):
        with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
            sn.from_torch(module)

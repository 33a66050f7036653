"""Modules with a forward of their own come in with the values and derivatives of torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import slopenet as sn

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional


def forward(function: Any, **layers: Any) -> Any:
    """A module of these layers, in float64, whose forward is `function(self, x)`."""

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, layer in layers.items():
                setattr(self, name, layer)

        def forward(self, *given: Any) -> Any:
            return function(self, *given)

    return Module().double().eval()


def buffer(*shape: int) -> Any:
    return nn.Parameter(torch.rand(shape, dtype=torch.float64) + 0.5, requires_grad=False)


def prelu(n: int) -> Any:
    layer = nn.PReLU(n)
    nn.init.uniform_(layer.weight, 0.1, 0.5)
    return layer


def batch_norm(n: int) -> Any:
    layer = nn.BatchNorm1d(n)
    for each in (layer.running_mean, layer.weight, layer.bias):
        nn.init.normal_(each)
    nn.init.uniform_(layer.running_var, 0.3, 2)
    return layer


def residual(m: Any, x: Any) -> Any:
    h = torch.tanh(m.i(x))
    for _ in range(2):
        h = h + F.silu(m.l(h))
    return m.o(h)


def dense_net(m: Any, x: Any) -> Any:
    h = torch.cat([x, torch.tanh(m.i(x))], 1)
    h = torch.cat([h, torch.sin(m.l(h))], -1)
    return m.o(h)


def input_convex(m: Any, x: Any) -> Any:
    z = F.softplus(m.i(x))
    z = F.softplus(F.linear(z, F.softplus(m.l.weight)) + m.x1(x))
    return F.linear(z, m.o.weight.exp())


def mean_and_variance(m: Any, x: Any) -> Any:
    h = torch.tanh(m.i(x))
    return {"mean": m.a(h), "variance": F.softplus(m.b(h)) + 1e-3}


def fourier(m: Any, x: Any) -> Any:
    p = x @ m.B
    return m.o(torch.tanh(m.l(torch.cat([torch.sin(p), torch.cos(p), x], -1))))


def monotone(m: Any, x: Any) -> Any:
    z = x @ m.i.weight.abs().T + m.i.bias
    a, b = z[:, :4], z[:, 4:]
    return m.o(torch.cat([F.elu(a), -F.elu(-b)], 1))


def in_place(m: Any, x: Any) -> Any:
    out = torch.zeros(x.shape[0], 3, dtype=x.dtype)
    h = torch.tanh(m.i(x))
    out[:, :2] = m.o(h)
    out[:, 2] = h.sum(1)
    h = h.clone()
    h += 0.5
    out += 2 * h[:, :3]
    return out


def clipped_parts(m: Any, x: Any) -> Any:
    y = m.o(torch.relu(m.i(x)))
    return torch.cat([y[:, :1].clamp(-0.1, 0.1), torch.clamp(y[:, 1:], min=0.2)], 1)


def shapes(m: Any, x: Any) -> Any:
    h = torch.tanh(m.i(x)).reshape(-1, 2, 4).transpose(1, 2)
    h = F.pad(h, (1, 0)).flip(1).flatten(1)
    parts = h.split([5, 7], dim=1)
    stacked_ = torch.stack([parts[0], parts[1][:, 1:6]], dim=2).permute(2, 0, 1)
    return m.o(stacked_[0]) + (m.o.weight @ stacked_[1].T).T + h.roll(1, 1)[:, [0, 3]]


def shared_over_groups(m: Any, x: Any) -> Any:
    return torch.tanh(m.s(m.i(x).reshape(-1, 4))).reshape(len(x), -1).mean(1, keepdim=True)


def kinks(m: Any, x: Any) -> Any:
    h = m.i(x)
    tails = (
        F.softshrink(h) + (h / 6 + 0.5).clamp(0, 1) + F.hardtanh(h, -0.5, 2) + h.abs() + F.relu6(h)
    )
    return m.o(tails) + torch.maximum(h[:, :2], h[:, 2:4]) - torch.minimum(h[:, :2], m.b)


def functions(m: Any, x: Any) -> Any:
    h = m.i(x)
    own = h * torch.sigmoid(h) + torch.exp(-(h**2)) + h / (1 + h.abs()) + F.logsigmoid(h)
    logs = torch.log1p(torch.exp(h)) + torch.expm1(h / 9) + 10 ** (h / 9) + F.tanhshrink(h)
    return m.o(own) + m.o(logs) + m.o(torch.log10(2 + torch.tanh(h)))


def normalised(m: Any, x: Any) -> Any:
    x = 2 * (x - m.low) / (2 + m.high - m.low) - 1
    h = m.p(m.n(m.i(x)))
    return m.o(h) * m.high[:2] + m.low[:2]


L = {"i": nn.Linear(3, 8), "l": nn.Linear(8, 8), "o": nn.Linear(8, 2)}
CASES = {
    "residual": (residual, L),
    "dense": (dense_net, {"i": nn.Linear(3, 5), "l": nn.Linear(8, 4), "o": nn.Linear(12, 2)}),
    "convex": (input_convex, L | {"x1": nn.Linear(3, 8)}),
    "heads": (mean_and_variance, L | {"a": nn.Linear(8, 1), "b": nn.Linear(8, 2)}),
    "fourier": (fourier, {"B": buffer(3, 6), "l": nn.Linear(15, 8), "o": nn.Linear(8, 1)}),
    "monotone": (monotone, L),
    "in place": (in_place, L),
    "clips": (clipped_parts, L),
    "shapes": (shapes, {"i": nn.Linear(3, 8), "o": nn.Linear(5, 2)}),
    "groups": (shared_over_groups, {"i": nn.Linear(3, 8), "s": nn.Linear(4, 3)}),
    "kinks": (kinks, L | {"b": buffer(2)}),
    "functions": (functions, L),
    "normalised": (
        normalised,
        L | {"low": buffer(3), "high": buffer(3), "p": prelu(8), "n": batch_norm(8)},
    ),
    "rrelu": (lambda m, x: m.o(F.rrelu(m.i(x), 0.1, 0.3)), L),
    "prelu": (lambda m, x: m.s(x), {"s": nn.Sequential(nn.Linear(3, 4), prelu(4))}),
    "classifier": (lambda m, x: F.log_softmax(m.i(x) + m.l(torch.tanh(m.i(x))), 1), L),
    "convolution": (
        lambda m, x: m.o(torch.tanh(m.c(torch.tanh(m.i(x)).unsqueeze(1))).flatten(1)),
        {"i": nn.Linear(3, 8), "c": nn.Conv1d(1, 2, 3), "o": nn.Linear(12, 2)},
    ),
}  # fmt: skip


def stacked(output: Any) -> Any:
    return torch.cat(list(output.values()), 1) if isinstance(output, dict) else output


@pytest.mark.parametrize("name", CASES)
def test_values_jacobian_and_hessian_are_those_of_autograd(name: str) -> None:
    torch.manual_seed(0)
    function, layers = CASES[name]
    module = forward(function, **layers)
    said: list[Any] = []
    net = sn.from_torch(module, report=said.append, example=torch.zeros(2, 3))
    assert said[0].difference < 1e-12
    X = torch.randn(9, 3, dtype=torch.float64)

    def one(x: Any) -> Any:
        return stacked(module(x[None]))[0]

    autograd = torch.autograd.functional
    slopes = torch.stack([autograd.jacobian(one, x) for x in X])
    curvatures = [
        [autograd.hessian(lambda x, k=k: one(x)[k], x) for k in range(net.sizes[-1])] for x in X
    ]
    for got, wanted in (
        (net(X.numpy()), stacked(module(X))),
        (net.jacobian(X.numpy()), slopes),
        (net.hessian(X.numpy()), torch.stack([torch.stack(each) for each in curvatures])),
    ):
        right = wanted.detach().numpy()
        assert np.abs(got - right).max() <= 1e-12 * max(1, np.abs(right).max())


def test_the_number_of_inputs_is_found_from_the_weights() -> None:
    for name in ("residual", "fourier", "normalised", "monotone"):
        function, layers = CASES[name]
        assert sn.from_torch(forward(function, **layers)).sizes[0] == 3
    with pytest.raises(sn.UnsupportedNetworkError, match=r"2 and 3 fit; pass example="):
        sn.from_torch(forward(lambda m, x: torch.tanh(x) * m.b.sum(), b=buffer(2)))


def test_several_inputs_and_names_of_outputs() -> None:
    module = forward(
        lambda m, x, u: {"y": m.a(torch.tanh(m.f(torch.cat([x, u], 1)))), "z": u * 2},
        f=nn.Linear(5, 8),
        a=nn.Linear(8, 1),
    )
    with pytest.raises(sn.UnsupportedNetworkError, match=r"pass example="):
        sn.from_torch(forward(lambda m, x, u=None: m.a(x), a=nn.Conv2d(1, 1, 1)))
    net = sn.from_torch(module, example=(torch.zeros(1, 2), torch.zeros(1, 3)))
    assert net.output_names == ("y", "z_1", "z_2", "z_3")
    X = torch.randn(7, 5, dtype=torch.float64)
    right = stacked(module(X[:, :2], X[:, 2:])).detach().numpy()
    assert np.allclose(net(X.numpy()), right, rtol=1e-12, atol=1e-13)


def test_inputs_of_more_axes_are_taken_in_order() -> None:
    module = forward(lambda m, x: m.a(x.flatten(1)), a=nn.Linear(6, 2))
    net = sn.from_torch(module, example=torch.zeros(4, 2, 3))
    assert np.allclose(net.weights[0], module.a.weight.detach().numpy())


def test_the_dtype_is_the_modules() -> None:
    module = forward(residual, **L).float()
    assert sn.from_torch(module).dtype == np.float32
    assert sn.from_torch(module, dtype="float64").dtype == np.float64


def test_a_factor_near_one_is_kept_in_float32() -> None:
    module = forward(lambda m, x: 0.999995 * torch.tanh(m.i(x)), i=nn.Linear(3, 2)).float()
    net = sn.from_torch(module, dtype="float64")
    z = net.weights[0] @ np.ones(3) + net.biases[0]
    assert np.abs(net(np.ones(3)) - 0.999995 * np.tanh(z)).max() < 1e-15


def test_the_module_stays_as_it_is() -> None:
    module = forward(residual, **L).train()
    before = {name: x.clone() for name, x in module.state_dict().items()}
    sn.from_torch(module)
    assert module.training
    assert not module._forward_hooks
    assert all(torch.equal(x, before[name]) for name, x in module.state_dict().items())


def test_hooks_are_part_of_what_a_module_computes() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh()).double()
    module[1].register_forward_hook(lambda module, x, y: 2 * y)
    X = torch.randn(5, 2, dtype=torch.float64)
    assert np.allclose(sn.from_torch(module)(X.numpy()), module(X).detach().numpy())


def counted(m: Any, x: Any) -> Any:
    m.count.add_(1)
    return m.i(x)


def remembered(m: Any, x: Any) -> Any:
    m.running = 0.9 * m.running + 0.1 * x.mean(0)
    return m.i(x - m.running)


def batch_size(m: Any, x: Any) -> Any:
    return m.i(x) if len(x) == 1 else m.i(2 * x)


def through_numpy(m: Any, x: Any) -> Any:
    return m.i(x) + torch.tensor(np.tanh(x.detach().numpy()))[:, :1]


def refuses_numpy(m: Any, x: Any) -> Any:
    return torch.tensor(np.tanh(m.i(x).numpy()))


REFUSED = {
    "layer_norm": (lambda m, x: F.layer_norm(m.i(x), (8,)), "slopenet has no layer_norm"),
    "softmax": (lambda m, x: m.o(m.i(x).softmax(1)), "softmax must be the end of the network"),
    "axis": (lambda m, x: m.i(x).reshape(-1, 2, 4).softmax(2).flatten(1), "of another axis than"),
    "product": (lambda m, x: m.i(x) * m.l(torch.tanh(m.i(x))), "mul of two branches is not"),
    "gate": (lambda m, x: torch.tanh(m.i(x)) * torch.sigmoid(m.i(2 * x)), "mul of two branches"),
    "bilinear": (lambda m, x: (m.i(x).unsqueeze(1) @ m.i(x).unsqueeze(2)).flatten(1), "multiplies"),
    "square": (lambda m, x: m.i(x) ** 2, "Pow here belongs to no activation"),
    "hardswish": (lambda m, x: F.hardswish(m.i(x)), "a parabola in the middle"),
    "jump": (lambda m, x: torch.round(m.i(x)), "round jumps"),
    "branch": (lambda m, x: m.i(x) if x[0, 0] > 0 else -m.i(x), "decides by a value"),
    "item": (lambda m, x: m.i(x) * float(x[0, 0]), "decides by a value"),
    "batch mean": (lambda m, x: m.i(x - x.mean(0)), "mixes the rows of a batch"),
    "training": (lambda m, x: F.dropout(m.i(x), 0.5, training=True), "is random"),
    "noise": (lambda m, x: m.i(x) + torch.randn(8), "randn is random"),
    "counter": (counted, "it changes 'count'"),
    "state": (remembered, r"mixes the rows|it changes"),
    "order": (lambda m, x: m.i(x)[torch.arange(len(x)).flip(0)], "in the order of the samples"),
    "rows": (batch_size, "something else for one row than for a batch"),
    "NumPy": (through_numpy, "numpy leaves torch"),
    "only NumPy": (refuses_numpy, "numpy leaves torch"),
    "sorted": (lambda m, x: m.i(x).sort(1).values, "slopenet has no sort"),
    "largest": (lambda m, x: m.i(x).amax(1, keepdim=True), "slopenet has no amax"),
    "norm": (lambda m, x: F.normalize(m.i(x)), "slopenet has no linalg_vector_norm"),
    "text": (lambda m, x: "no tensor", "returns a str, not tensors"),
    "nothing": (lambda m, x: None, "returns no tensor"),
    "constant": (lambda m, x: m.l.weight, "does not depend on its input"),
    "error": (lambda m, x: m.nowhere(x), "unknown|cannot be traced"),
    "transposed": (lambda m, x: m.i(x).T, "does not have a row per sample"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_network_is_is_refused_by_name(name: str) -> None:
    function, sentence = REFUSED[name]
    module = forward(function, **L)
    module.register_buffer("count", torch.zeros(1, dtype=torch.float64))
    module.register_buffer("running", torch.zeros(3, dtype=torch.float64))
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.from_torch(module, example=torch.zeros(2, 3))


def test_errors_name_the_module_inside() -> None:
    inner = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    module = forward(lambda m, x: x + m.body(x), body=inner)
    with pytest.raises(sn.UnsupportedNetworkError, match=r"^module body.1 \(LayerNorm\): "):
        sn.from_torch(module)


def test_a_known_activation_may_be_part_of_a_forward() -> None:
    class Odd(nn.Module):
        def forward(self, z: Any) -> Any:
            return torch.where(z > 0, z, 0.1 * z) if z.sum() > -1e9 else z

    module = forward(lambda m, x: x[:, :2] + m.a(m.o(m.l(m.i(x)))), a=Odd(), **L)
    with pytest.raises(sn.UnsupportedNetworkError, match=r"module a \(Odd\): "):
        sn.from_torch(module)
    net = sn.from_torch(module, activations={Odd: ("leaky_relu", 0.1)})
    X = torch.randn(5, 3, dtype=torch.float64)
    assert np.allclose(net(X.numpy()), module(X).detach().numpy())


def test_random_forwards_are_equal_or_refused_by_name() -> None:
    from extras.random_forwards import outcome

    found = [outcome(seed).partition(":")[0] for seed in range(100)]
    assert found.count("equal") > 50
    assert found.count("refused") > 20


def test_random_networks_with_runs_skips_and_branches_are_equal_to_torch_func() -> None:
    from extras.random_branches import differences

    for seed in range(20):
        differences(1000 + seed)

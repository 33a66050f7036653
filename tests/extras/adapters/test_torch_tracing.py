"""torch.func, make_fx, torch.compile and torch.export see the core as operators of torch.

The witness is the same network as a plain module of torch, under the same transformation.
"""

from __future__ import annotations

import gc
import pickle
from typing import Any

import numpy as np
import pytest
from networks import points, random_network

import slopenet as sn

torch: Any = pytest.importorskip("torch", reason="torch is not installed")
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402

from slopenet.adapters.torch import function  # noqa: E402

F = torch.func
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated"),
    pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node"),  # linearize
    pytest.mark.filterwarnings("ignore:Dynamo detected a call to a .functools.lru_cache"),
]
NET = sn.Network.random((3, 8, 2), rng=0)
H = function(NET)
X = torch.tensor(points(4, NET))
V = torch.tensor(np.random.default_rng(1).normal(size=(4, 3)))
W2, W3, b2, b3 = (torch.tensor(np.array(each)) for each in (*NET.weights, *NET.biases))


def plain(x: Any) -> Any:
    """NET, written in torch."""
    return torch.tanh(x @ W2.T + b2) @ W3.T + b3


def compiled(f: Any) -> Any:
    torch._dynamo.reset()
    return torch.compile(f, backend="aot_eager", fullgraph=True)


def summed(h: Any) -> Any:
    return lambda x: h(x).sin().sum()


def gradient_of_compiled(h: Any) -> Any:
    x = X.clone().requires_grad_()
    compiled(summed(h))(x).backward()
    return x.grad


def batched_gradient(h: Any) -> Any:
    x = X.clone().requires_grad_()
    y = h(x)
    u = torch.stack([torch.ones_like(y), torch.eye(4, 2, dtype=y.dtype)])
    return torch.autograd.grad(y, x, u, is_grads_batched=True)[0]


def vmapped_gradient(h: Any) -> Any:
    x = X.clone().requires_grad_()
    y = h(x)
    u = torch.stack([torch.ones_like(y), torch.eye(4, 2, dtype=y.dtype)])
    return F.vmap(lambda u: torch.autograd.grad(y, x, u, retain_graph=True)[0])(u)


def dual(h: Any) -> Any:
    from torch.autograd import forward_ad

    with forward_ad.dual_level():
        return forward_ad.unpack_dual(h(forward_ad.make_dual(X, V))).tangent


class Module(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    def __init__(self, h: Any) -> None:
        super().__init__()
        self.h = h

    def forward(self, x: Any) -> Any:
        return self.h(x).sin()


def exported(h: Any) -> Any:
    rows = ({0: torch.export.Dim("rows")},)
    return torch.export.export(Module(h), (X,), dynamic_shapes=rows).module()(X[:2] + 1)


functional = torch.autograd.functional
CASES = {
    "linearize": lambda h: F.linearize(h, X)[1](V),
    "linearize a gradient": lambda h: F.linearize(F.grad(summed(h)), X)[1](V),
    "make_fx": lambda h: make_fx(h)(X)(X + 1),
    "make_fx jacfwd": lambda h: make_fx(F.vmap(F.jacfwd(h)))(X)(X + 1),
    "gradient of a graph": lambda h: F.grad(summed(make_fx(h)(X)))(X + 1),
    "tangent of a graph": lambda h: F.jvp(make_fx(h)(X), (X + 1,), (V,))[1],
    "compile": lambda h: compiled(h)(X),
    "compile, gradient": gradient_of_compiled,
    "compile jacrev": lambda h: compiled(F.vmap(F.jacrev(h)))(X),
    "compile jacfwd": lambda h: compiled(F.vmap(F.jacfwd(h)))(X),
    "compile jvp": lambda h: compiled(lambda x: F.jvp(h, (x,), (V,))[1])(X),
    "compile hessian": lambda h: compiled(F.vmap(F.jacrev(F.jacrev(h))))(X),
    "export": exported,
    "hvp": lambda h: functional.hvp(summed(h), X, V)[1],
    "vhp": lambda h: functional.vhp(summed(h), X, V)[1],
    "jvp by double backward": lambda h: functional.jvp(h, X, V)[1],
    "hessian, vectorised": lambda h: functional.hessian(summed(h), X[0], vectorize=True),
    "jacfwd of jacfwd": lambda h: F.vmap(F.jacfwd(F.jacfwd(h)))(X),
    "jacfwd of jacrev": lambda h: F.vmap(F.jacfwd(F.jacrev(h)))(X),
    "is_grads_batched": batched_gradient,
    "vmap of a gradient": vmapped_gradient,
    "dual numbers": dual,
}


@pytest.mark.parametrize("case", CASES)
def test_a_transformation_of_torch_gives_what_it_gives_for_a_module_of_torch(case: str) -> None:
    transform = CASES[case]
    got, wanted = transform(H), transform(plain)
    assert got.shape == wanted.shape
    assert (got - wanted).abs().max() <= 1e-13 * wanted.abs().max()
    assert wanted.abs().max() > 0.01


def test_transformations_that_torch_does_for_no_plain_network_work_too() -> None:
    """torch refuses them for `plain`: constants under fake tensors, a matrix product of one row."""
    fake = make_fx(H, tracing_mode="fake")(X)(X + 1)
    assert torch.equal(fake, H(X + 1))
    bent = make_fx(F.vmap(F.hessian(H)), tracing_mode="symbolic")(X)(X + 1)
    assert (bent - F.vmap(F.hessian(plain))(X + 1)).abs().max() < 1e-13
    sloped = functional.jacobian(H, X[0], vectorize=True, strategy="forward-mode")
    assert (sloped - F.jacrev(plain)(X[0])).abs().max() < 1e-13


def test_a_compiled_call_has_the_bits_of_the_core() -> None:
    assert torch.equal(compiled(H)(X), torch.from_numpy(NET(X.numpy())))
    assert torch.equal(make_fx(H)(X)(X), torch.from_numpy(NET(X.numpy())))


@pytest.mark.parametrize("name", ["values", "vjp", "jvp", "curvature", "second"])
def test_the_operators_pass_the_checks_of_torch(name: str) -> None:
    widths = {"values": "3", "vjp": "32", "jvp": "33", "curvature": "323", "second": "333"}[name]
    tensors = [torch.randn(4, int(n), dtype=torch.float64, requires_grad=True) for n in widths]
    operator = getattr(torch.ops.slopenet, name).default
    utils = ["test_schema", "test_faketensor"]
    if name in ("values", "vjp", "jvp"):  # the others have no gradient with respect to X
        utils += ["test_autograd_registration", "test_aot_dispatch_dynamic"]
    torch.library.opcheck(operator, (*tensors, H._key), test_utils=utils)


@pytest.mark.parametrize("third", ["jacfwd", "jacrev"])
def test_third_derivatives_are_refused_by_name(third: str) -> None:
    for second in (F.hessian(H), F.jacfwd(F.jacfwd(H)), F.jacrev(F.jacrev(H))):
        with pytest.raises(NotImplementedError, match="third derivatives"):
            getattr(F, third)(second)(X[0])


def test_a_second_derivative_along_a_direction_is_differentiable_in_the_direction() -> None:
    """Of v ↦ wᵀ∇²H v, whose gradient with respect to x alone is of third order."""
    x, w = X[:1].clone().requires_grad_(), V[:1].clone().requires_grad_()
    (slope,) = torch.autograd.grad(H(x).sum(), x, create_graph=True)
    (bent,) = torch.autograd.grad(slope, x, w, create_graph=True)
    (row,) = torch.autograd.grad(bent.sum(), w, retain_graph=True)
    wanted = NET.hessian(X.numpy()[:1]).sum(axis=(1, 2))
    np.testing.assert_allclose(row.numpy(), wanted, rtol=1e-13)
    with pytest.raises(NotImplementedError, match="third derivatives"):
        torch.autograd.grad(bent.sum(), x)


def test_the_function_pickles() -> None:
    again = pickle.loads(pickle.dumps(H))
    assert again.network == NET
    assert torch.equal(again(X), H(X))


def test_a_graph_keeps_its_network() -> None:
    net = sn.Network.random((3, 5, 1), rng=1)
    wanted = net.jvp(X.numpy(), V.numpy())
    along = F.linearize(function(net), X)[1]
    del net
    gc.collect()
    np.testing.assert_allclose(along(V).numpy(), wanted, rtol=1e-13)


def test_a_graph_of_another_process_says_what_it_needs() -> None:
    with pytest.raises(RuntimeError, match=r"call slopenet.adapters.torch.function\(network\)"):
        torch.ops.slopenet.values(X, "0123")


METHODS = ["__call__", "jacobian", "hessian", "laplacian"]


@pytest.mark.parametrize("activation", ["tanh", "gelu", "mish"])
def test_methods_of_a_network_compile_into_one_graph(activation: str) -> None:
    net = random_network((3, 8, 2), activation)

    def all_of_them(x: Any) -> list[Any]:
        along = [net.jvp(x, x), net.vjp(x, x[:, :2]), net.hvp(x, x)]
        return [getattr(net, name)(x) for name in METHODS] + along

    for got, wanted in zip(compiled(all_of_them)(X), all_of_them(X), strict=True):
        assert (got - wanted).abs().max() <= 1e-14 * wanted.abs().max()
    assert torch.equal(compiled(net)(X), net(X))
    assert torch.equal(compiled(net.jacobian)(X), net.jacobian(X))


def test_a_network_that_was_used_before_compiles() -> None:
    net = random_network((3, 8, 2))
    net(X.numpy())
    assert torch.equal(compiled(net)(X), net(X))

"""Autograd and torch.func see a network whose derivatives are the core's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, points, random_network

import slopenet as sn
from slopenet.activations import ActivationSpec

torch: Any = pytest.importorskip("torch", reason="torch is not installed")
from slopenet.adapters.torch import function  # noqa: E402

# torch's jacfwd still calls torch.jit.script.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
SMOOTH = [a for a in ACTIVATIONS if a not in ("relu", ("leaky_relu", 0.2))]


def tensor(x: np.ndarray, *, grad: bool = True) -> Any:
    return torch.tensor(x, requires_grad=grad)


def close(got: Any, wanted: np.ndarray, tolerance: float) -> None:
    assert tuple(got.shape) == wanted.shape
    assert np.abs(got.detach().numpy() - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize("sizes", [(4, 9, 2), (2, 9, 5), (3, 7, 1)], ids=str)
@pytest.mark.parametrize("activation", SMOOTH, ids=str)
def test_gradcheck_and_gradgradcheck_pass(
    activation: ActivationSpec, sizes: tuple[int, ...]
) -> None:
    net = random_network(sizes, activation)
    H, X = function(net), tensor(points(3, net))
    assert torch.autograd.gradcheck(H, (X,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(H, (X,))
    assert torch.autograd.gradcheck(H, (X[0].detach().requires_grad_(),))


def test_backward_is_vjp_and_double_backward_the_hessian_to_the_bit() -> None:
    net = random_network((4, 9, 1), "tanh")
    X = points(5, net)
    x = tensor(X)
    (slope,) = torch.autograd.grad(function(net)(x).sum(), x, create_graph=True)
    np.testing.assert_array_equal(slope.detach().numpy(), net.jacobian(X)[:, 0])
    w = np.random.default_rng(0).normal(size=(5, 4))
    (bent,) = torch.autograd.grad(slope, x, torch.tensor(w))
    np.testing.assert_array_equal(bent.numpy(), net.hvp(X, w)[:, 0])


@pytest.mark.parametrize("sizes", [(4, 9, 3), (2, 9, 5)], ids=str)
def test_transformations_of_torch_func_apply(sizes: tuple[int, ...]) -> None:
    net = random_network(sizes, "gelu")
    X, H, ad = points(5, net), function(net), torch.func
    x = tensor(X, grad=False)
    close(ad.vmap(H)(x), net(X), 1e-13)
    close(ad.vmap(H, in_dims=1)(x.T), net(X), 1e-13)
    close(ad.vmap(ad.jacrev(H))(x), net.jacobian(X), 1e-13)
    close(ad.vmap(ad.jacfwd(H))(x), net.jacobian(X), 1e-13)
    for second in (ad.hessian(H), ad.jacrev(ad.jacrev(H)), ad.jacrev(ad.jacfwd(H))):
        close(ad.vmap(second)(x), net.hessian(X), 1e-12)
    close(torch.autograd.functional.hessian(lambda x: H(x)[0], x[0]), net.hessian(X[0])[0], 1e-12)


def test_saturated_inputs_keep_their_slopes() -> None:
    """Where torch's own 1 - tanh² is 0: one hidden unit, far in its tail."""
    net = sn.Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["tanh", "identity"])
    x = tensor(np.array([[40.0]]))
    (slope,) = torch.autograd.grad(function(net)(x), x, create_graph=True)
    assert slope.item() == net.jacobian([40.0])[0, 0] == pytest.approx(4 * np.exp(-80), rel=1e-14)
    (bent,) = torch.autograd.grad(slope, x)
    assert bent.item() == net.hessian([40.0])[0, 0, 0] == pytest.approx(-8 * np.exp(-80), rel=1e-14)
    by_torch = tensor(np.array([40.0]))
    (lost,) = torch.autograd.grad(torch.tanh(by_torch), by_torch)
    assert lost.item() == 0


def test_an_optimiser_of_torch_finds_inputs_through_the_network() -> None:
    net = random_network((3, 16, 2), "softplus")
    wanted = torch.tensor(net([0.5, -0.2, 0.1]))
    H, x = function(net), torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=200)

    def loss() -> Any:
        optimiser.zero_grad()
        C = 0.5 * ((H(x) - wanted) ** 2).sum()
        C.backward()
        return C

    optimiser.step(loss)
    close(H(x), wanted.numpy(), 1e-4)


def test_it_stands_between_modules_that_learn() -> None:
    """The gradient with respect to the weights of a layer before it."""
    net = random_network((3, 8, 2), "silu")
    before = torch.nn.Linear(4, 3, dtype=torch.float64)
    x = tensor(np.random.default_rng(0).normal(size=(6, 4)), grad=False)
    function(net)(before(x)).sum().backward()
    u = net.vjp(before(x).detach().numpy(), np.ones(2))
    close(before.weight.grad, u.T @ x.numpy(), 1e-13)


def test_any_leading_axes_and_float32() -> None:
    net = random_network((3, 8, 2))
    X = points(12, net)
    close(function(net)(tensor(X.reshape(2, 6, 3))), net(X).reshape(2, 6, 2), 1e-15)
    assert function(net)(torch.zeros((0, 3))).shape == (0, 2)
    x = tensor(X.astype(np.float32))
    H = function(net)(x)
    H.sum().backward()
    assert H.dtype == x.grad.dtype == torch.float32
    close(x.grad, net.vjp(X, np.ones(2)), 1e-5)


def test_wrong_arguments_of_a_torch_module_are_a_clear_error() -> None:
    net = random_network((3, 8, 2))
    H = function(net)
    with pytest.raises(TypeError, match="network must be a Network, got 'net'"):
        function("net")
    with pytest.raises(TypeError, match=r"a tensor of float32 or float64, got .*int64"):
        H(torch.ones(3, dtype=torch.int64))
    with pytest.raises(TypeError, match="a tensor of float32 or float64, got list"):
        H([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"X must have shape \(..., 3\), got \(3, 2\)"):
        H(torch.ones(3, 2))
    with pytest.raises(ValueError, match="X is on meta; the core computes on the CPU"):
        H(torch.ones(3, device="meta"))
    x = tensor(points(1, net))
    (slope,) = torch.autograd.grad(H(x).sum(), x, create_graph=True)
    (bent,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="third derivatives"):
        bent.sum().backward()

"""A network called on torch and JAX arrays answers in kind, with the core's numbers."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from networks import ACTIVATIONS, network_of_runs, points, random_network

import slopenet as sn
from slopenet import derivation
from slopenet.activations import ActivationSpec, sigma
from slopenet.evaluate.derivatives import Derivatives

# torch's jacfwd still calls torch.jit.script.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
SIZES = [(4, 9, 7, 1), (3, 8, 5), (6, 8, 3)]
NETWORKS = [(SIZES[i % 3], activation) for i, activation in enumerate(ACTIVATIONS)]


def answers(net: sn.Network, X: Any, v: Any, u: Any) -> dict[str, Any]:
    """Every method that takes points."""
    parts = {
        f"{method}: {part}": answer
        for method in ("value_and_jacobian", "value_jacobian_hessian", "value_jacobian_laplacian")
        for part, answer in enumerate(getattr(net, method)(X))
    }
    return parts | {
        "value": net(X),
        "jacobian": net.jacobian(X),
        "jvp": net.jvp(X, v),
        "vjp": net.vjp(X, u),
        "hessian": net.hessian(X),
        "hvp": net.hvp(X, v),
        "weighted_hessian": net.weighted_hessian(X, u),
        "laplacian": net.laplacian(X),
    }


def agree(library: Any, got: dict[str, Any], wanted: dict[str, np.ndarray]) -> None:
    for name, reference in wanted.items():
        array = library.numpy(got[name])
        assert array.shape == reference.shape
        assert array.dtype == np.float64
        assert np.abs(array - reference).max() <= 1e-13 * np.abs(reference).max(), name


def directions(net: sn.Network) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return rng.normal(size=(5, net.sizes[0])), rng.normal(size=(5, net.sizes[-1]))


@pytest.mark.parametrize(("sizes", "activation"), NETWORKS, ids=str)
def test_arrays_of_a_library_come_back_as_such_with_the_numbers_of_the_core(
    library: Any, sizes: tuple[int, ...], activation: ActivationSpec
) -> None:
    net = random_network(sizes, activation)
    X, (v, u) = points(5, net), directions(net)
    compute = library.jit(lambda *given: answers(net, *given))
    agree(library, compute(*library((X, v, u))), answers(net, X, v, u))


def test_every_method_of_points_is_compared() -> None:
    """Whatever `Derivatives` gains must come back from other libraries too."""
    net = random_network((4, 3))
    methods = {
        name
        for name, function in inspect.getmembers(Derivatives, inspect.isfunction)
        if "X" in inspect.signature(function).parameters and not name.startswith("_")
    }
    X, (v, u) = points(5, net), directions(net)
    compared = {name.split(":")[0] for name in answers(net, X, v, u)}
    assert compared == methods | {"value"}


def test_a_single_point_drops_the_N(library: Any) -> None:
    net = random_network((4, 9, 3), "gelu")
    x, v, u = points(5, net)[0], *(part[0] for part in directions(net))
    agree(library, answers(net, library(x), library(v), library(u)), answers(net, x, v, u))


def test_one_direction_serves_every_row_and_may_be_a_numpy_array(library: Any) -> None:
    net = random_network((4, 9, 3), "tanh")
    X, v, u = points(5, net), *(part[0] for part in directions(net))
    wanted = answers(net, X, v, u)
    agree(library, answers(net, library(X), library(v), library(u)), wanted)
    agree(library, answers(net, library(X), v, u), wanted)


def test_zero_rows_are_fine(library: Any) -> None:
    net = random_network((4, 9, 3), "tanh")
    X, v, u = points(0, net), np.zeros(4), np.zeros(3)
    wanted = answers(net, X, v, u)
    for name, answer in answers(net, library(X), v, u).items():
        assert tuple(answer.shape) == wanted[name].shape, name


def test_dtype_and_device_are_those_of_X(library: Any) -> None:
    net = random_network((4, 9, 3), "gelu")
    X = library.array(points(5, net), dtype=library.float32)
    for answer in answers(net, X, *directions(net)).values():
        assert answer.dtype == library.float32
        assert answer.device == X.device
    double = net.jacobian(points(5, net))
    assert np.abs(library.numpy(net.jacobian(X)) - double).max() < 1e-5 * np.abs(double).max()


def test_other_shapes_and_dtypes_are_refused(library: Any) -> None:
    net = random_network((4, 9, 3))
    X = points(5, net)
    for wrong in (X[:, :3], X[None], X[0, 0]):
        with pytest.raises(ValueError, match=r"X must have shape \(N, 4\) or \(4,\), got"):
            net(library(np.asarray(wrong)))
    for wrong in (X.astype(int), X > 0, X + 0j):
        with pytest.raises(TypeError, match=r"X has dtype .*; a real floating dtype is wanted"):
            net.jacobian(library(wrong))


def test_other_shapes_of_directions_and_weightings_are_refused(library: Any) -> None:
    net = random_network((4, 9, 2))
    X = points(5, net)
    for wrong in (X[:3], X[:, :3], X[0, :1], X[0, 0]):
        for given in (np.asarray(wrong), library(np.asarray(wrong))):
            with pytest.raises(ValueError, match=r"v must have shape \(5, 4\) or \(4,\), got"):
                net.jvp(library(X), given)
            with pytest.raises(ValueError, match=r"v must have shape \(5, 4\) or \(4,\), got"):
                net.hvp(library(X), given)
            with pytest.raises(ValueError, match=r"u must have shape \(5, 2\) or \(2,\), got"):
                net.vjp(library(X), given)
            with pytest.raises(ValueError, match=r"u must have shape \(5, 2\) or \(2,\), got"):
                net.weighted_hessian(library(X), given)


def test_functions_of_the_library_apply_to_a_network(library: Any) -> None:
    """vmap, jacrev, jacfwd and a second derivative through the network's own Jacobian."""
    net = random_network((4, 9, 3), "gelu")
    ad, X = library.transforms, library(points(5, net))
    H, J = net.value_and_jacobian(points(5, net))
    agree(library, {"H": ad.vmap(net)(X)}, {"H": H})
    for jacobian in (ad.vmap(net.jacobian), ad.vmap(ad.jacrev(net)), ad.vmap(ad.jacfwd(net))):
        agree(library, {"J": jacobian(X)}, {"J": J})
    hessian = library.numpy(ad.vmap(ad.jacfwd(net.jacobian))(X))
    np.testing.assert_allclose(hessian, hessian.swapaxes(-1, -2), rtol=0, atol=1e-14)
    agree(library, {"hessian": ad.vmap(net.hessian)(X)}, {"hessian": hessian})
    along = ad.vmap(ad.jacfwd(lambda x: net.vjp(x, np.ones(3))))(X)
    np.testing.assert_allclose(library.numpy(along), hessian.sum(axis=1), rtol=0, atol=1e-13)


def test_torch_gradients_flow_through_a_network(torch_library: Any) -> None:
    """Backward of u·H is vjp; gradcheck tests the gradients of the Jacobian itself."""
    import torch

    net = random_network((4, 9, 3), "softplus")
    X, (_, u) = points(5, net), directions(net)
    tensor = torch.asarray(X).requires_grad_()
    (net(tensor) * torch.asarray(u)).sum().backward()
    agree(torch_library, {"vjp": tensor.grad}, {"vjp": net.vjp(X, u)})
    assert torch.autograd.gradcheck(net.jacobian, (tensor,))
    assert torch.autograd.gradcheck(net.laplacian, (tensor,))


@pytest.mark.parametrize("method", ["value_jacobian_hessian", "value_jacobian_laplacian"])
def test_the_forward_sweep_and_each_order_of_sigma_run_once(
    torch_library: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    net = random_network((4, 9, 7, 3))
    orders: list[int] = []

    def counted(spec: Any, z: Any, order: int = 0) -> Any:
        orders.append(order)
        return sigma(spec, z, order)

    monkeypatch.setattr(derivation, "sigma", counted)
    getattr(net, method)(torch_library(points(5, net)))
    assert sorted(orders) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("seed", range(2))
def test_networks_of_runs(library: Any, seed: int) -> None:
    net = network_of_runs(seed)
    X, (v, u) = points(5, net), directions(net)
    got = answers(net, library.array(X), library.array(v), library.array(u))
    agree(library, got, answers(net, X, v, u))


@pytest.mark.parametrize("head", ["softmax", "log_softmax"])
def test_networks_with_a_softmax(library: Any, head: Any) -> None:
    net = sn.Network.random((3, 8, 5), output=head, rng=0)
    X, (v, u) = points(5, net), directions(net)
    got = answers(net, library.array(X), library.array(v), library.array(u))
    agree(library, got, answers(net, X, v, u))

"""Networks that end in softmax or log-softmax: values and derivatives, in the tails too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp
from networks import points
from same_bits import assert_same, everything

import slopenet as sn
from slopenet import derivation, softmax

HEADS = pytest.mark.parametrize("head", ["softmax", "log_softmax"])
STEP = 1e-30


@pytest.fixture(autouse=True)
def _restore_threads() -> Iterator[None]:
    before = sn.get_num_threads()
    yield
    sn.set_num_threads(before)


def classifier(head: Any, sizes: tuple[int, ...] = (3, 9, 5), **more: Any) -> sn.Network:
    return sn.Network.random(sizes, output=head, rng=0, **more)


def difference(got: Any, wanted: Any) -> float:
    return float(np.abs(got - wanted).max() / max(np.abs(wanted).max(), 1e-300))


def by_complex_step(net: sn.Network, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J by steps of H, and the Hessian by steps of the closed form of J at complex points."""
    log = net.activations[-1] == "log_softmax"
    logits = net.logits.chain()

    def jacobian(X: Any) -> Any:
        sweep = derivation.forward(logits, X)
        results = {
            "values": sweep.a[-1],
            "jacobian": derivation.partial_products(logits, derivation.D(logits, sweep))[-1],
        }
        return softmax.result("jacobian", results.get, log=log)

    moved = [X + 1j * STEP * e for e in np.eye(X.shape[1])]
    J = [derivation.forward(net.chain(), x).a[-1].imag / STEP for x in moved]
    hessian = [jacobian(x).imag / STEP for x in moved]
    return np.stack(J, axis=-1), np.stack(hessian, axis=-1)


@HEADS
@pytest.mark.parametrize(
    "sizes", [(3, 9, 5), (1, 4, 2), (6, 12, 7, 3), (2, 40), (4, 5, 1)], ids=str
)
def test_value_and_derivatives_are_those_of_the_complex_step(
    head: Any, sizes: tuple[int, ...]
) -> None:
    net = classifier(head, sizes)
    X = points(23, net)
    H, J, hessian = net.value_jacobian_hessian(X)
    z = net.logits(X)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert difference(H, p if head == "softmax" else np.log(p)) < 1e-14
    wanted_J, wanted_hessian = by_complex_step(net, X)
    assert np.abs(J - wanted_J).max() < 1e-14 * max(1, np.abs(wanted_J).max())
    assert np.abs(hessian - wanted_hessian).max() < 1e-13 * max(1, np.abs(wanted_hessian).max())


@HEADS
def test_products_and_sums_are_those_of_jacobian_and_hessian(head: Any) -> None:
    net = classifier(head)
    X, rng = points(17, net), np.random.default_rng(1)
    v, u = rng.normal(size=(17, 3)), rng.normal(size=(17, 5))
    J, hessian = net.jacobian(X), net.hessian(X)
    assert difference(net.jvp(X, v), np.einsum("nki,ni->nk", J, v)) < 1e-13
    assert difference(net.vjp(X, u), np.einsum("nki,nk->ni", J, u)) < 1e-13
    assert difference(net.hvp(X, v), np.einsum("nkij,nj->nki", hessian, v)) < 1e-13
    wanted = np.einsum("nkij,nk->nij", hessian, u)
    assert difference(net.weighted_hessian(X, u), wanted) < 1e-13
    assert difference(net.laplacian(X), np.trace(hessian, axis1=2, axis2=3)) < 1e-13
    assert np.array_equal(net.value_jacobian_laplacian(X)[2], net.laplacian(X))
    assert np.array_equal(net.vjp(X, u[0])[0], net.vjp(X[0], u[0]))
    assert np.array_equal(net.jvp(X, [1, 0, 0]), net.jvp(X, np.tile([1.0, 0, 0], (17, 1))))
    assert (hessian == hessian.swapaxes(2, 3)).all()


@HEADS
@pytest.mark.parametrize("spread", [1.0, 30.0, 200.0, 700.0])
def test_tails_keep_their_digits(head: Any, spread: float) -> None:
    """Each entry, relative to itself, against 400 digits: of one layer z = W x."""
    rng = np.random.default_rng(2)
    W = rng.normal(size=(4, 2))
    net = sn.Network([W], [spread * np.array([1.0, 0.3, 0.0, -0.4])], [head])
    x = np.array([0.4, -0.7])
    H, J, hessian = net.value_jacobian_hessian(x)
    with mpmath.workdps(400):
        rows = [[mp.mpf(w) for w in row] for row in W]
        pairs = zip(rows, net.biases[0], strict=True)
        z = [mp.fdot(row, map(mp.mpf, x)) + mp.mpf(b) for row, b in pairs]
        total = mp.fsum(map(mp.exp, z))
        p = [mp.exp(each) / total for each in z]
        mean = [mp.fdot(p, column) for column in zip(*rows, strict=True)]
        g = [[w - m for w, m in zip(row, mean, strict=True)] for row in rows]
        spread_of = [
            [mp.fsum(p[m] * g[m][i] * g[m][j] for m in range(4)) for j in range(2)]
            for i in range(2)
        ]
        for k in range(4):
            factor = p[k] if head == "softmax" else 1
            own = 1 if head == "softmax" else 0
            assert abs(H[k] - (p[k] if own else mp.log(p[k]))) <= 1e-13 * abs(H[k]) + 1e-300
            for i in range(2):
                assert abs(J[k, i] - factor * g[k][i]) <= 1e-12 * abs(factor * g[k][i]) + 1e-300
                for j in range(2):
                    exact = factor * (own * g[k][i] * g[k][j] - spread_of[i][j])
                    assert abs(hessian[k, i, j] - exact) <= 1e-11 * abs(exact) + 1e-300


@HEADS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_alone_in_a_batch_and_on_threads_the_bits_are_the_same(head: Any, dtype: Any) -> None:
    for sizes in ((3, 9, 5), (1, 7, 12), (9, 4, 2), (2, 3, 1)):
        net = classifier(head, sizes, dtype=dtype)
        X = points(61, net)
        batch = everything(net, X, threads=1)
        assert all(array.dtype == dtype for array in batch)
        assert_same(everything(net, X, threads=2), batch)
        for i in (0, 30, 60):
            assert_same(everything(net, X[i]), [a[i] for a in batch])
        assert_same(everything(net, X[20:27]), [a[20:27] for a in batch])


@HEADS
def test_results_are_written_to_out(head: Any) -> None:
    net = classifier(head)
    X, u = points(6, net), np.ones((6, 5))
    for name, given in (("__call__", ()), ("hessian", ()), ("vjp", (u,)), ("laplacian", ())):
        wanted = getattr(net, name)(X, *given)
        out = np.empty_like(wanted)
        assert getattr(net, name)(X, *given, out=out) is out
        assert out.tobytes() == wanted.tobytes()
    H, J = np.empty((6, 5)), np.empty((6, 5, 3))
    assert net.value_and_jacobian(X, out=(H, J))[1] is J
    assert np.array_equal(H, net(X))
    with pytest.raises(ValueError, match="out"):
        net(X, out=np.empty((6, 4)))
    with pytest.raises(ValueError, match=r"X\[0, 0\]|finite"):
        net.jacobian(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="finite"):
        net.vjp(X, np.full((6, 5), np.inf))


@HEADS
def test_a_network_with_a_head_is_saved_copied_and_printed(head: Any, tmp_path: Path) -> None:
    net = classifier(head)
    net.save(tmp_path / "net")
    assert sn.load(tmp_path / "net") == net
    assert net.activations[-1] == head
    assert sn.Network(net.weights, net.biases, net.activations) == net
    assert net != net.logits
    assert net.logits.activations[-1] == "identity"
    logits = net.logits
    assert logits.logits is logits
    assert f"tanh, {head};" in repr(net)
    assert head in net._repr_html_()
    assert net.plan.chain == net.logits.plan.chain


@HEADS
def test_what_does_not_know_heads_refuses_by_name(head: Any, tmp_path: Path) -> None:
    net = classifier(head)
    X = points(8, net)
    y = np.eye(5)[np.arange(8) % 5]
    for call in (
        lambda: sn.backprop(net, X, y),
        lambda: sn.sgd(net, X, y, steps=1),
        lambda: sn.fit(X, y, start=net),
        lambda: sn.fit(X, y, output=head),
        lambda: sn.Network(net.weights, net.biases, [head, "identity"]),
        lambda: sn.Network(net.weights, net.biases, head),
        lambda: sn.Network(net.weights, net.biases, ["tanh", [head] * 5]),
        lambda: sn.Network.random((2, 3, 1), hidden=head),
        lambda: derivation.D(net.chain(), derivation.forward(net.chain(), X)),
    ):
        with pytest.raises(ValueError, match=head):
            call()


@HEADS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_checker_passes_and_catches_a_wrong_derivative(
    head: Any, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = classifier(head, dtype=dtype)
    check = sn.check_derivatives(net, points(5, net))
    assert check.passed, check
    assert "backprop (gradient in θ)" not in check.errors
    for name in ("jacobian", "hessian", "laplacian"):
        right = getattr(sn.Network, name)
        with monkeypatch.context() as wrong:
            wrong.setattr(sn.Network, name, lambda self, X, f=right: 1.01 * f(self, X))
            errors = sn.check_derivatives(net, points(5, net)).errors
        assert errors[name] == pytest.approx(0.01, rel=0.1)

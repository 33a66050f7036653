"""The record of one point holds every quantity and prints like a page of the derivation."""

import numpy as np
from networks import random_network

import slopenet as sn


def test_record_holds_the_results_of_the_network() -> None:
    net = random_network((2, 4, 3, 2), "sigmoid")
    x, y = np.array([0.3, -0.2]), np.array([1.0, 0.0])
    record = net.derivation(x, y)
    np.testing.assert_allclose(record.H, net(x), rtol=1e-14)
    np.testing.assert_allclose(record.jacobian, net.jacobian(x), rtol=1e-12, atol=1e-16)
    assert [p.shape for p in record.partial_products] == [(4, 2), (3, 2), (2, 2)]
    assert record.cost == 0.5 * ((y - record.H) ** 2).sum()
    assert record.delta is not None
    np.testing.assert_allclose(record.delta[-1], record.D[-1] * (record.H - y))


def test_page_names_every_equation() -> None:
    net = sn.Network.random((2, 2, 3, 2), hidden="sigmoid", output="sigmoid", rng=0)
    page = str(net.derivation([0.1, 0.2], [1, 0]))
    for line in (
        "z[2] = W[2] x + b[2] =",
        "z[3] = W[3] a[2] + b[3] =",
        "a[4] = σ(z[4]) =",
        "D[3] = diag(σ'(z[3])) =",
        "∂a[4]/∂x = D[4] W[4] D[3] W[3] D[2] W[2] =",
        "C = ½ ‖y - H(x)‖² =",
        "δ[4] = σ'(z[4]) ∘ (a[4] - y) = ∂C/∂b[4] =",
        "δ[2] = σ'(z[2]) ∘ (W[3]ᵀ δ[3]) = ∂C/∂b[2] =",
        "∂C/∂W[2] = δ[2] xᵀ =",
    ):
        assert line in page, line
    assert repr(net.derivation([0.1, 0.2])).count("δ") == 0


def test_page_uses_names_and_its_numbers_are_the_networks() -> None:
    net = sn.Network.random((2, 3, 1), rng=0, input_names=["T", "p"], output_names=["rho"])
    page = str(net.derivation([700.0, 5.0]))
    assert "a[1] = x = (T = 700, p = 5)" in page
    J = net.jacobian([700.0, 5.0])
    assert f"∂rho/∂T = {J[0, 0]:.6g}" in page
    assert f"∂rho/∂p = {J[0, 1]:.6g}" in page


def test_wide_layers_are_shortened_and_the_full_page_is_whole() -> None:
    net = random_network((30, 200, 40))
    record = net.derivation(np.ones(30))
    page = str(record)
    assert page.endswith("... stands for entries left out; .page(full=True) prints them all.")
    assert len(page) < 10_000
    full = record.page(full=True)
    assert "..." not in full
    for x in (net.weights[0], net.biases[1], record.jacobian):
        assert all(f"{v:.6g}" in full for v in x.flat)


def test_a_small_page_can_be_followed_by_hand() -> None:
    """Every W, b and product is on it with six significant digits."""
    net = random_network((2, 3, 2), scale=0.01)
    record = net.derivation([0.1, 0.2], [0.0, 1.0])
    page = str(record)
    assert record.dW is not None
    arrays = [*net.weights, *net.biases, *record.z, *record.partial_products, *record.dW]
    for x in arrays:
        assert all(f"{v:.6g}" in page for v in x.flat)

"""Logarithms of wide columns: the data to learn, and the layers that they become."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from drag import mixed
from networks import random_network

import slopenet as sn
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import Scaling
from slopenet.training.quality import FitErrors
from slopenet.training.transform import REACH, Logarithm, Transform

X, y, dydx = mixed(60)
SMALL = X / [1e4, 1]  # where the inputs themselves do not saturate a network
WIDE = np.array([True, False])
INPUTS, OUTPUTS = Logarithm.of(X, WIDE), Logarithm.of(y, WIDE)
PARTS: dict[str, Transform] = {
    "inputs": Transform(INPUTS, None, ""),
    "outputs": Transform(None, OUTPUTS, ""),
    "both": Transform(INPUTS, OUTPUTS, ""),
    "positive outputs": Transform(INPUTS, Logarithm.of(np.exp(X / 1e4), ~WIDE | WIDE), ""),
}
EACH = pytest.mark.parametrize("name", PARTS)


def folded(transform: Transform, hidden: int = 6) -> tuple[sn.Network, sn.Network]:
    """A network in logarithms, and the network in the user's units that it becomes."""
    net = random_network((2, hidden, 2), "tanh", output="identity", scale=0.5)
    layers = transform.fold(net.weights, net.biases, list(net.activations))
    return net, sn.Network(*layers)


def points(transform: Transform) -> np.ndarray:
    return SMALL if transform.inputs is None else X


def test_wide_columns_become_logarithms_and_others_nearly_straight_lines() -> None:
    u = INPUTS(X)
    np.testing.assert_allclose(u[:, 0] - u[0, 0], np.log(X[:, 0] / X[0, 0]), atol=1e-13)
    assert u.mean(axis=0)[0] == pytest.approx(0, abs=1e-13)
    line = np.polynomial.Polynomial.fit(X[:, 1], u[:, 1], 1)
    assert np.abs(line(X[:, 1]) - u[:, 1]).max() < 0.02 * np.ptp(u[:, 1])
    np.testing.assert_allclose(INPUTS.inverse(u), X, rtol=1e-12)
    half = np.ptp(X[:, 1]) / 2
    beyond = X[:, 1].min() - 0.9 * (REACH - 1) * half
    assert np.isfinite(INPUTS(np.array([[1e-300, beyond], [1e300, -beyond]]))).all()


@pytest.mark.parametrize("logarithm", [INPUTS, OUTPUTS])
def test_rates_are_those_of_the_logarithm(logarithm: Logarithm) -> None:
    x = X if logarithm is INPUTS else y
    moved = logarithm(x * (1 + 1e-6)) - logarithm(x * (1 - 1e-6))
    np.testing.assert_allclose(logarithm.rate(x) * 2e-6 * x, moved, rtol=1e-6, atol=1e-14)


@EACH
def test_the_layers_compute_what_was_learned(name: str) -> None:
    transform = PARTS[name]
    X = points(transform)
    inner, net = folded(transform)
    u = X if transform.inputs is None else transform.inputs(X)
    v = inner(u)
    wanted = v if transform.outputs is None else transform.outputs.inverse(v)
    np.testing.assert_allclose(net(X), wanted, rtol=1e-11, atol=1e-11 * np.abs(wanted).max())
    layers = len(inner.weights) + (transform.inputs is not None)
    assert len(net.weights) == layers + (name in ("outputs", "both"))


@EACH
def test_slopes_and_deviations_follow_by_the_chain_rule(name: str) -> None:
    """The data of a network in the user's units are learned exactly by the network inside."""
    transform = PARTS[name]
    X = points(transform)
    inner, net = folded(transform)
    H, J = net.value_and_jacobian(X)
    rng = np.random.default_rng(0)
    v = rng.normal(size=(len(X), 3, 2))
    J = np.where(rng.uniform(size=J.shape) < 0.2, np.nan, J)
    along = np.einsum("nki,nmi->nmk", net.jacobian(X), v)
    small = 1e-4 * np.abs(H)
    data = Data(X, H, J, directions=v, dydv=along, y_std=small, dydx_std=0 * J + 1e-3)
    learned = transform.forward(data)
    h, j = inner.value_and_jacobian(learned.X)
    np.testing.assert_allclose(learned.y, h, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        learned.dydx, np.where(np.isnan(J), np.nan, j), rtol=1e-8, atol=1e-10 * np.abs(j).max()
    )
    inside = np.einsum("nki,nmi->nmk", j, learned.directions)
    np.testing.assert_allclose(learned.dydv, inside, rtol=1e-7, atol=1e-8 * np.abs(inside).max())
    if transform.outputs is not None:
        noise = transform.outputs(H + small) - transform.outputs(H)
        np.testing.assert_allclose(learned.y_std, np.abs(noise), rtol=1e-3)
    ratio = learned.dydx_std / data.dydx_std
    np.testing.assert_allclose(ratio, np.abs(learned.dydx / data.dydx), rtol=1e-8)


@EACH
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_derivative_agrees_with_the_complex_step(name: str, dtype: Any) -> None:
    _, net = folded(PARTS[name])
    net = sn.Network(net.weights, net.biases, list(net.activations), dtype=dtype)
    check = sn.check_derivatives(net, points(PARTS[name])[:20])
    assert check.passed, str(check)


@EACH
def test_derivatives_agree_with_50_digits_at_small_and_large_x(name: str) -> None:
    _, net = folded(PARTS[name])
    X = points(PARTS[name])
    low, high = X.min(axis=0), X.max(axis=0)
    for x in (low, high, low / 100 + [0, 0.1], high * 100):
        exact = oracle.evaluate(net.weights, net.biases, list(net.activations), x, second=True)
        J = net.jacobian(x)
        np.testing.assert_allclose(J, exact.da_dx[-1], rtol=1e-11, atol=0)
        hessian = net.hessian(x)
        np.testing.assert_allclose(
            hessian, exact.hessian, rtol=1e-9, atol=1e-12 * np.abs(exact.hessian).max()
        )


@EACH
def test_errors_of_rows_left_out_are_in_the_units_of_the_user(name: str) -> None:
    """Small differences in logarithms, and their relative size in y and ∂y/∂x."""
    transform = PARTS[name]
    X = points(transform)
    inner, net = folded(transform)
    other = sn.Network(
        [inner.weights[0], inner.weights[1] * (1 + 1e-5)], inner.biases, list(inner.activations)
    )
    layers = transform.fold(other.weights, other.biases, list(other.activations))
    (H, J), (H2, J2) = net.value_and_jacobian(X), sn.Network(*layers).value_and_jacobian(X)
    learned = transform.forward(Data(X, H, J))
    scaling = Scaling.of(learned, outputs=True)
    standard = scaling.standardise(learned)
    moved = scaling.standardise(transform.forward(Data(X, H2, J2)))

    def kinds(data: Data) -> np.ndarray:
        return np.concatenate([data.y[:, None], data.dydx.transpose(0, 2, 1)], axis=1)

    missed = kinds(moved) - kinds(standard)
    got = transform.left_out(missed, kinds(standard), 0.0, scaling, X)
    wanted = FitErrors.of_missed(kinds(Data(X, H2 - H, J2 - J)), kinds(Data(X, H, J)))
    np.testing.assert_allclose(got.values, wanted.values, rtol=1e-3)
    np.testing.assert_allclose(got.slopes, wanted.slopes, rtol=1e-3)
    assert transform.left_out(missed[:-1], kinds(standard), 0.0, scaling, X) is None


@EACH
def test_densities_of_given_and_of_learned_targets_differ_by_the_rates(name: str) -> None:
    """As finite differences of the learned, standardised targets say."""
    transform = PARTS[name]
    X = points(transform)
    H, J = folded(transform)[1].value_and_jacobian(X)
    J[3, 0, 0] = np.nan
    weight = np.where(np.arange(len(X)) % 2, 3.0, 1.0)
    data = Data(X, H, J, weight)
    learned = transform.forward(data)
    scaling = Scaling.of(learned, outputs=True)
    h = 1e-6

    def standard(given: Data) -> Data:
        return scaling.standardise(transform.forward(given))

    of_values = standard(Data(X, H * (1 + h))).y - standard(Data(X, H * (1 - h))).y
    of_slopes = standard(data).dydx / J
    logs = [np.log(np.abs(of_values / (2 * h * H))), np.log(np.abs(of_slopes))]
    weighted = sum(np.nansum(log.reshape(len(X), -1).T * weight) for log in logs)
    count = sum((~np.isnan(log).reshape(len(X), -1)).sum(axis=1) @ weight for log in logs)
    got = transform.log_rate(data) + scaling.log_rate(learned)
    assert got == pytest.approx(weighted / count, rel=1e-6)


def test_distances_of_the_network_from_its_process_count() -> None:
    transform = PARTS["both"]
    learned = transform.forward(Data(X, y, dydx))
    scaling = Scaling.of(learned, outputs=True)
    zeros = np.zeros((len(X), 3, 2))
    targets = zeros + 0.5
    far = transform.left_out(zeros, targets, np.full((3, 2), 1e-3), scaling, X)
    same = transform.left_out(zeros + 1e-3, targets, 0.0, scaling, X)
    np.testing.assert_allclose(far.values, same.values)
    np.testing.assert_allclose(far.slopes, same.slopes)

"""Standardisation and its folding: the network takes and gives the user's units."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import slopenet as sn
from slopenet.dataset.dataset import Data
from slopenet.dataset.scaling import Scaling, even_weights


def data(n: int = 50) -> Data:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2)) * [3.0, 1e-4] + [100.0, 5.0]
    y = np.stack([X[:, 0] ** 2, 1e6 * X[:, 1]], axis=1)
    dydx = np.zeros((n, 2, 2))
    dydx[:, 0, 0], dydx[:, 1, 1] = 2 * X[:, 0], 1e6
    return Data(X, y, dydx)


def test_standard_data_has_mean_zero_and_spread_one_and_slopes_follow_the_chain_rule() -> None:
    scaling = Scaling.of(data(), outputs=True)
    standard = scaling.standardise(data())
    np.testing.assert_allclose(standard.X.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(standard.X.std(axis=0), 1, rtol=1e-9)
    assert standard.dydx is not None
    np.testing.assert_allclose(
        standard.dydx[:, 1, 1], 1e6 * scaling.s_x[1] / scaling.s_y[1], rtol=1e-12
    )


def test_slopes_along_a_direction_follow_too() -> None:
    """ṽ moves x̃ as v moves x, and t̃ is in units of ỹ."""
    given = data()
    assert given.dydx is not None
    v = np.random.default_rng(1).normal(size=(len(given), 2, 2)) * [3.0, 1e-4]
    dydv = np.einsum("ski,smi->smk", given.dydx, v)
    scaling = Scaling.of(given, outputs=True)
    standard = scaling.standardise(replace(given, directions=v, dydv=dydv))
    assert standard.dydx is not None
    np.testing.assert_allclose(
        standard.dydv, np.einsum("ski,smi->smk", standard.dydx, standard.directions), rtol=1e-12
    )


def test_a_folded_network_is_the_standard_one_in_the_users_units() -> None:
    net = sn.Network.random((2, 5, 4, 2), rng=0)
    scaling = Scaling.of(data(), outputs=True)
    W, b = scaling.fold(list(net.weights), list(net.biases))
    folded = sn.Network(W, b, net.activations)
    X = data().X
    standard = net((X - scaling.m_x) / scaling.s_x)
    np.testing.assert_allclose(folded(X), standard * scaling.s_y + scaling.m_y, rtol=1e-9)
    J = net.jacobian((X - scaling.m_x) / scaling.s_x)
    np.testing.assert_allclose(
        folded.jacobian(X), J * scaling.s_y[:, None] / scaling.s_x, rtol=1e-8
    )


def test_one_layer_folds_both_maps_into_the_same_weights() -> None:
    net = sn.Network.random((2, 2), rng=0)
    scaling = Scaling.of(data(), outputs=True)
    W, b = scaling.fold(list(net.weights), list(net.biases))
    X = data().X
    want = net((X - scaling.m_x) / scaling.s_x) * scaling.s_y + scaling.m_y
    np.testing.assert_allclose(sn.Network(W, b, net.activations)(X), want, rtol=1e-9)


def test_slopes_carry_scale_where_the_values_are_flat() -> None:
    """sin at -π, 0, π: all values are 0 but for rounding, the slopes are -1, 1, -1."""
    X = np.linspace(-np.pi, np.pi, 3)[:, None]
    flat = Data(X, np.sin(X), np.cos(X)[:, :, None])
    scaling = Scaling.of(flat, outputs=True)
    assert scaling.s_y[0] == pytest.approx(X.std())
    assert even_weights(scaling.standardise(flat))[0][0, 0] == pytest.approx(1.0)


def test_a_constant_column_keeps_its_scale_whatever_its_size() -> None:
    X = np.array([[1e308, 5.0, 5e-324, 0.0]] * 3)
    scaling = Scaling.of(Data(X, X), outputs=True)
    np.testing.assert_array_equal(scaling.s_x, 1)
    np.testing.assert_array_equal(scaling.s_y, 1)
    np.testing.assert_array_equal(scaling.m_x, X[0])
    assert scaling.constant.all()


@pytest.mark.parametrize("size", [1e308, 1e-200])
def test_a_spread_whose_square_no_float_holds_is_named(size: float) -> None:
    x = np.array([[0.0, 0.0], [1.0, size]])
    fine = np.array([[0.0], [1.0]])
    with pytest.raises(ValueError, match=r"^X\[:, 1\] must spread by 0, or by .*: rescale it$"):
        Scaling.of(Data(x, fine), outputs=True)
    with pytest.raises(ValueError, match=r"^y\[:, 1\] must spread by 0, or by .*: rescale it$"):
        Scaling.of(Data(fine, x), outputs=False)
    with pytest.raises(
        ValueError, match=r"^dydx \* X\[:, 0\] must spread by 0, or by .*: rescale it$"
    ):
        Scaling.of(Data(fine, 0 * fine, np.full((2, 1, 1), size)), outputs=True)


def test_balance_gives_the_slopes_of_an_output_the_weight_of_its_values() -> None:
    standard = Scaling.of(data(), outputs=True).standardise(data())
    weight, _ = even_weights(standard)
    assert standard.dydx is not None
    slopes = (weight * (standard.dydx**2).mean(axis=0)).sum(axis=1)
    np.testing.assert_allclose(slopes, standard.y.var(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(weight[:, 0], weight[:, 1])


def test_unfolding_is_the_inverse_of_folding() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 3)) * [1, 1e3, 1e-3] + 5, rng.normal(size=(9, 2)) * 1e4
    scaling = Scaling.of(Data(X, y), outputs=True)
    for sizes in ((3, 2), (3, 4, 2)):
        W = [rng.normal(size=shape[::-1]) for shape in pairwise(sizes)]
        b = [rng.normal(size=n) for n in sizes[1:]]
        found = scaling.unfold(*scaling.fold(W, b))
        for got, expected in zip((*found[0], *found[1]), (*W, *b), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-9)


def test_few_known_values_do_not_set_the_scale_of_an_output() -> None:
    X = np.linspace(0, 1, 30)[:, None]
    y = np.full((30, 1), np.nan)
    y[:2] = [[0.0], [1e-2]]
    dydx = np.full((30, 1, 1), 100.0)
    few = Scaling.of(Data(X, y, dydx), outputs=True)
    np.testing.assert_allclose(few.s_y, 100 * X.std())
    whole = Scaling.of(Data(X, 100 * X, dydx), outputs=True)
    np.testing.assert_allclose(few.s_y, whole.s_y)

"""Standard deviations become weights, and unreliable numbers say nothing about scales."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slopenet.dataset.dataset import Data, Names, check_data
from slopenet.dataset.noise import Noise, reliable
from slopenet.dataset.scaling import Scaling, even_weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(9, 3)) * [1.0, 1e3, 1e-3]
Y = RNG.normal(size=(9, 2)) * [1.0, 1e4]
T = RNG.normal(size=(9, 2, 3))
Y_STD, T_STD = RNG.uniform(0.1, 3, Y.shape), RNG.uniform(0.1, 3, T.shape)
UNNAMED = Names(None, None)


def checked(y_std=None, dydx_std=None, dydx=T, **more) -> Data:
    return check_data(X, Y, dydx, names=UNNAMED, y_std=y_std, dydx_std=dydx_std, **more)


def weighed(data: Data, slope_weight: float = 1.0) -> tuple[np.ndarray, np.ndarray, Scaling]:
    """The weights of values and slopes in standard units, and these."""
    scaling = Scaling.of(data, outputs=True)
    standard = scaling.standardise(data)
    noise = Noise.of(standard)
    shared = noise.shared_weights(standard, slope_weight)[0]
    got = noise.weigh(standard)
    v = np.ones(Y.shape) if got.value_weight is None else got.value_weight
    own = 1.0 if got.slope_weight is None else got.slope_weight
    return v, np.broadcast_to(shared * own, T.shape), scaling


@pytest.mark.parametrize("counts", [None, RNG.integers(1, 5, 9)], ids=["rows", "weights"])
@pytest.mark.parametrize("slope_weight", [1.0, 0.3])
def test_weights_are_those_of_the_likelihood(slope_weight: float, counts: np.ndarray) -> None:
    """w (residual in standard units)² is the same multiple of (residual/deviation)² everywhere."""
    data = checked(Y_STD, T_STD, sample_weight=counts)
    v, weight, scaling = weighed(data, slope_weight)
    c = v * (Y_STD / scaling.s_y) ** 2
    np.testing.assert_allclose(c, c[0, 0], rtol=1e-13)
    of_slopes = weight * (T_STD * scaling.s_x / scaling.s_y[:, None]) ** 2
    np.testing.assert_allclose(of_slopes, slope_weight * c[0, 0], rtol=1e-13)
    assert np.average(v.mean(axis=1), weights=counts) == pytest.approx(1, rel=1e-13)


def test_slopes_keep_their_share_where_only_deviations_of_values_are_known() -> None:
    data = checked(Y_STD)
    v, weight, scaling = weighed(data)
    even = even_weights(scaling.standardise(data))[0]
    np.testing.assert_allclose(weight, (even * v.mean(axis=0)[:, None])[None].repeat(9, 0))


def test_slopes_keep_their_share_where_only_their_own_deviations_are_known() -> None:
    data = checked(None, T_STD)
    v, weight, scaling = weighed(data)
    np.testing.assert_array_equal(v, np.ones(Y.shape))
    relative = weight * (T_STD * scaling.s_x) ** 2
    for k in range(2):
        np.testing.assert_allclose(relative[:, k], relative[0, k, 0], rtol=1e-13)
    even = even_weights(scaling.standardise(data))[0]
    np.testing.assert_allclose(weight.mean(axis=(0, 2)), even.mean(axis=1), rtol=1e-13)


def test_weights_of_each_slope_multiply_those_of_their_deviations() -> None:
    own = RNG.uniform(0, 2, T.shape)
    plain = weighed(checked(Y_STD, T_STD))[1]
    both = weighed(checked(Y_STD, T_STD, slope_weight=own))[1]
    np.testing.assert_allclose(both, own * plain, rtol=1e-13)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_only_ratios_of_deviations_count(size: float) -> None:
    one, other = weighed(checked(Y_STD, T_STD)), weighed(checked(size * Y_STD, size * T_STD))
    for a, b in zip(one[:2], other[:2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_one_deviation_for_all_is_as_if_there_were_none() -> None:
    v, weight, _ = weighed(check_data(X, Y[:, 0], T[:, 0], names=UNNAMED, y_std=0.3))
    plain = weighed(check_data(X, Y[:, 0], T[:, 0], names=UNNAMED))
    np.testing.assert_array_equal(v, np.ones((9, 1)))
    np.testing.assert_array_equal(weight, plain[1])


def test_an_infinite_deviation_makes_a_value_or_slope_missing() -> None:
    y, y_std, dydx, dydx_std = Y.copy(), Y_STD.copy(), T.copy(), T_STD.copy()
    y[1, 0], y_std[1, 0], dydx_std[2, 1, 0], dydx[3, 0, 0] = np.nan, np.inf, np.inf, np.nan
    dydx_std[3, 0, 0] = np.nan  # the deviation of a missing slope may be missing
    data = check_data(X, y, dydx, names=UNNAMED, y_std=y_std, dydx_std=dydx_std)
    assert np.argwhere(np.isnan(data.y)).tolist() == [[1, 0]]
    assert data.dydx is not None
    assert np.argwhere(np.isnan(data.dydx)).tolist() == [[2, 1, 0], [3, 0, 0]]
    v, weight, _ = weighed(data)
    assert np.argwhere(v == 0).tolist() == [[1, 0]]
    assert np.argwhere(weight == 0).tolist() == [[2, 1, 0], [3, 0, 0]]
    assert np.isfinite(v).all()
    assert v.sum() == pytest.approx(17, rel=1e-13)  # a mean of 1 over the known ones


def test_slopes_that_are_all_unknown_are_none() -> None:
    assert checked(None, np.inf).dydx is None
    assert checked(None, np.inf).dydx_std is None


def test_much_noisier_numbers_say_nothing_about_scales() -> None:
    y_std, dydx_std = np.full(Y.shape, 0.1), np.full(T.shape, 0.1)
    y_std[4, 1], dydx_std[5, 0, 2] = 0.31, 0.31
    data = reliable(checked(y_std, dydx_std))
    assert np.argwhere(np.isnan(data.y)).tolist() == [[4, 1]]
    assert np.argwhere(np.isnan(data.dydx)).tolist() == [[5, 0, 2]]
    plain = checked()
    assert reliable(plain).y is plain.y


def test_outliers_say_nothing_about_scales_if_they_are_not_to() -> None:
    y, dydx = Y.copy(), T.copy()
    y[4, 1], dydx[5, 0, 2], dydx[6, 1, 1] = 1e6, -1e3, np.nan
    data = Data(X, y, dydx)
    kept, left = reliable(data), reliable(data, outliers=False)
    assert kept.y is data.y
    assert np.argwhere(np.isnan(left.y)).tolist() == [[4, 1]]
    assert np.argwhere(np.isnan(left.dydx)).tolist() == [[5, 0, 2], [6, 1, 1]]
    assert Scaling.of(left, outputs=True).s_y[1] < 3e4 < Scaling.of(kept, outputs=True).s_y[1]
    same = replace(data, y=np.append(np.zeros((8, 2)), np.ones((1, 2)), axis=0))
    np.testing.assert_array_equal(reliable(same, outliers=False).y, same.y)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y_std": [1, 2, 3]}, r"^y_std must have shape \(9, 2\) or \(2,\) or \(\), got \(3,\)$"),
        ({"y_std": -1}, "^y_std is -1.0; a deviation is positive, or inf if unknown$"),
        (
            {"y_std": np.inf, "dydx": None},
            r"^y\[:, 0\] has neither a known value nor a known slope$",
        ),
        ({"dydx_std": np.zeros(T.shape)}, r"^dydx_std\[0, 0, 0\] is 0\.0; a deviation"),
        ({"dydx_std": [1.0] * 3}, r"^dydx_std must have shape \(9, 2, 3\) or \(2, 3\) or \(\)"),
        ({"dydx_std": 1.0, "dydx": None}, "^dydx_std must be left out without dydx$"),
    ],
)
def test_wrong_deviations_are_named(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked(**given)


def test_the_deviation_of_an_unknown_value_is_infinite() -> None:
    data = check_data(X, np.where(Y > 0, Y, np.nan), T, names=UNNAMED, y_std=1.0)
    np.testing.assert_array_equal(data.y_std, np.where(Y > 0, 1.0, np.inf))


def test_unknown_values_do_not_take_weight_from_slopes() -> None:
    y = Y.copy()
    y[3:, 0] = np.nan
    data = check_data(X, y, T, names=UNNAMED, y_std=1.0)
    np.testing.assert_allclose(Noise.of(data).share, 1.0)


def test_an_unknown_value_has_no_weight() -> None:
    data = check_data(X, np.where(Y > 0, Y, np.nan), T, names=UNNAMED)
    np.testing.assert_array_equal(Noise.of(data).weigh(data).value_weight, Y > 0)


def test_columns_of_data_frames_are_found_by_name() -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    names = Names(("a", "b", "c"), ("u", "w"))
    labels = [f"d{k}/d{i}" for k in "uw" for i in "abc"]
    y_std = pd.DataFrame(Y_STD, columns=["u", "w"])[["w", "u"]]
    dydx_std = pd.DataFrame(T_STD.reshape(9, 6), columns=labels)[labels[::-1]]
    data = check_data(X, Y, T, names=names, y_std=y_std, dydx_std=dydx_std)
    np.testing.assert_array_equal(data.y_std, Y_STD)
    np.testing.assert_array_equal(data.dydx_std, T_STD)


def test_deviations_are_scaled_like_their_values_and_slopes() -> None:
    data = replace(checked(Y_STD, T_STD), y=Y_STD, dydx=T_STD)
    scaling = replace(Scaling.of(checked(), outputs=True), m_y=np.zeros(2))
    standard = scaling.standardise(data)
    np.testing.assert_array_equal(standard.y_std, standard.y)
    np.testing.assert_array_equal(standard.dydx_std, standard.dydx)

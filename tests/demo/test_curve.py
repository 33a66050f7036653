"""The picture of a curve shows what slopes are worth, with the truth and exact tangents."""

import numpy as np
import pytest

from slopenet.demo import curve


@pytest.fixture(scope="module")
def networks():
    return curve.fits()


def test_the_slope_is_the_derivative_of_the_function():
    x, h = np.linspace(curve.START, curve.END, 50), 1e-20
    np.testing.assert_allclose(curve.slope(x), curve.function(x + 1j * h).imag / h, rtol=1e-12)


def test_both_fits_have_the_six_values_and_only_one_is_right_in_between(networks):
    x = np.linspace(curve.START, curve.END, curve.ROWS)
    for network in networks:
        np.testing.assert_allclose(network(x[:, None])[:, 0], curve.function(x), atol=1e-2)
    without, with_slopes = map(curve.relative_error, networks)
    assert with_slopes < 0.05 < 0.5 < without


def test_each_panel_has_the_truth_the_network_its_tangents_and_the_data(networks, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(curve, "fits", lambda: networks)
    figure = curve.picture()
    points = np.linspace(curve.START, curve.END, curve.ROWS)
    for ax, network in zip(figure.axes, networks, strict=True):
        truth, fitted, *tangents, data = (line.get_xydata() for line in ax.lines)
        np.testing.assert_array_equal(truth[:, 1], curve.function(truth[:, 0]))
        np.testing.assert_array_equal(fitted[:, 1], network(fitted[:, :1])[:, 0])
        np.testing.assert_array_equal(data, np.stack([points, curve.function(points)], axis=1))
        slopes = [(high - low) / (right - left) for (left, low), (right, high) in tangents]
        np.testing.assert_allclose(slopes, network.jacobian(points[:, None])[:, 0, 0], rtol=1e-9)
        (error,) = ax.texts
        assert error.get_text().startswith("RMS error ")

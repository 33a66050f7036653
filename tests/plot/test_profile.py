"""A profile shows each output along each input, its exact tangent, ranges and data."""

import io

import numpy as np
import pytest
from networks import random_network

import slopenet as sn
from slopenet.plot import profile
from slopenet.plot._figure import BLUE, MOST, ORANGE
from slopenet.plot._line import POINTS
from slopenet.plot._point import MOST_ROWS

pytest.importorskip("matplotlib")

INPUTS, OUTPUTS = ["T [K]", "p [MPa]"], ["rho [kg/m3]", "h"]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.uniform([600, 1], [900, 10], (80, 2))
    T, p = X.T
    y = np.stack([p / T, T], axis=1)
    dydx = np.stack([np.stack([-p / T**2, 1 / T], 1), np.tile([1.0, 0.0], (80, 1))], axis=1)
    return X, y, dydx


@pytest.fixture(scope="module")
def fitted(data):
    names = {"input_names": INPUTS, "output_names": OUTPUTS}
    return sn.fit(*data, hidden=(4,), epochs=20, restarts=2, rng=0, **names)


def lines(ax, colour):
    return [line for line in ax.lines if line.get_color() == colour]


def drawn(figure):
    """Draw the figure, so that every text is laid out; a missing glyph is a warning."""
    figure.savefig(io.BytesIO(), format="png")
    return figure


def test_curves_go_through_the_point_and_tangents_have_the_slope_of_the_network(fitted):
    net, x = fitted.network, np.array([700.0, 5.0])
    figure = profile(net, {"T": 700, "p [MPa]": 5})
    H, J = net.value_and_jacobian(x)
    axes = np.reshape(figure.axes, (2, 2))
    for k in range(2):
        for i in range(2):
            tangent, dot = lines(axes[k, i], ORANGE)
            (left, low), (right, high) = tangent.get_xydata()
            assert (high - low) / (right - left) == pytest.approx(J[k, i], rel=1e-9)
            np.testing.assert_allclose(dot.get_xydata(), [[x[i], H[k]]])
            curve = lines(axes[k, i], BLUE)[0].get_xydata()
            points = np.tile(x, (len(curve), 1))
            points[:, i] = curve[:, 0]
            np.testing.assert_array_equal(curve[:, 1], net(points)[:, k])
            assert x[i] in curve[:, 0]
    number = f"{J[0, 0]:.4g}".replace("-", "−")
    assert axes[0, 0].get_title(loc="left") == f"drho/dT = {number} kg/m3/K"
    assert [ax.get_xlabel() for ax in axes[1]] == INPUTS
    assert [ax.get_ylabel() for ax in axes[:, 0]] == OUTPUTS
    assert figure.legends[0].get_title().get_text() == "At T = 700 K, p = 5 MPa"
    drawn(figure)


def test_the_range_of_the_training_data_is_shaded_and_the_curve_is_broken_beyond(fitted):
    known = fitted.network.card.inputs[0]
    ax = profile(fitted.network).axes[0]
    spans = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
    quantiles = (known.quantiles[0], known.quantiles[-1])
    np.testing.assert_allclose(spans, [(known.minimum, known.maximum), quantiles])
    inside, below, above = lines(ax, BLUE)
    assert inside.get_linestyle() == "-"
    assert below.get_linestyle() == above.get_linestyle() == "--"
    assert inside.get_xdata()[[0, -1]].tolist() == [known.minimum, known.maximum]
    assert below.get_xdata()[-1] == known.minimum
    assert above.get_xdata()[0] == known.maximum
    ends = ax.get_xlim()
    assert ends[0] < known.minimum
    assert ends[1] > known.maximum
    assert len(inside.get_xdata()) > 0.8 * POINTS


def test_the_default_point_has_the_medians(fitted):
    medians = [each.quantiles[2] for each in fitted.network.card.inputs]
    for at, expected in (
        (None, medians),
        ({}, medians),
        ({"p": 3}, [medians[0], 3]),
        ([700, 3], [700, 3]),
    ):
        axes = profile(fitted.network, at, outputs=["h"]).axes
        assert [lines(ax, ORANGE)[1].get_xdata()[0] for ax in axes] == expected


def test_a_point_outside_of_the_ranges_is_on_the_axis(fitted):
    ax = profile(fitted.network, {"T": 2000}).axes[0]
    assert ax.get_xlim()[1] > 2000


def test_rows_near_the_line_are_drawn_with_their_slopes(fitted, data):
    X, y, dydx = data
    figure = profile(fitted.network, {"T": 700, "p": 5}, data=data, inputs=["T"], outputs=["rho"])
    points, slopes = figure.axes[0].collections
    p_range = fitted.network.card.inputs[1]
    away = np.abs(X[:, 1] - 5) / (p_range.maximum - p_range.minimum)
    rows = np.argsort(away)[:MOST_ROWS]
    rows = rows[away[rows] <= 0.25]
    assert len(rows) > 5
    np.testing.assert_array_equal(points.get_offsets(), np.stack([X[rows, 0], y[rows, 0]], 1))
    assert (np.diff(points.get_facecolors()[:, 3]) <= 0).all()
    for row, segment in zip(rows, slopes.get_segments(), strict=True):
        (left, low), (right, high) = segment
        assert (high - low) / (right - left) == pytest.approx(dydx[row, 0, 0])
    figure = profile(fitted.network, data=data[:2])
    assert all(len(ax.collections) == 1 for ax in figure.axes)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "data nearby" in words


def test_data_may_be_a_frame(fitted, data):
    pd = pytest.importorskip("pandas")
    X, y, dydx = data
    table = np.column_stack([X, y, dydx.reshape(-1, 4)])
    slopes = ["drho/dT [kg/m3/K]", "drho/dp [kg/m3/MPa]", "dh/dT", "dh/dp"]
    frame = pd.DataFrame(table, columns=[*INPUTS, *OUTPUTS, *slopes])
    axes = profile(fitted.network, data=frame).axes
    assert all(len(ax.collections) == 2 for ax in axes)
    axes = profile(fitted.network, data=frame[[*INPUTS, *OUTPUTS]]).axes
    assert all(len(ax.collections) == 1 for ax in axes)


def test_an_ensemble_has_a_band(fitted):
    figure = profile(fitted.ensemble, {"T": 700, "p": 5})
    (band,) = figure.axes[0].collections
    line = lines(figure.axes[0], BLUE)[0].get_xydata()
    spread = fitted.ensemble.spread([line[3, 0], 5.0])[0]
    edges = band.get_paths()[0].vertices
    heights = np.unique(edges[np.isclose(edges[:, 0], line[3, 0], rtol=1e-12), 1])
    np.testing.assert_allclose(heights, [line[3, 1] - spread, line[3, 1] + spread])


def test_a_network_without_a_card_takes_the_ranges_of_the_data(fitted, data):
    net = fitted.network.with_card(None)
    figure = profile(net, data=data)
    (x, *_), *_ = [lines(ax, ORANGE)[1].get_xdata() for ax in figure.axes]
    assert x == np.median(data[0][:, 0])
    assert "data" in [text.get_text() for text in figure.legends[0].get_texts()]
    with pytest.raises(ValueError, match=r"does not know its training data.* give data"):
        profile(net)


def test_many_inputs_are_cut_or_chosen():
    rng = np.random.default_rng(0)
    net = random_network((9, 3, 8))
    data = rng.normal(size=(20, 9)), rng.normal(size=(20, 8))
    assert len(profile(net, data=data).axes) == MOST**2
    figure = profile(net, data=data, inputs=["x9", 0, -2], outputs=[7])
    assert [ax.get_xlabel() for ax in figure.axes] == ["x9", "x1", "x8"]
    assert "and 3 more" in figure.legends[0].get_title().get_text()


def test_a_constant_input_has_an_axis(data):
    X = data[0].copy()
    X[:, 1] = 5.0
    net = random_network((2, 3, 1))
    ends = profile(net, data=(X, data[1][:, 0])).axes[1].get_xlim()
    assert ends[0] < 5 < ends[1]


def test_names_of_any_kind_are_drawn_as_text():
    names = ["$x_1$ [a$b]", "red\x1b[31m", "q\u202ebackwards", "n" * 200, "\\frac{", "[bold]"]
    net = sn.Network([np.ones((2, 6))], [np.zeros(2)], "tanh", input_names=names)
    X = np.random.default_rng(0).normal(size=(9, 6))
    figure = drawn(profile(net, data=(X, net(X)), outputs=[0]))
    seen = [ax.get_xlabel() for ax in figure.axes]
    assert seen[:3] == ["$x_1$ [a$b]", "red\\x1b[31m", "q\\u202ebackwards"]
    assert len(seen[3]) <= 40


def test_what_does_not_fit_is_refused(fitted, data):
    net = fitted.network
    for wrong, message in (
        ({"at": {"cp": 1}}, r"each name of at must be one of T \[K\], p \[MPa\], or an index"),
        ({"at": [1, 2, 3]}, r"at must have shape \(N, 2\) or \(2,\), got \(3,\)"),
        ({"at": [[700, 5]]}, r"at must be one point \(2,\), got \(1, 2\)"),
        ({"at": [np.nan, 5]}, "at"),
        ({"inputs": ["q"]}, r"each of inputs must be one of T \[K\], p"),
        ({"outputs": "rho"}, "outputs must be a sequence of names or indices, got 'rho'"),
        ({"data": data[:1]}, r"data must be a data frame, \(X, y\) or \(X, y, dydx\)"),
        ({"data": (data[0][:, :1], data[1])}, "must have"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            profile(net, **wrong)

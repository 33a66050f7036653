"""Plots show the numbers they are given and leave everything else of matplotlib alone."""

import io
import subprocess
import sys

import numpy as np
import pytest

import slopenet as sn
from slopenet.plot import Panel, learning_curve, parity, parity_grid, parity_of, parity_of_all

matplotlib = pytest.importorskip("matplotlib")

TRUE = np.array([0.0, 1.0, 3.0])
PREDICTED = np.array([[0.1, 0.0], [1.1, 1.0], [2.9, 3.0]])


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def test_parity_draws_each_prediction_against_the_truth_and_the_diagonal():
    ax = parity(TRUE, PREDICTED, labels=["rough", "exact"])
    for column, points in zip(PREDICTED.T, ax.collections, strict=True):
        np.testing.assert_array_equal(points.get_offsets(), np.stack([TRUE, column], axis=1))
    (diagonal,) = ax.lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [3, 3]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rough", "exact"]
    assert png(ax.figure).startswith(b"\x89PNG")


def test_parity_draws_into_the_axes_it_is_given_and_returns_them():
    ax = matplotlib.figure.Figure().subplots()
    assert parity(TRUE, PREDICTED[:, 0], ax=ax) is ax
    assert len(ax.collections) == 1
    assert ax.get_legend() is None


@pytest.mark.parametrize(
    ("true", "predicted", "labels"),
    [
        (TRUE, PREDICTED[:2], None),
        (TRUE[:, None], PREDICTED, None),
        (TRUE, PREDICTED[None], None),
        (TRUE, PREDICTED, ["one name for two"]),
    ],
)
def test_parity_refuses_shapes_and_labels_that_do_not_agree(true, predicted, labels):
    with pytest.raises(ValueError, match=r"must have the shape|do not name"):
        parity(true, predicted, labels=labels)


def test_a_grid_has_one_titled_plot_a_panel_with_its_errors_and_one_legend():
    panels = [
        [Panel(f"{row}{column}", TRUE, PREDICTED, [0.5, 0.01]) for column in "abc"] for row in "xy"
    ]
    figure = parity_grid(panels, ["rough", "exact"], "All of it")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["xa", "xb", "xc", "ya", "yb", "yc"]
    assert all({t.get_text() for t in ax.texts} == {"50 %", "1 %"} for ax in figure.axes)
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "All of it"
    assert [text.get_text() for text in legend.get_texts()] == ["rough", "exact"]
    assert png(figure).startswith(b"\x89PNG")


def test_a_learning_curve_shows_errors_and_marks_the_epoch_that_the_validation_cost_chose():
    ax = learning_curve(
        {
            "epoch": [1, 2, 3],
            "cost": [1.0, 10.0, 0.1],
            "validation": [1.0, 0.1, 0.2],
            "values": [0.5, 0.2, 0.1],
            "slopes": [0.6, 0.3, 0.2],
            "validation_values": [0.7, 0.4, 0.3],
            "validation_slopes": [0.8, 0.5, 0.4],
        }
    )
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["values", "slopes", "values, held out", "slopes, held out", "best, epoch 2"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, 0.2, 0.1])
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), [[2, 0.4]])
    assert ax.get_ylabel() == "RMS error, relative"


def test_a_learning_curve_has_the_costs_on_a_logarithmic_axis_and_marks_the_best():
    cost, held_out = [1.0, 0.1, 0.0, 0.01], [2, 0.2, 0.3, 0.4]
    ax = learning_curve({"epoch": [1, 2, 3, 4], "cost": cost, "validation": held_out})
    assert ax.get_yscale() == "log"
    training, validation, best = ax.lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 1], [2, 0.1], [3, np.nan], [4, 0.01]])
    np.testing.assert_array_equal(validation.get_ydata(), held_out)
    np.testing.assert_array_equal(best.get_xydata(), [[2, 0.2]])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["training", "validation", "best, epoch 2"]
    assert png(ax.figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("cost", [[0.5], [0.0], [np.nan]])
def test_a_learning_curve_of_one_epoch_without_validation_needs_no_legend(cost):
    ax = matplotlib.figure.Figure().subplots()
    assert learning_curve({"epoch": [1], "cost": cost, "validation": cost}, ax=ax) is ax
    ax = learning_curve({"epoch": [1], "cost": cost})
    assert len(ax.lines) == 1
    assert ax.get_legend() is None
    assert png(ax.figure).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "history",
    [{}, {"epoch": [], "cost": []}, {"epoch": [1, 2], "cost": [1.0]}, {"cost": [1.0]}],
)
def test_a_learning_curve_refuses_a_history_that_is_none(history):
    with pytest.raises(ValueError, match=r"must have lists of equal lengths, got \d of epoch"):
        learning_curve(history)


@pytest.fixture
def known():
    """A network with names, and data that it misses by a little."""
    rng = np.random.default_rng(0)
    net = sn.Network.random((2, 5, 2), rng=rng, input_names=("T", "p"), output_names=("rho", "h"))
    X = rng.normal(size=(50, 2))
    H, J = net.value_and_jacobian(X)
    return net, X, H + 0.1 * H.std(axis=0) * rng.choice([-1, 1], H.shape), J


def test_parity_of_a_network_draws_values_by_name_or_place(known):
    net, X, y, dydx = known
    for output in ("h", 1, -1, np.int64(-1)):
        ax = parity_of(net, X, y, output=output)
        assert ax.get_title(loc="left") == "h"
        (points,) = ax.collections
        np.testing.assert_array_equal(
            points.get_offsets(), np.stack([y[:, 1], net(X)[:, 1]], axis=1)
        )
        (error,) = ax.texts
        assert error.get_text() == "RMS error 9.9 %"
    ax = matplotlib.figure.Figure().subplots()
    assert parity_of(net, X, y, dydx, ax=ax) is ax


def test_parity_of_a_network_draws_the_slopes_that_are_known(known):
    net, X, y, dydx = known
    dydx[::2, 0, 1] = np.nan
    ax = parity_of(net, X, y, 1.25 * dydx, output="rho", input="p")
    assert ax.get_title(loc="left") == "drho/dp"
    (points,) = ax.collections
    true, predicted = points.get_offsets().T
    np.testing.assert_array_equal(true, 1.25 * dydx[1::2, 0, 1])
    np.testing.assert_allclose(predicted, dydx[1::2, 0, 1])
    assert ax.texts[0].get_text() == "RMS error 20 %"


def test_parity_of_a_network_refuses_unknown_names_and_slopes(known):
    net, X, y, dydx = known
    with pytest.raises(
        ValueError, match=r"output must be one of rho, h, or an index from -2 to 1, got 'cp'"
    ):
        parity_of(net, X, y, output="cp")
    with pytest.raises(
        ValueError, match=r"input must be one of T, p, or an index from -2 to 1, got 2"
    ):
        parity_of(net, X, y, dydx, input=2)
    with pytest.raises(ValueError, match="dydx has no drho/dT to compare with"):
        parity_of(net, X, y, input="T")
    with pytest.raises(ValueError, match="X and y must have 2 and 2 columns, got 3 and 2"):
        parity_of(net, np.ones((50, 3)), y)


def test_plotting_changes_no_style_and_touches_no_pyplot():
    """Neither rcParams, nor the backend, nor pyplot's list of figures is changed."""
    code = (
        "import matplotlib, sys\n"
        "def style(): return {k: v for k, v in matplotlib.rcParams.copy().items()"
        " if k != 'backend'}\n"
        "before = style()\n"
        "from slopenet.plot import Panel, learning_curve, parity, parity_grid\n"
        "parity([0, 1], [0, 1])\n"
        "import numpy as np\n"
        "learning_curve({'epoch': [1, 2], 'cost': [1.0, 0.5]})\n"
        "parity_grid([[Panel('t', np.arange(2.), np.ones((2, 1)), [1.])]], ['a'], 'b')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert style() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'slopenet\[plot\]'"):
        parity(TRUE, TRUE)


def test_the_diagonal_covers_the_training_data_too():
    (diagonal,) = parity(TRUE, TRUE, known=(-1.0, 2.0)).lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[-1, -1], [3, 3]])
    (diagonal,) = parity(TRUE, TRUE, known=(np.nan, np.nan)).lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [3, 3]])


def test_parity_of_a_fit_covers_its_training_data():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (30, 1))
    net = sn.fit(X, 2 * X, np.full((30, 1, 1), 2.0), hidden=2, epochs=5, restarts=1).network
    known = net.card.outputs[0]
    for ax in (
        parity_of(net, X[:3], 2 * X[:3]),
        parity_of_all(net, X[:3], 2 * X[:3]).axes[0],
    ):
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), [known.minimum, known.maximum])
    ax = parity_of(net, X[:3], 2 * X[:3], np.full((3, 1, 1), 2.0), input=0)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [2, 2])


def test_parity_of_all_has_a_row_per_output_with_its_value_and_slopes(known):
    net, X, y, dydx = known
    figure = parity_of_all(net, X, y, dydx)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["rho", "drho/dT", "drho/dp", "h", "dh/dT", "dh/dp"]
    for ax, k, i in ((figure.axes[1], 0, 0), (figure.axes[5], 1, 1)):
        offsets = np.asarray(ax.collections[0].get_offsets())
        np.testing.assert_array_equal(offsets[:, 0], dydx[:, k, i])
        np.testing.assert_array_equal(offsets[:, 1], net.jacobian(X)[:, k, i])
    figure = parity_of_all(net, X, y, outputs=["h"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["h"]
    assert "50 rows" in " ".join(figure.legends[0].get_title().get_text().split())
    dydx[:, 1, 0] = np.nan
    figure = parity_of_all(net, X, y, dydx, inputs=["T"])
    assert [ax.axison for ax in figure.axes] == [True, True, True, False]

"""Plots show the numbers they are given and leave everything else of matplotlib alone."""

import io
import subprocess
import sys

import numpy as np
import pytest

from slopenet.plot import Panel, parity, parity_grid

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


def test_plotting_changes_no_style_and_touches_no_pyplot():
    """Neither rcParams, nor the backend, nor pyplot's list of figures is changed."""
    code = (
        "import matplotlib, sys\n"
        "def style(): return {k: v for k, v in matplotlib.rcParams.copy().items()"
        " if k != 'backend'}\n"
        "before = style()\n"
        "from slopenet.plot import Panel, parity, parity_grid\n"
        "parity([0, 1], [0, 1])\n"
        "import numpy as np\n"
        "parity_grid([[Panel('t', np.arange(2.), np.ones((2, 1)), [1.])]], ['a'], 'b')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert style() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'slopenet\[demo\]'"):
        parity(TRUE, TRUE)

"""A picture shows itself at the end of a cell, once; a script opens no window."""

import subprocess
import sys

import numpy as np
import pytest
from networks import random_network

from slopenet.plot import Panel, learning_curve, parity, parity_grid, parity_of, profile

matplotlib = pytest.importorskip("matplotlib")

X = np.random.default_rng(0).normal(size=(9, 2))
NET = random_network((2, 3, 1))
TRUE = np.arange(3.0)
PICTURES = {
    "parity": lambda: parity(TRUE, TRUE),
    "parity_of": lambda: parity_of(NET, X, NET(X)),
    "parity_grid": lambda: parity_grid([[Panel("t", TRUE, TRUE[:, None], [0.0])]], ["a"], "b"),
    "learning_curve": lambda: learning_curve({"epoch": [1, 2], "cost": [1.0, 0.5]}),
    "profile": lambda: profile(NET, data=(X, NET(X))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_plot_is_a_png_of_its_size_on_the_page(name):
    shown = PICTURES[name]()
    data, size = shown._repr_png_()
    assert data.startswith(b"\x89PNG")
    pixels = [int.from_bytes(data[at : at + 4]) for at in (16, 20)]
    figure = getattr(shown, "figure", None) or shown
    inches = figure.get_size_inches()
    np.testing.assert_allclose([size["width"], size["height"]], 96 * inches, atol=1)
    np.testing.assert_allclose(pixels, 200 * inches, atol=1)


def test_axes_of_the_user_are_returned_as_they_are():
    ax = matplotlib.figure.Figure().subplots()
    assert parity(TRUE, TRUE, ax=ax) is ax
    assert not hasattr(ax, "_repr_png_")


def test_a_script_opens_no_window_and_registers_no_figure():
    code = (
        "import sys, numpy as np, matplotlib\n"
        "from slopenet.plot import parity, learning_curve\n"
        "parity([0, 1], [0, 1])._repr_png_()\n"
        "learning_curve({'epoch': [1, 2], 'cost': [1.0, 0.5]})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

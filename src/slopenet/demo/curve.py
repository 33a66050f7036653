"""A picture of what slopes are worth: two sines from six points, with and without slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import slopenet as sn
from slopenet.plot._figure import BLUE, INK, MUTED, ORANGE, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from slopenet import Network
    from slopenet._types import Floats

START, END, ROWS, SEED = 2.7, 7.5, 6, 0
# The same for both fits; l2 is small, because the data have no noise.
SETTINGS: dict[str, Any] = {"hidden": (16,), "l2": 1e-6, "rng": SEED}
# Half the length of a tangent on the page, in the widths and heights of the axes.
_TANGENT = 0.055


def function(x: Floats) -> Floats:
    """Return sin(x) + sin(10 x / 3)."""
    return np.sin(x) + np.sin(10 * x / 3)


def slope(x: Floats) -> Floats:
    """Return the derivative of the function."""
    return np.cos(x) + 10 / 3 * np.cos(10 * x / 3)


def fits() -> tuple[Network, Network]:
    """Return a network fitted to the values of six points, and one to values and slopes."""
    X = np.linspace(START, END, ROWS)[:, None]
    without = sn.fit(X, function(X), **SETTINGS)
    return without.network, sn.fit(X, function(X), slope(X), **SETTINGS).network


def relative_error(network: Network) -> float:
    """Return the RMS error on the whole interval over the standard deviation of the function."""
    x = np.linspace(START, END, 401)
    missed = network(x[:, None])[:, 0] - function(x)
    return float(np.sqrt(np.mean(missed**2)) / np.std(function(x)))


def picture() -> Figure:
    """Draw the truth, both fits and their tangents at the six points.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    figure = new_figure(9.6, 3.7)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = f"{ROWS} values", f"{ROWS} values and {ROWS} slopes"
    for ax, network, colour, title in zip(axes, fits(), (ORANGE, BLUE), titles, strict=True):
        _panel(ax, network, colour)
        dress(ax)
        ax.set_title(
            f"Network fitted to {title}", loc="left", fontsize=12, fontweight="bold", color=colour
        )
        ax.set_xlabel("x")
        ax.text(
            *(0.03, 0.05, f"RMS error {_percent(relative_error(network))}"),
            transform=ax.transAxes,
            fontsize=11,
            color=colour,
        )
    axes[0].set_ylabel("y")
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=10)
    return figure


def _panel(ax: Axes, network: Network, colour: str) -> None:
    x, points = np.linspace(START, END, 401), np.linspace(START, END, ROWS)
    ax.set_xlim(START - 0.25, END + 0.25)
    ax.set_ylim(-2.7, 1.6)
    truth = function(x)
    ax.plot(x, truth, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), label="truth")
    ax.plot(x, network(x[:, None])[:, 0], color=colour, linewidth=2.2)
    H, J = network.value_and_jacobian(points[:, None])
    width, height = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    for i, (t, y, m) in enumerate(zip(points, H[:, 0], J[:, 0, 0], strict=True)):
        step = _TANGENT * width / np.hypot(1, m * width / height)
        label = "exact tangents of the network" if i == 0 else None
        ax.plot(
            [t - step, t + step],
            [y - m * step, y + m * step],
            color=INK,
            linewidth=1.8,
            label=label,
        )
    ax.plot(
        points, function(points), color=INK, marker="o", markersize=6, linestyle="", label="data"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share > 0.01 else f"{100 * share:.1g} %"

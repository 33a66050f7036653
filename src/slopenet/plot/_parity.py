"""Parity plots: predicted against true; a correct prediction lies on the diagonal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slopenet.plot._figure import BLUE, GREEN, INK, ORANGE, dress, new_axes, new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

SERIES = ((ORANGE, 20.0, 0.45), (BLUE, 9.0, 0.8), (GREEN, 9.0, 0.8))


class Panel(NamedTuple):
    """One parity plot of a grid: true values (N,), predictions (N, k), their k relative errors.

    `known` as in `parity`. A panel without values is left empty.
    """

    title: str
    true: NDArray[np.float64]
    predicted: NDArray[np.float64]
    errors: Sequence[float]
    known: tuple[float, float] | None = None


def parity(
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
    known: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot predictions of a quantity against its true values.

    Parameters
    ----------
    true : (N,)
        True values.
    predicted : (N,) or (N, k)
        Predictions, one column per model; later columns are drawn over earlier ones.
    labels : sequence of k str, optional
        Names of the models for a legend.
    known : (float, float), optional
        The range of the quantity in the training data; the diagonal covers it too.
    ax : Axes, optional
        Axes to draw in. By default a new figure is made, outside of pyplot: a notebook shows it,
        and ``ax.figure.savefig`` writes it.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the lengths differ.
    ImportError
        If matplotlib is not installed.
    """
    true, predicted = np.asarray(true, float), np.asarray(predicted, float)
    columns = predicted[:, None] if predicted.ndim == 1 else predicted
    if true.ndim != 1 or columns.ndim != 2 or len(columns) != len(true):
        raise ValueError(
            "true must have the shape (N,) and predicted (N,) or (N, k), not"
            f" {true.shape} and {predicted.shape}"
        )
    if labels is not None and len(labels) != columns.shape[1]:
        raise ValueError(f"{len(labels)} labels do not name {columns.shape[1]} predictions")
    if ax is None:
        ax = new_axes(4.5, 4.2)
    for k, column in enumerate(columns.T):
        colour, size, alpha = SERIES[min(k, len(SERIES) - 1) if columns.shape[1] > 1 else 1]
        ax.scatter(
            *(true, column),
            s=size,
            color=colour,
            alpha=alpha,
            linewidths=0,
            label=None if labels is None else labels[k],
        )
    ends = [np.nanmin([true.min(), *(known or ())]), np.nanmax([true.max(), *(known or ())])]
    ax.plot(ends, ends, color=INK, linewidth=0.8, zorder=3)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    if labels is not None:
        ax.legend(frameon=False, markerscale=1.5)
    return ax


def parity_grid(panels: Sequence[Sequence[Panel]], labels: Sequence[str], title: str) -> Figure:
    """Draw rows of parity plots, each with its errors, with a common title and legend.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    rows, columns = len(panels), len(panels[0])
    figure = new_figure(3.3 * columns, 2.9 * rows + 0.9)
    figure.set_layout_engine("constrained", hspace=0.06, wspace=0.05)
    axes = figure.subplots(rows, columns, squeeze=False)
    for row_axes, row in zip(axes, panels, strict=True):
        for ax, panel in zip(row_axes, row, strict=True):
            if not panel.true.size:
                ax.set_axis_off()
                continue
            parity(panel.true, panel.predicted, known=panel.known, ax=ax)
            ax.set_xlabel("true" if row is panels[-1] else "")
            ax.set_ylabel("predicted" if panel is row[0] else "")
            dress(ax, panel.title)
            ax.locator_params(nbins=5)
            for line, k in enumerate(reversed(range(len(panel.errors)))):
                series = SERIES[k if len(panel.errors) > 1 else 1]
                note_error(ax, panel.errors[k], series[0], line)
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], color=colour, marker="o", linestyle="", label=label)
            for label, (colour, _, _) in zip(labels, SERIES, strict=False)
        ],
        loc="outside upper left",
        ncols=max(1, len(labels)),
        frameon=False,
        fontsize=10,
        title=textwrap.fill(title, int(8 * figure.get_size_inches()[0])),
        title_fontproperties={"weight": "bold", "size": 13},
        alignment="left",
    )
    return figure


def note_error(ax: Axes, error: float, colour: str, line: int = 0, what: str = "") -> None:
    """Write a relative error into the corner below the diagonal, `line` lines above the others."""
    ax.text(
        *(0.97, 0.04 + 0.09 * line, f"{what}{100 * error:.2g} %"),
        transform=ax.transAxes,
        ha="right",
        fontsize=9,
        color=colour,
    )

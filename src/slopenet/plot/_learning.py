"""The course of a fit: its errors, or its costs, against the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from slopenet.plot._figure import BLUE, GREEN, ORANGE, dress, new_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray


# The curves of a history with errors, and of one with costs only: label, colour, line.
_ERRORS = {
    "values": ("values", BLUE, "-"),
    "slopes": ("slopes", GREEN, "-"),
    "validation_values": ("values, held out", BLUE, "--"),
    "validation_slopes": ("slopes, held out", GREEN, "--"),
}
_COSTS = {"cost": ("training", BLUE, "-"), "validation": ("validation", ORANGE, "-")}


def learning_curve(history: Mapping[str, Sequence[float]], *, ax: Axes | None = None) -> Axes:
    """Plot the errors of every epoch, those of held-out rows as broken lines.

    A dot marks the epoch with the lowest validation cost, whose weights `fit` keeps. Numbers that
    are not positive cannot be drawn on the logarithmic axis and leave a gap.

    Parameters
    ----------
    history : dict of lists
        `Fit.history`, with lists of equal lengths. One without ``"values"``, as of data in
        partitions, is drawn by its costs.
    ax : Axes, optional
        Axes to draw in. By default a new figure is made, outside of pyplot: a notebook shows it,
        and ``ax.figure.savefig`` writes it.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the lists are missing, empty or of different lengths.
    ImportError
        If matplotlib is not installed.
    """
    curves, needed = (_ERRORS, "values") if "values" in history else (_COSTS, "cost")
    drawn = {name: style for name, style in curves.items() if name in history}
    also = ["validation"] if "validation" in history else []
    lengths = {name: len(history.get(name, ())) for name in ("epoch", needed, *drawn, *also)}
    if 0 in lengths.values() or len(set(lengths.values())) != 1:
        raise ValueError(
            "history must have lists of equal lengths,"
            f" got {', '.join(f'{n} of {name}' for name, n in lengths.items())}"
        )
    if ax is None:
        ax = new_axes(5.2, 3.4)
    epoch = np.asarray(history["epoch"], float)
    for name, (label, colour, line) in drawn.items():
        curve = _positive(history[name])
        ax.plot(epoch, curve, color=colour, linestyle=line, linewidth=1.3, label=label)
    judged = _positive(history.get("validation", ()))
    if not np.isnan(judged).all():
        best = int(np.nanargmin(judged))
        name = "validation_values" if needed == "values" else "validation"
        ax.plot(
            epoch[best],
            _positive(history[name])[best],
            color=drawn[name][1],
            marker="o",
            markersize=5,
            linestyle="",
            label=f"best, epoch {epoch[best]:.0f}",
        )
    if len(drawn) > 1:
        ax.legend(frameon=False, fontsize=9)
    ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("cost, in standard units" if needed == "cost" else "RMS error, relative")
    dress(ax)
    return ax


def _positive(numbers: Sequence[float]) -> NDArray[np.float64]:
    number = np.asarray(numbers, float)
    return np.where(np.isfinite(number) & (number > 0), number, np.nan)

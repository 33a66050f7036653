"""The course of a fit: its costs against the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from slopenet.plot._figure import BLUE, ORANGE, dress, new_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def learning_curve(history: Mapping[str, Sequence[float]], *, ax: Axes | None = None) -> Axes:
    """Plot the cost of every epoch, and that of the validation set if there is one.

    A dot marks the epoch with the lowest validation cost, whose weights `fit` keeps. Costs that are
    not positive cannot be drawn on the logarithmic axis and leave a gap.

    Parameters
    ----------
    history : dict of lists
        `Fit.history`: ``"epoch"``, ``"cost"`` and possibly ``"validation"``, of equal lengths.
    ax : Axes, optional
        Axes to draw in. By default a new figure is made, outside of pyplot: ``ax.figure.savefig``.

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
    wanted = ("epoch", "cost", *(["validation"] if "validation" in history else []))
    lengths = {name: len(history.get(name, ())) for name in wanted}
    if 0 in lengths.values() or len(set(lengths.values())) != 1:
        raise ValueError(
            "history must have lists of equal lengths,"
            f" got {', '.join(f'{n} of {name}' for name, n in lengths.items())}"
        )
    if ax is None:
        ax = new_figure(5.2, 3.4).subplots()
    epoch = np.asarray(history["epoch"], float)
    ax.plot(epoch, _positive(history["cost"]), color=BLUE, linewidth=1.3, label="training")
    if "validation" in history:
        held_out = _positive(history["validation"])
        ax.plot(epoch, held_out, color=ORANGE, linewidth=1.3, label="validation")
        if not np.isnan(held_out).all():
            best = int(np.nanargmin(held_out))
            ax.plot(
                epoch[best],
                held_out[best],
                color=ORANGE,
                marker="o",
                markersize=5,
                linestyle="",
                label=f"best, epoch {epoch[best]:.0f}",
            )
        ax.legend(frameon=False, fontsize=9)
    ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("cost, in standard units")
    dress(ax)
    return ax


def _positive(costs: Sequence[float]) -> NDArray[np.float64]:
    cost = np.asarray(costs, float)
    return np.where(np.isfinite(cost) & (cost > 0), cost, np.nan)

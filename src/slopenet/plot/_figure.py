"""Code shared by all plots: colours, a light frame, and a new figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORANGE, BLUE, GREEN = "#D55E00", "#0072B2", "#009E73"
INK, FRAME, MUTED = "#222222", "#BBBBBB", "#555555"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sized in inches, outside of pyplot and without a display."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'slopenet[demo]'") from error
    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def dress(ax: Axes, title: str = "") -> None:
    """Draw a light frame, so that the data stand out."""
    ax.set_title(title, loc="left", fontsize=10)
    ax.tick_params(labelsize=8, color=FRAME)
    ax.tick_params(which="minor", color=FRAME)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FRAME)
    ax.xaxis.label.set(fontsize=9, color=MUTED)
    ax.yaxis.label.set(fontsize=9, color=MUTED)

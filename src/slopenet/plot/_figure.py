"""Code shared by all plots: colours, a light frame, and a new figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slopenet.html.elements import visible
from slopenet.validate.components import index_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORANGE, BLUE, GREEN = "#D55E00", "#0072B2", "#009E73"
# The most characters of a name, and the most inputs and outputs that are drawn unless named.
WIDEST, MOST = 36, 6
INK, FRAME, MUTED = "#222222", "#BBBBBB", "#555555"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sized in inches, outside of pyplot; a notebook shows it."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'slopenet[plot]'") from error
    from slopenet.plot._shown import ShownFigure

    return ShownFigure(figsize=(width, height), dpi=150, layout="constrained")


def new_axes(width: float, height: float) -> Axes:
    """Return the only axes of a new figure; a notebook shows them."""
    figure = new_figure(width, height)
    from slopenet.plot._shown import ShownAxes

    axes: Axes = figure.add_subplot(axes_class=ShownAxes)
    return axes


def label(name: str) -> str:
    """Return a name as it is drawn: all of it visible, and without the middle of a long one."""
    name = visible(name)
    return name if len(name) <= WIDEST else f"{name[: WIDEST // 2]}...{name[3 - WIDEST // 2 :]}"


def chosen(what: str, given: Sequence[str | int] | None, names: Sequence[str]) -> list[int]:
    """Return the indices of the inputs or outputs to draw."""
    if given is None:
        return list(range(min(MOST, len(names))))
    if isinstance(given, str) or not len(given):
        raise ValueError(f"{what} must be a sequence of names or indices, got {given!r}")
    return [index_of(f"each of {what}", one, names) for one in given]


def dress(ax: Axes, title: str = "") -> None:
    """Draw a light frame, so that the data stand out."""
    ax.set_title(title, loc="left", fontsize=10, parse_math=False)
    ax.tick_params(labelsize=8, color=FRAME)
    ax.tick_params(which="minor", color=FRAME)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FRAME)
    ax.xaxis.label.set(fontsize=9, color=MUTED)
    ax.yaxis.label.set(fontsize=9, color=MUTED)

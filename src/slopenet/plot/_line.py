"""One panel of a profile: an output along an input, its tangent, and the data near it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from slopenet._types import Floats
from slopenet.plot._figure import BLUE, INK, ORANGE
from slopenet.plot._point import Near, axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from slopenet.dataset.dataset import Data
    from slopenet.io.card import Range

POINTS = 241
# Half the length of a tangent, and of one at a row of data, over the width of the axis.
_TANGENT, _SHORT = 0.24, 0.025
# The training data from minimum to maximum, and from 5 to 95 %.
_SHADE, _DARKER = "#F2F4F6", "#E4E9ED"
_BROKEN = (0, (3, 2))


@dataclass(frozen=True)
class Line:
    """Outputs H (P, n_L) at the numbers t (P,) of input i, all others fixed.

    `ends` are those of the axis, `known` is the range of the input, and `spread` (P, n_L) the
    standard deviation over the networks of an ensemble.
    """

    i: int
    t: Floats
    H: Floats
    ends: tuple[float, float]
    known: Range
    spread: Floats | None

    @classmethod
    def of(cls, network: Any, x: Floats, i: int, known: Range) -> Line:
        """Evaluate a network, or an ensemble, along input i through x."""
        ends = axis(float(x[i]), known)
        inner = [each for each in (known.minimum, known.maximum, x[i]) if not np.isnan(each)]
        t = np.unique([*np.linspace(*ends, POINTS), *inner])
        X = np.tile(x, (len(t), 1))
        X[:, i] = t
        several = hasattr(network, "spread") and len(network) > 1
        return cls(i, t, network(X), ends, known, network.spread(X) if several else None)


def draw_curve(ax: Axes, line: Line, k: int) -> None:
    """Draw output k, broken beyond the range of the training data, which is shaded."""
    low, *_, high = line.known.quantiles
    ax.axvspan(line.known.minimum, line.known.maximum, color=_SHADE, linewidth=0, zorder=0)
    ax.axvspan(low, high, color=_DARKER, linewidth=0, zorder=0)
    inside = (line.t >= line.known.minimum) & (line.t <= line.known.maximum)
    below, above = line.t <= line.known.minimum, line.t >= line.known.maximum
    for part, style in ((inside, "-"), (below, _BROKEN), (above, _BROKEN)):
        ax.plot(
            *(line.t[part], line.H[part, k]),
            color=BLUE,
            linewidth=1.6,
            linestyle=style,
            zorder=3,
        )
    if line.spread is not None:
        deviation = line.spread[:, k]
        band = line.H[:, k] - deviation, line.H[:, k] + deviation
        ax.fill_between(line.t, *band, color=BLUE, alpha=0.2, linewidth=0, zorder=2)
    ax.set_xlim(line.ends)


def draw_data(ax: Axes, line: Line, data: Data, close: Near, k: int) -> None:
    """Draw the rows near the line, the nearer the stronger, with their slopes if they are known."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    t, y = data.X[close.rows, line.i], data.y[close.rows, k]
    colours = np.tile(to_rgba(INK), (len(t), 1))
    colours[:, 3] = 0.08 + 0.8 * close.nearness
    ax.scatter(t, y, s=9, color=colours, linewidths=0, zorder=4)
    if data.dydx is None:
        return
    slope = data.dydx[close.rows, k, line.i]
    half = _SHORT * (line.ends[1] - line.ends[0])
    starts = np.stack([t - half, y - half * slope], axis=1)
    tips = np.stack([t + half, y + half * slope], axis=1)
    known = ~np.isnan(slope * y)
    segments = np.stack([starts, tips], axis=1)[known]
    short = LineCollection(segments, colors=colours[known], linewidths=0.9, zorder=4)
    ax.add_collection(short, autolim=False)


def draw_tangent(ax: Axes, t: float, value: float, slope: float) -> None:
    """Draw a point and its tangent in axes whose limits are final."""
    ax.autoscale(enable=False)
    left, right = ax.get_xlim()
    step = np.array([-1, 1]) * _TANGENT * (right - left)
    ax.plot(t + step, value + slope * step, color=ORANGE, linewidth=2.2, zorder=5)
    ax.plot(t, value, color=ORANGE, marker="o", markersize=6, markeredgecolor="white", zorder=6)


def draw_legend(
    figure: Figure, title: str, shaded: str, *, data: bool, slopes: bool, band: bool
) -> None:
    """Draw a legend above all panels; `shaded` says of which data the ranges are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=BLUE, label="network"),
        Line2D([], [], color=ORANGE, marker="o", linewidth=2.2, label="exact tangent"),
    ]
    if band:
        handles.append(Patch(color=BLUE, alpha=0.2, linewidth=0, label="± standard deviation"))
    if data:
        what, line = ("data nearby, with slopes", "-") if slopes else ("data nearby", "")
        handles.append(
            Line2D([], [], color=INK, marker="o", markersize=4, linestyle=line, label=what)
        )
    handles.append(Patch(color=_SHADE, linewidth=0, label=shaded))
    handles.append(Patch(color=_DARKER, linewidth=0, label="5 to 95 % of it"))
    columns = _columns([handle.get_label() for handle in handles], figure.get_size_inches()[0])
    figure.legend(
        handles=[each for column in range(columns) for each in handles[column::columns]],
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=8.5,
        title=textwrap.fill(title, int(10 * figure.get_size_inches()[0])),
        title_fontproperties={"weight": "bold", "size": 11},
        alignment="left",
        handlelength=1.6,
        columnspacing=1.4,
    ).get_title().set_parse_math(False)


def _columns(labels: list[str], width: float) -> int:
    """The most columns of a legend that fit a width in inches, by estimate."""
    for columns in range(len(labels), 1, -1):
        longest = (max(map(len, labels[column::columns])) for column in range(columns))
        if sum(0.072 * letters + 0.5 for letters in longest) <= width:
            return -(-len(labels) // -(-len(labels) // columns))
    return 1

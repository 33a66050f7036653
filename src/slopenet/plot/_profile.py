"""Profiles: every output along every input through one point, with the exact tangent there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slopenet.evaluate.model import column_names
from slopenet.plot._figure import MOST, chosen, dress, label, new_figure
from slopenet.plot._line import Line, draw_curve, draw_data, draw_legend, draw_tangent
from slopenet.plot._point import known_data, known_ranges, near, point
from slopenet.validate.headings import slope_name, split_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from slopenet._types import Floats


def profile(
    network: Any,
    at: Any = None,
    data: Any = None,
    *,
    outputs: Sequence[str | int] | None = None,
    inputs: Sequence[str | int] | None = None,
) -> Figure:
    """Plot every output along every input through one point, with its exact tangent there.

    The range of the training data is shaded, the part between its quantiles of 5 and 95 % darker.
    Beyond it, where the network extrapolates, the curve is broken.

        sn.plot.profile(net)
        sn.plot.profile(net, at={"T": 700, "p": 5}, data=(X, y, dydx))

    Parameters
    ----------
    network : Network or Ensemble
        The curve of an ensemble is the mean, in a band of one standard deviation.
    at : dict of str to float, or (n_1,), optional
        The point. Inputs that are not named have their medians in the training data.
    data : data frame, (X, y) or (X, y, dydx), optional
        Rows near the line are drawn, the nearer the stronger, with their slopes. The ranges of a
        network that does not know its training data are those of the rows.
    outputs, inputs : sequence of str or int, optional
        Names or indices of those to draw, at most the first six unless given.

    Returns
    -------
    Figure
        One row per output, one column per input. A notebook shows it, ``savefig`` writes it.

    Raises
    ------
    ValueError, TypeError
        If the point or the data do not fit the network, a name is unknown, or the ranges are
        unknown.
    ImportError
        If matplotlib is not installed.
    """
    names = column_names(network)
    rows = None if data is None else known_data(network, data, *names)
    known = known_ranges(network, rows)
    x = point(at, names[0], known)
    across = chosen("inputs", inputs, names[0])
    down = chosen("outputs", outputs, names[1])
    H, J = network.value_and_jacobian(x)
    figure = new_figure(3.1 * len(across) + 0.6, 2.4 * len(down) + 1.1)
    figure.set_layout_engine("constrained", hspace=0.06, wspace=0.05)
    axes = figure.subplots(len(down), len(across), sharex="col", sharey="row", squeeze=False)
    for column, i in enumerate(across):
        line = Line.of(network, x, i, known[i])
        close = None if rows is None else near(rows.X, x, known, i)
        for ax, k in zip(axes[:, column], down, strict=True):
            draw_curve(ax, line, k)
            if rows is not None and close is not None:
                draw_data(ax, line, rows, close, k)
    for row, k in enumerate(down):
        for column, i in enumerate(across):
            ax = axes[row, column]
            draw_tangent(ax, x[i], H[k], J[k, i])
            ax.set_xlabel(label(names[0][i]) if row == len(down) - 1 else "", parse_math=False)
            ax.set_ylabel(label(names[1][k]) if column == 0 else "", parse_math=False)
            slope, unit = split_unit(slope_name(names[1][k], names[0][i]))
            number = f"{J[k, i]:.4g}".replace("-", "\N{MINUS SIGN}")
            dress(ax, f"{label(slope)} = {number} {label(unit)}".rstrip())
            ax.locator_params(nbins=5)
    slopes = rows is not None and rows.dydx is not None
    draw_legend(
        *(figure, _where(names[0], x), "data" if network.card is None else "training data"),
        data=rows is not None,
        slopes=slopes,
        band=line.spread is not None,
    )
    return figure


def _where(inputs: Sequence[str], x: Floats) -> str:
    """The point in words."""
    parts = []
    for name, number in zip(inputs[:MOST], x, strict=False):
        plain, unit = split_unit(name)
        parts.append(f"{label(plain)} = {number:.5g} {label(unit)}".rstrip())
    more = f" and {len(inputs) - MOST} more" if len(inputs) > MOST else ""
    return f"At {', '.join(parts)}{more}"

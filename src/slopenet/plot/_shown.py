"""Figures and axes that a notebook shows, without pyplot or ``%matplotlib inline``."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Pixels of a page per inch, and those of the picture, for screens with small pixels.
_PAGE, _PICTURE = 96, 200


class ShownFigure(Figure):  # type: ignore[misc, unused-ignore]
    """A figure that shows itself where it ends a cell; a script opens no window."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return _png(self)


class ShownAxes(Axes):  # type: ignore[misc, unused-ignore]
    """Axes that show their figure where they end a cell."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return _png(self.figure)


def _png(figure: Any) -> tuple[bytes, dict[str, int]]:
    """The picture, and its size on the page in pixels."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_PICTURE)
    width, height = (round(_PAGE * inches) for inches in figure.get_size_inches())
    return file.getvalue(), {"width": width, "height": height}

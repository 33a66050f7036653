"""The evaluations of an expensive function: checked, counted and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from slopenet._types import Floats
from slopenet.validate import arrays, settings


class Evaluations:
    """The function and all evaluations of it.

    Parameters
    ----------
    function : function of x (n_1,)
    inputs : int
        n_1.
    slopes : bool
        Whether the function returns slopes too.
    callback : function of x and value, optional
        Returns True to stop.
    """

    def __init__(
        self,
        function: Callable[[Floats], Any],
        inputs: int,
        slopes: bool,
        callback: Callable[[Floats, float], object] | None,
    ) -> None:
        self._function, self._inputs, self.slopes = function, inputs, slopes
        self._callback, self.stopped = callback, False
        self.X: list[Floats] = []
        self.y: list[float] = []
        self.dydx: list[Floats] = []

    def begin(self, X: Any, y: Any, dydx: Any = None) -> None:
        """Take evaluations that are known."""
        rows = arrays.points("start[0]", X, self._inputs, np.float64).reshape(-1, self._inputs)
        values = arrays.targets("start[1]", y, (len(rows), 1), np.float64, unknown=True)[:, 0]
        by_x = np.full(rows.shape, np.nan)
        if dydx is not None:
            by_x = arrays.floats("start[2]", dydx)
            arrays.require_shape("start[2]", by_x, [rows.shape])
        self.X, self.y, self.dydx = list(rows), values.tolist(), list(by_x)

    def evaluate(self, x: Floats) -> None:
        """Ask the function, unless it has been stopped."""
        if self.stopped:
            return
        found = self._function(x.copy())
        if self.slopes and not (isinstance(found, tuple | list) and len(found) == 2):
            raise ValueError(
                "with slopes=True, the function must return a pair of its value and its gradient,"
                f" got {settings.short(found)}"
            )
        value, by_x = found if self.slopes else (found, np.full(self._inputs, np.nan))
        number = arrays.floats("the function's value", value)
        if number.size != 1 or np.isinf(number).any():
            raise ValueError(
                f"the function must return a finite number, or NaN where it fails, at x = {x},"
                f" got {settings.short(value)}"
            )
        gradient = arrays.floats("the function's gradient", by_x)
        if gradient.size != self._inputs:
            raise ValueError(
                f"the function's gradient must have shape ({self._inputs},), got {gradient.shape}"
            )
        self.X.append(x)
        self.y.append(float(number.ravel()[0]))
        self.dydx.append(gradient.reshape(self._inputs))
        if self._callback is not None:
            self.stopped = bool(self._callback(x.copy(), self.y[-1]))

    def arrays(self) -> tuple[Floats, Floats, Floats | None]:
        """X (N, n_1), y (N,) and dydx (N, n_1)."""
        return np.array(self.X), np.array(self.y), np.array(self.dydx) if self.slopes else None

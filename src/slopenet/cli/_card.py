"""What a model was trained on, on the terminal; rows outside of its ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from slopenet.cli._console import say, shortened, show
from slopenet.tables import TableError, column_names
from slopenet.training.quality import FitErrors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slopenet import Ensemble, Network
    from slopenet.io.card import Card

SHOWN = 40


def print_card(network: Network, card: Card) -> None:
    """Print the ranges of inputs and outputs, the training, and its errors."""
    from rich.table import Table

    for title, names, ranges in zip(
        ("inputs", "outputs"), column_names(network), (card.inputs, card.outputs), strict=True
    ):
        table = Table()
        table.add_column(title, no_wrap=True)
        for heading in ("minimum", "5 %", "median", "95 %", "maximum"):
            table.add_column(heading, justify="right")
        for name, each in zip(names[:SHOWN], ranges, strict=False):
            low, _, median, _, high = each.quantiles
            numbers = (each.minimum, low, median, high, each.maximum)
            table.add_row(shortened(name), *("" if np.isnan(x) else f"{x:.5g}" for x in numbers))
        show(table)
        if len(names) > SHOWN:
            say(f"and {len(names) - SHOWN} more {title}")
    how = card.method if card.seed is None else f"{card.method}, seed {card.seed}"
    data = f", SHA-256 {card.data[:12]}..." if card.data else ""
    say(f"Trained by slopenet {card.version} ({how}) on {card.rows:,} rows{data}.")
    show(card.reason)
    if card.errors is not None:
        values, slopes = (np.array(x) for x in (card.errors.values, card.errors.slopes))
        show(f"{FitErrors(values, slopes, card.errors.rows).verdict}.")


class Outside:
    """Counts the rows outside of the ranges of the training data.

    Parameters
    ----------
    network : Network or Ensemble
    what : {"warn", "error", "ignore"}
        Whether `see` raises an error for such rows; "ignore" counts none.
    """

    def __init__(self, network: Network | Ensemble, what: str) -> None:
        self._card = None if what == "ignore" else network.card
        self._names, self._refuse = column_names(network)[0], what == "error"
        self._rows = self._outside = 0
        self._by_input = np.zeros(len(self._names), int)
        self._lowest, self._highest = np.full((2, len(self._names)), np.nan)

    def see(self, X: NDArray[np.float64]) -> None:
        """Count the rows of a block.

        Raises
        ------
        TableError
            If one is outside, and such rows are refused.
        """
        if self._card is None or not len(X):
            return
        outside = self._card.outside(X)
        self._rows += len(X)
        self._outside += int(outside.any(axis=1).sum())
        self._by_input += outside.sum(axis=0)
        self._lowest = np.fmin(self._lowest, X.min(axis=0))
        self._highest = np.fmax(self._highest, X.max(axis=0))
        if self._refuse and self._outside:
            counts = ", ".join(f"{self._names[i]} {self._by_input[i]:,}" for i in self._where)
            raise TableError(f"{self._summary}: {counts}")

    @property
    def report(self) -> str:
        """Lines that say how many rows are outside, and in which inputs; empty if none is."""
        if self._card is None or not self._outside:
            return ""
        lines = [f"{self._summary}:"]
        for i in self._where[:SHOWN]:
            rows = "1 row" if self._by_input[i] == 1 else f"{self._by_input[i]:,} rows"
            low, high = self._card.bounds[i]
            lines.append(
                f"  {self._names[i]}: {rows}; values from {self._lowest[i]:.5g} to"
                f" {self._highest[i]:.5g}, training data from {low:.5g} to {high:.5g}"
            )
        if len(self._where) > SHOWN:
            lines.append(f"  and {len(self._where) - SHOWN} more inputs")
        return "\n".join(lines)

    @property
    def _summary(self) -> str:
        are = "is" if self._outside == 1 else "are"
        rows = f"{self._outside:,} of {self._rows:,} rows {are}"
        return f"{rows} outside the ranges of the training data"

    @property
    def _where(self) -> NDArray[np.intp]:
        return np.flatnonzero(self._by_input)

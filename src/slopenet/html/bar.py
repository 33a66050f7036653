"""A progress bar in a notebook, without widgets: one output that is displayed anew."""

from __future__ import annotations

import sys
import time
from typing import Any

from slopenet.html.elements import text

# A browser need not draw more often.
_SECONDS = 0.1


def in_notebook() -> bool:
    """Return whether this process serves a notebook: Jupyter, or one that works like it."""
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    return hasattr(shell, "kernel")


class NotebookBar:
    """A bar that stays when the work is done, with its last description."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown = float("-inf")
        self._last = ""

    def update(self, *, completed: float, total: float, description: str) -> None:
        """Show how far the work is."""
        self._last = (
            f'<div style="font-size:12px"><progress value="{completed:g}" max="{total:g}"'
            f' style="vertical-align:middle;width:14em"></progress>'
            f" {completed:,.0f}/{total:,.0f}&ensp;{text(description)}</div>"
        )
        if time.monotonic() - self._shown >= _SECONDS:
            self._show()

    def stop(self) -> None:
        """Show the last update."""
        if self._last:
            self._show()

    def _show(self) -> None:
        from IPython.display import HTML, display

        page = HTML(self._last)
        if self._handle is None:
            self._handle = display(page, display_id=True)
        else:
            self._handle.update(page)
        self._shown, self._last = time.monotonic(), ""

"""Reports of every epoch: a bar for a person, a log for a program."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from slopenet.html.bar import NotebookBar, in_notebook
from slopenet.training.course import PREFIX

if TYPE_CHECKING:
    import rich.progress
    from rich.console import Console

    from slopenet.training.monitor import State

# The beginning of every line of a log, cut off or not.
_BEGINNING = b'{"epoch": '


class Progress:
    """A bar of epochs with their costs, as a callback of `slopenet.fit`.

        with Progress() as progress:
            sn.fit(X, y, callback=progress)

    It is drawn on stderr if that is a terminal, and disappears when the work is done. In a notebook
    it is an output of the cell, which stays.

    Parameters
    ----------
    quiet : bool
        Draw nothing, even on a terminal.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._notebook = NotebookBar() if console is None and not quiet and in_notebook() else None
        self._bar = bar(quiet=quiet or self._notebook is not None, console=console)
        self._task = self._bar.add_task("Fitting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._notebook is not None:
            self._notebook.stop()

    def __call__(self, state: State) -> None:
        """Show one epoch."""
        words = f"Fitting, {_in_words(state)}"
        if self._notebook is not None:
            self._notebook.update(completed=state.epoch, total=state.epochs, description=words)
        else:
            self._bar.update(
                self._task, completed=state.epoch, total=state.epochs, description=words
            )


def bar(*, quiet: bool = False, console: Console | None = None) -> rich.progress.Progress:
    """Return a bar that disappears when the work is done; it is drawn on a terminal only."""
    from rich import progress
    from rich.console import Console

    console = console or Console(stderr=True, markup=False, emoji=False, highlight=False)
    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


class JsonLines:
    """A log of epochs, one JSON object per line, as a callback of `slopenet.fit`.

        with JsonLines("fit.jsonl") as log:
            sn.fit(X, y, callback=log)

    A line is ``{"epoch": 7, "cost": 0.25, "validation": null, "values": 0.013, "slopes": 0.06,
    "seconds": 1.5, "start": 0}``: errors and costs as in `Fit.history`, seconds from the start of
    the run. Numbers have all their digits; missing and non-finite numbers are null. A line is in
    the file as soon as its epoch has ended.

    A run that resumes at a later epoch keeps the lines before that epoch, and the seconds continue
    from there. All later lines are replaced, as is a last line that was cut off when its process
    died.

    Parameters
    ----------
    path : str or PathLike
        Created if it does not exist; its folder must exist.

    Raises
    ------
    ValueError
        If the file has any other line; it is left unchanged.
    OSError
        If it cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file: BinaryIO | None = None
        self._began = time.perf_counter()
        with self._path.open("ab"):
            _kept(self._path, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; another epoch opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __call__(self, state: State) -> None:
        """Write one epoch."""
        if self._file is None:
            size, seconds = _kept(self._path, state.epoch)
            self._began = min(self._began, time.perf_counter() - seconds)
            self._file = self._path.open("ab", buffering=0)
            if self._path.is_file():
                self._file.truncate(size)
        entry = {
            "epoch": state.epoch,
            "cost": _finite(state.cost),
            "validation": _finite(state.validation),
            **{name: _finite(error) for name, error in state.errors.items()},
            "seconds": time.perf_counter() - self._began,
            "start": state.start,
        }
        self._file.write(json.dumps(entry).encode() + b"\n")


def _in_words(state: State) -> str:
    """Errors in percent, of rows held out if there are any; without errors, the costs."""
    for prefix, which in ((PREFIX, "held-out error"), ("", "error")):
        errors = {name: state.errors.get(f"{prefix}{name}") for name in ("values", "slopes")}
        known = [f"{name} {100 * x:.2g} %" for name, x in errors.items() if x is not None]
        if known:
            return f"{which}: {', '.join(known)}"
    cost = f"cost {state.cost:.3e}"
    return cost if state.validation is None else f"{cost}, validation {state.validation:.3e}"


def _kept(path: Path, first: int) -> tuple[int, float]:
    """Bytes of the lines before the epoch `first`, and the seconds of the last of them."""
    size, seconds, whole = 0, 0.0, True
    if not path.is_file():
        return size, seconds
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            entry = _entry(line)
            if entry is None and not (line[-1:] != b"\n" and _BEGINNING.startswith(line[:10])):
                raise ValueError(
                    f"{path} must be a log of epochs, got a line {number} that is not an epoch"
                )
            whole = whole and entry is not None and entry["epoch"] < first
            if whole and entry is not None:
                size, seconds = size + len(line), float(entry["seconds"])
    return size, seconds


def _entry(line: bytes) -> dict[str, Any] | None:
    """A whole line of a log, or None."""
    try:
        entry = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    if not isinstance(entry, dict) or not {"cost", "validation"} <= entry.keys():
        return None
    known = isinstance(entry.get("epoch"), int) and isinstance(entry.get("seconds"), float)
    return entry if known else None


def _finite(x: float | None) -> float | None:
    return float(x) if x is not None and math.isfinite(x) else None

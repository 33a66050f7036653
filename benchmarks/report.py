"""The results as two tables: slopenet beside each peer's better mode, and every mode in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.cases import QUANTITIES, Case
from benchmarks.clock import Timing, Way


@dataclass(frozen=True)
class Result:
    """One case, timed: the timing of every contender's every mode."""

    case: Case
    timings: Mapping[Way, Timing]
    difference: float

    def better(self, name: str) -> tuple[str, Timing] | None:
        """Return the faster mode of a contender and its timing, None if it took no part."""
        modes = [(mode, t) for (who, mode), t in self.timings.items() if who == name]
        return min(modes, key=lambda pair: pair[1].median, default=None)


@dataclass(frozen=True)
class Page:
    """A table before it is drawn; the first column is text, the others are figures."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Draw it as Markdown."""
        rule = ["---"] + ["---:"] * (len(self.head) - 1)
        lines = [f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines])

    def show(self, console: Console) -> None:
        """Draw it on a terminal."""
        table = Table(title=self.title, title_justify="left")
        for i, name in enumerate(self.head):
            table.add_column(name, justify="right" if i else "left", no_wrap=not i)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)


def _time(seconds: float) -> str:
    unit, name = (1e-6, "µs") if seconds < 1e-3 else (1e-3, "ms")
    return f"{seconds / unit:.3g} {name}" if seconds < 1 else f"{seconds:.2f} s"


def _speed(case: Case, timing: Timing) -> str:
    return f"{case.work / timing.median / 1e9:.3g}"


def _line(case: Case) -> str:
    rows = "one row, NumPy in and out" if case.rows is None else f"{case.rows} rows"
    return f"{case.network}, {rows}, {case.dtype}"


def summary(quantity: str, results: Sequence[Result], peers: Sequence[str]) -> Page:
    """Set slopenet beside the better mode of each peer, and say how many times slower that is."""
    rows = []
    for result in results:
        own = result.better("slopenet")
        if result.case.quantity != quantity or own is None:
            continue
        row = [_line(result.case), _time(own[1].median), _speed(result.case, own[1])]
        for peer in peers:
            best = result.better(peer)
            if best is None:
                row += ["–", "–"]
            else:
                ratio = best[1].median / own[1].median
                row += [_time(best[1].median) + (best[0] and f" ({best[0]})"), f"{ratio:.2f}×"]
        rows.append(row)
    head = ["network", "slopenet", "GFLOP/s", *(h for peer in peers for h in (peer, "ratio"))]
    return Page(f"{QUANTITIES[quantity].title}: medians", head, rows)


def details(results: Sequence[Result]) -> Page:
    """List every mode of everyone: median, spread, useful operations a second."""
    rows = []
    for result in results:
        own = result.better("slopenet")
        title = f"{QUANTITIES[result.case.quantity].title}, {_line(result.case)}"
        for (name, mode), timing in result.timings.items():
            ratio = f"{timing.median / own[1].median:.2f}×" if own else "–"
            rows.append(
                [
                    title,
                    f"{name} {mode}".strip(),
                    _time(timing.median),
                    ratio,
                    _speed(result.case, timing),
                    f"±{100 * timing.spread:.0f} %",
                    str(len(timing.seconds)),
                ]
            )
            title = ""
    head = ["case", "who", "median", "ratio", "GFLOP/s", "spread", "rounds"]
    return Page("Every mode", head, rows)


def document(about: Mapping[str, str], pages: Sequence[Page]) -> str:
    """Write the whole report as Markdown."""
    facts = "\n".join(f"- {key}: {value}" for key, value in about.items())
    return "\n\n".join(["## Benchmarks", facts, *(page.markdown() for page in pages)]) + "\n"

"""The results as tables: slopenet and each peer's faster mode, one call, and every mode in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cases import QUANTITIES, Case
from benchmarks.clock import BLOCKS, Timing, Way
from benchmarks.contenders.slopenet import ONE_THREAD
from benchmarks.page import Page
from benchmarks.peak import Peak


@dataclass(frozen=True)
class Result:
    """One timed case: all modes of all contenders; for one row, slopenet's best time too.

    `peak` is the machine's in the same rounds, operations per second; None if it was not measured.
    """

    case: Case
    timings: Mapping[Way, Timing]
    difference: float
    best: Mapping[str, float]
    peak: float | None

    @property
    def own(self) -> Timing:
        """slopenet's timing in its default mode, the reference of all ratios."""
        return self.timings["slopenet", ""]

    def better(self, name: str) -> tuple[str, Timing] | None:
        """Return the faster mode of a contender and its timing, None if it took no part."""
        modes = [(mode, t) for (who, mode), t in self.timings.items() if who == name]
        return min(modes, key=lambda pair: pair[1].median, default=None)


def _time(seconds: float) -> str:
    unit, name = (1e-6, "µs") if seconds < 1e-3 else (1e-3, "ms")
    return f"{seconds / unit:.3g} {name}" if seconds < 1 else f"{seconds:.2f} s"


def _figure(value: float) -> str:
    """Two decimals, fewer for large figures, none of 1e-05."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _speed(operations: float, seconds: float) -> str:
    return _figure(operations / seconds / 1e9)


def _share(work: float, seconds: float, peak: float | None) -> str:
    return f"{100 * work / seconds / peak:.1f} %" if peak else "–"


def _line(case: Case) -> str:
    rows = "one row" if case.rows is None else f"{case.rows:,} rows"
    return f"{case.network}, {rows}, {case.dtype}"


def _compared(best: tuple[str, Timing] | None, own: float) -> str:
    """Write a peer's ratio and, in brackets, its time and mode."""
    if best is None:
        return "–"
    mode, timing = best
    return f"{_figure(timing.median / own)}× ({f'{_time(timing.median)} {mode}'.strip()})"


def summary(quantity: str, results: Sequence[Result], peers: Sequence[str]) -> Page:
    """Compare slopenet with the faster mode of each peer, as ratios of their times."""
    mine = [result for result in results if result.case.quantity == quantity]
    present = [peer for peer in peers if any(result.better(peer) for result in mine)]
    rows = []
    for result in mine:
        own, work = result.own.median, result.case.work
        row = [_line(result.case), _time(own), _speed(work, own), _share(work, own, result.peak)]
        row += [_compared(result.better(peer), own) for peer in present]
        rows.append(row)
    head = ["network", "slopenet", "GFLOP/s", "of peak", *present]
    return Page(f"{QUANTITIES[quantity].title}: medians", head, rows)


def threads(results: Sequence[Result]) -> Page:
    """Compare all threads with one, on the batches that were timed both ways."""
    rows = []
    for result in results:
        alone = result.timings.get(("slopenet", ONE_THREAD))
        if alone:
            own = result.own.median
            share = f"{own / alone.median:.2f}"
            rows.append([_line(result.case), _time(alone.median), _time(own), share])
    return Page("Threads: medians", ["network", ONE_THREAD, "all threads", "ratio"], rows)


def call_times(results: Sequence[Result], peak: Peak) -> Page:
    """Report the best time of one call of slopenet, and its share of the peak."""
    rows = []
    for result in results:
        title, most = _line(result.case), peak.of_one_core(result.case.dtype)
        for mode, seconds in result.best.items():
            rows.append(
                [
                    title,
                    mode or "default",
                    _time(seconds),
                    f"{result.case.work:,}",
                    _speed(result.case.work, seconds),
                    f"{most / 1e9:.1f}" if most else "–",
                    _share(result.case.work, seconds, most),
                ]
            )
            title = ""
    head = ["network", "slopenet", "call", "operations", "GFLOP/s", "peak of one core", "of peak"]
    return Page(f"One row: call time, best of {BLOCKS} blocks", head, rows)


def details(results: Sequence[Result]) -> Page:
    """List every mode of every contender: median, spread, useful operations per second."""
    rows = []
    for result in results:
        title = f"{QUANTITIES[result.case.quantity].title}, {_line(result.case)}"
        for (name, mode), timing in result.timings.items():
            rows.append(
                [
                    title,
                    f"{name} {mode}".strip(),
                    _time(timing.median),
                    f"{_figure(timing.median / result.own.median)}×",
                    _speed(result.case.work, timing.median),
                    _share(result.case.work, timing.median, result.peak),
                    f"±{100 * timing.spread:.0f} %",
                    str(len(timing.seconds)),
                ]
            )
            title = ""
    head = ["case", "who", "median", "ratio", "GFLOP/s", "of peak", "spread", "rounds"]
    return Page("Every mode", head, rows)

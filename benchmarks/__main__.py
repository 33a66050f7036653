"""The command `python -m benchmarks`: check, time in turns, and print the tables."""

from __future__ import annotations

import statistics
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import click
from rich.console import Console

from benchmarks import activations
from benchmarks.agreement import DisagreementError, check
from benchmarks.cases import CASES, QUANTITIES, Case, Problem
from benchmarks.clock import best_of_blocks, interleave
from benchmarks.contenders import CONTENDERS
from benchmarks.machine import describe
from benchmarks.page import document
from benchmarks.peak import GEMM_REPEATS, GEMM_SIZES, Peak
from benchmarks.report import Result, call_times, details, summary, threads

NOTE = (
    "A ratio is the peer's time, in its faster mode, over slopenet's: above 1×, slopenet is faster."
    " A share of the peak counts useful operations only, relative to the median peak of the same"
    " rounds; for one row, to the peak of one core."
)


def measure(case: Case, peak: Peak, rounds: int, seconds: float) -> Result:
    """Check that all installed contenders agree on a case, then time them in turns."""
    problem = Problem.of(case)
    calls = {
        (contender.name, mode): call
        for contender in CONTENDERS
        if contender.version and case.quantity in contender.quantities
        for mode, call in contender.quantities[case.quantity](problem).items()
    }
    difference = check(calls, QUANTITIES[case.quantity].tolerance[case.dtype])
    own = {mode: call for (name, mode), call in calls.items() if name == "slopenet"}
    best = {mode: best_of_blocks(call) for mode, call in own.items()} if problem.single else {}
    rates = list[float]()
    ceiling = peak.turn(problem.single, case.dtype, rates)
    timings = interleave({**calls, **ceiling}, rounds, seconds)
    for way in ceiling:
        del timings[way]
    return Result(case, timings, difference, best, statistics.median(rates) if rates else None)


def find_peak(quick: bool) -> Peak:
    """Measure the machine's peak for the first time, and the best matrix product."""
    from slopenet import get_num_threads

    peak = Peak(get_num_threads(), 0.02 if quick else 0.1)
    peak.attempt()
    peak.multiply_matrices(*((GEMM_SIZES[:1], 1) if quick else (GEMM_SIZES, GEMM_REPEATS)))
    peak.attempt()
    return peak


def choose(patterns: tuple[str, ...], quick: bool) -> list[Case]:
    """Pick the cases whose label contains a pattern; if `quick`, with a hundredth of the rows."""
    chosen = [
        case
        for case in CASES
        if not patterns or any(fnmatch(case.label, f"*{pattern}*") for pattern in patterns)
    ]
    if quick:
        chosen = [replace(c, rows=c.rows and max(2, c.rows // 100)) for c in chosen]
    return chosen


@click.command()
@click.option(
    "--cases", "patterns", multiple=True, help="Only labels with this text; may be repeated."
)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="At least.")
@click.option("--seconds", default=5.0, show_default=True, help="At least, per case.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the tables to this file.")
@click.option("--list", "listing", is_flag=True, help="List the labels of the cases and stop.")
@click.option("--quick", is_flag=True, help="A hundredth of the rows, one round: does it all run?")
def main(  # noqa: PLR0917
    patterns: tuple[str, ...],
    rounds: int,
    seconds: float,
    markdown: Path | None,
    listing: bool,
    quick: bool,
) -> None:
    """Measure slopenet and every installed peer, in turns, on the same arrays."""
    chosen = choose(patterns, quick)
    if not chosen:
        raise click.UsageError("no case has such a label; --list shows them")
    if listing:
        click.echo("\n".join(case.label for case in chosen))
        return
    # a table cut to 80 columns would be useless
    console, progress = Console(), Console(stderr=True)
    console.width = max(console.width, 170)
    about = describe(CONTENDERS)
    for key, value in about.items():
        console.print(f"{key}: {value}", highlight=False)
    with progress.status("peak"):
        peak = find_peak(quick)
    results = []
    for case in chosen:
        peak.attempt()
        with progress.status(case.label):
            try:
                result = measure(case, peak, *((1, 0.0) if quick else (rounds, seconds)))
            except DisagreementError as error:
                raise click.ClickException(f"{case.label}: {error}") from None
        agreed = f"all agree to {result.difference:.0e} of the largest entry"
        progress.print(f"{case.label}: {agreed}", highlight=False)
        results.append(result)
    peak.attempt()
    for key, value in peak.describe().items():
        console.print(f"{key}: {value}", highlight=False)
    peers = [c.name for c in CONTENDERS if c.version and c.name != "slopenet"]
    measured = dict.fromkeys(case.quantity for case in chosen)
    pages = [summary(quantity, results, peers) for quantity in measured]
    pages += [page for page in [threads(results)] if page.rows]
    if any(result.best for result in results):
        pages.append(call_times(results, peak))
    if not patterns:
        pages.append(activations.page(activations.measure(*([1] if quick else []))))
    pages.append(details(results))
    for page in pages:
        page.show(console)
    console.print(NOTE)
    if markdown:
        head = {**about, **peak.describe(), "Ratio": NOTE}
        markdown.parent.mkdir(parents=True, exist_ok=True)
        markdown.write_text(document(head, pages), encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

"""The command `python -m benchmarks.training`: train in turns, judge, draw."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from benchmarks.machine import describe
from benchmarks.page import document
from benchmarks.training.cases import CASES
from benchmarks.training.contenders import TRAINERS, Trainer
from benchmarks.training.picture import draw
from benchmarks.training.report import ends, no_collapse, promises
from benchmarks.training.verdict import Outcome, Plan

ERRORS = (
    "relative RMS errors on test rows: values over the standard deviation of the true ones, slopes"
    " over their RMS; the root mean square over outputs and inputs. One function judges the weights"
    " of all contenders, outside the clock."
)
PEERS = tuple(trainer.name for trainer in TRAINERS if trainer.name != "slopenet")


def _wanted(peers: tuple[str, ...]) -> list[Trainer]:
    return [t for t in TRAINERS if t.name == "slopenet" or not peers or t.name in peers]


def _judge(outcome: Outcome, console: Console) -> None:
    for verdict in outcome.verdicts:
        console.print(
            f"  {verdict.word}: {verdict.promise}: {verdict.found}", highlight=False, markup=False
        )


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(CASES)), help="May be repeated.")
@click.option(
    "--peers", multiple=True, type=click.Choice(PEERS, case_sensitive=False), help="Only these."
)
@click.option("--seeds", type=click.IntRange(1), help="For all; default: per case.")
@click.option("--seconds", default=60.0, show_default=True, help="At most, per run.")
@click.option("--full", is_flag=True, help="20 seeds, 5 of slow peers, the whole grid search.")
@click.option(
    "--output", default="build/training.md", show_default=True, type=click.Path(path_type=Path)
)
def main(  # noqa: PLR0917
    only: tuple[str, ...],
    peers: tuple[str, ...],
    seeds: int | None,
    seconds: float,
    full: bool,
    output: Path,
) -> None:
    """Train slopenet and every installed peer, and report which promises are kept.

    Writes a table and, next to it, a picture of error against seconds.
    """
    # a line cut to 80 columns would break in the middle of a figure
    console = Console()
    console.width = max(console.width, 170)
    wanted = _wanted(peers)
    about = describe(wanted)
    for key, value in about.items():
        console.print(f"{key}: {value}", highlight=False)
    trainers = [trainer for trainer in wanted if trainer.version]
    for trainer in wanted:
        if trainer not in trainers:
            console.print(f"{trainer.name} is skipped: pip install {trainer.package}")

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, style="dim")

    plan = Plan(trainers, seeds, seconds, full, say)
    outcomes = []
    for name in only or CASES:
        console.rule(name, align="left")
        outcomes.append(CASES[name](plan))
        _judge(outcomes[-1], console)
    outcomes.append(no_collapse(outcomes))
    _judge(outcomes[-1], console)
    output.parent.mkdir(parents=True, exist_ok=True)
    picture = output.with_suffix(".png")
    drawn = draw(outcomes, picture)
    text = document({**about, "Errors": ERRORS}, [promises(outcomes), ends(outcomes)], "Training")
    output.write_text(text + (f"\n![curves]({picture.name})\n" if drawn else ""), encoding="utf-8")
    console.print(f"written: {output}{f', {picture}' if drawn else ''}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.training")

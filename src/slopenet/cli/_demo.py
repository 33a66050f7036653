"""``slopenet demo``: the library at work on properties of steam."""

from pathlib import Path

import click

from slopenet.cli import _options as options


@click.command(
    epilog=options.examples(
        "slopenet demo --output-dir steam-demo",
    )
)
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default="demo-output",
    show_default=True,
    help="Folder for the model, the parity plot and the predictions; made if need be.",
)
def demo(output_dir: Path) -> None:
    """Learn steam from 30 rows, with their slopes and without."""
    from rich.console import Console

    from slopenet.demo import run

    run(output_dir, Console())

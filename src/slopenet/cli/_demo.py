"""``slopenet demo``: an example with properties of steam."""

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
    help="Folder for the model, the plots and the predictions; created if necessary.",
)
def demo(output_dir: Path) -> None:
    """Learn steam from 30 rows, with and without slopes."""
    from slopenet.cli._console import console
    from slopenet.demo import run

    run(output_dir, console())

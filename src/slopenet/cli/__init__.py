"""The command line: fit, use and look into a network without writing Python."""

import signal
import sys
from types import FrameType

import click

from slopenet.cli._check import check
from slopenet.cli._convert import convert
from slopenet.cli._demo import demo
from slopenet.cli._explain import explain
from slopenet.cli._export import export
from slopenet.cli._fit import fit
from slopenet.cli._info import info
from slopenet.cli._options import examples
from slopenet.cli._predict import predict
from slopenet.cli._program import INTERRUPTED, Program

__all__ = ["cli", "main"]


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "slopenet demo",
        "slopenet fit data.csv --inputs T,p --outputs rho,h -o model.safetensors",
        "slopenet predict model.safetensors new.csv -o predictions.csv",
    ),
)
@click.version_option(package_name="slopenet", message="slopenet %(version)s")
def cli() -> None:
    """Fit networks on values and slopes; get exact slopes back.

    Tables are CSV or Parquet files. Where a table has a column named drho/dT beside the columns
    T and rho, it is the slope of rho in T.

    Exit status: 0 done, 1 failed, 2 wrong usage or unusable input, 130 interrupted. That
    nobody reads the output to its end, as in "| head", is no failure.
    """


for _command in (fit, predict, explain, check, convert, export, info, demo):
    cli.add_command(_command)


def main() -> None:
    """Run the command line on sys.argv and exit; SIGTERM ends it with open files cleaned up."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(prog_name="slopenet")
    except KeyboardInterrupt:
        # A second Ctrl-C, while the first one was being reported.
        sys.exit(INTERRUPTED)


def _terminate(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)

"""The group of commands. Each is loaded when it is run or asked for its own help."""

import signal
import sys
from types import FrameType

import click

from _slopenet_command.program import INTERRUPTED, Program

# Each command is the function of this name in slopenet.cli._<name>; the text is its first sentence.
COMMANDS = {
    "fit": "Fit a network to the rows of DATA, a CSV, Parquet or Excel file.",
    "predict": "Write the values and slopes of MODEL at every row of DATA.",
    "explain": "Print the derivation of one row, equation by equation.",
    "check": "Test every derivative of MODEL by an independent method.",
    "plot": "Draw MODEL: its curves through one point, or its errors.",
    "errors": "Print the errors of MODEL at the rows of DATA, for each value and slope.",
    "convert": "Write the network of SOURCE, an ONNX or Keras file, to MODEL.",
    "export": "Write MODEL and its derivatives as code to OUT.",
    "info": "Print the columns, the layers and the training of MODEL.",
    "demo": "Learn steam from 30 rows, with and without slopes.",
}


@click.group(
    cls=Program,
    commands={name: click.Command(name, short_help=text) for name, text in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n"
    "  slopenet demo\n"
    "  slopenet fit data.csv --inputs T,p --outputs rho,h -o model.safetensors\n"
    "  slopenet predict model.safetensors new.csv -o predictions.csv",
)
@click.version_option(package_name="slopenet", message="slopenet %(version)s")
def cli() -> None:
    """Fit networks on values and slopes; get exact slopes back.

    Tables are CSV, Parquet or Excel files. In a table with columns T and rho, a column named
    drho/dT is the slope of rho by T. Headings may have units, as in "T [K]".

    Exit status: 0 done, 1 failed, 2 wrong usage or unusable input, 130 interrupted. A
    closed pipe, as in "| head", is not a failure.
    """


def main() -> None:
    """Run the command line on sys.argv and exit; SIGTERM ends it with open files cleaned up."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(prog_name="slopenet")
    except KeyboardInterrupt:
        # A second Ctrl-C, while the first one is being reported.
        sys.exit(INTERRUPTED)


def _terminate(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)

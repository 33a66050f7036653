"""The installed command, outside the package: help and wrong usage are answered without NumPy.

Ctrl-C is answered even while click, NumPy and the core are being loaded.
"""

import sys

INTERRUPTED = 130


def main() -> None:
    """Load the command line and run it."""
    try:
        from _slopenet_command.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)
